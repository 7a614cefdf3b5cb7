//! Tools and servers that tests need from outside the workspace.

mod database;
mod debian;
mod http;
pub mod kubernetes;
mod npm;
mod server;
pub mod venv;

use std::path::PathBuf;

use crate::{
    report::Outcome,
    services::{
        database::{Database, MARIADB, POSTGRES},
        server::{Recipe, Server},
    },
    workspace::Workspace,
};

/// A tool or a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Store,
    Jose,
    Pass,
    Age,
    Flyte,
    Moto,
    MotoIam,
    MotoPolicies,
    Ministack,
    Prefect,
    Zenml,
    Openbao,
    OpenbaoProgram,
    Postgres,
    Mariadb,
    Manifest,
    Metaflow,
    Argo2prefect,
    Kubernetes,
    Dagster,
    CargoLambda,
    Restate,
}

/// All of them.
pub const ALL: [Service; 22] = [
    Service::Store,
    Service::Jose,
    Service::Pass,
    Service::Age,
    Service::Flyte,
    Service::Moto,
    Service::MotoIam,
    Service::MotoPolicies,
    Service::Ministack,
    Service::Prefect,
    Service::Zenml,
    Service::Openbao,
    Service::OpenbaoProgram,
    Service::Postgres,
    Service::Mariadb,
    Service::Manifest,
    Service::Metaflow,
    Service::Argo2prefect,
    Service::Kubernetes,
    Service::Dagster,
    Service::CargoLambda,
    Service::Restate,
];

/// A service that can be used. A server ends when this is dropped.
#[derive(Debug)]
pub struct ReadyService {
    /// The value of its variable: a path or a URL.
    pub value: String,
    pub server: Option<Server>,
}

impl Service {
    /// Returns its name in the report and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Jose => "jose",
            Self::Pass => "pass",
            Self::Age => "age",
            Self::Flyte => "flyte",
            Self::Moto => "moto",
            Self::MotoIam => "moto-iam",
            Self::MotoPolicies => "moto-policies",
            Self::Ministack => "ministack",
            Self::Prefect => "prefect",
            Self::Zenml => "zenml",
            Self::Openbao => "openbao",
            Self::OpenbaoProgram => "openbao-program",
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Manifest => "manifest",
            Self::Metaflow => "metaflow",
            Self::Argo2prefect => "argo2prefect",
            Self::Kubernetes => "kubernetes",
            Self::Dagster => "dagster",
            Self::CargoLambda => "cargo-lambda",
            Self::Restate => "restate",
        }
    }

    /// Describes it for `help`.
    pub fn about(self) -> &'static str {
        match self {
            Self::Store => "a Python with jwcrypto",
            Self::Jose => "Debian's `jose`",
            Self::Pass => "Debian's `pass`, with gpg",
            Self::Age => "Debian's `age`",
            Self::Flyte => "a Python with flytekit",
            Self::Moto => "an AWS in Python",
            Self::MotoIam => "a second one, for tests with policies",
            Self::MotoPolicies => "a third one, whose policies are about resources",
            Self::Ministack => "another AWS in Python",
            Self::Prefect => "Prefect 3's server",
            Self::Zenml => "ZenML's server",
            Self::Openbao => "OpenBao, which is Vault",
            Self::OpenbaoProgram => "its program, for tests that start a server of their own",
            Self::Postgres => "Debian's PostgreSQL",
            Self::Mariadb => "Debian's MariaDB",
            Self::Manifest => "a Python with hera and kubernetes-validate",
            Self::Metaflow => "a Python with Metaflow",
            Self::Argo2prefect => "a Python with argo2prefect and Prefect",
            Self::Kubernetes => "an API server of Kubernetes, built once from Debian's source",
            Self::Dagster => "a Python with Dagster",
            Self::CargoLambda => "cargo-lambda, whose emulator is AWS Lambda",
            Self::Restate => "the program of Restate's server",
        }
    }

    /// Returns the variable from which a test learns its path or URL.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Store => "SECRETS_TEST_PYTHON_STORE",
            Self::Jose => "SECRETS_TEST_JOSE",
            Self::Pass => "SECRETS_TEST_PASS",
            Self::Age => "SECRETS_TEST_AGE",
            Self::Flyte => "SECRETS_TEST_PYTHON_FLYTE",
            Self::Moto => "SECRETS_TEST_MOTO_URL",
            Self::MotoIam => "SECRETS_TEST_MOTO_IAM_URL",
            Self::MotoPolicies => "SECRETS_TEST_MOTO_POLICIES_URL",
            Self::Ministack => "SECRETS_TEST_MINISTACK_URL",
            Self::Prefect => "SECRETS_TEST_PREFECT_URL",
            Self::Zenml => "SECRETS_TEST_ZENML_URL",
            Self::Openbao => "SECRETS_TEST_OPENBAO_URL",
            Self::OpenbaoProgram => "SECRETS_TEST_OPENBAO_PROGRAM",
            Self::Postgres => "SECRETS_TEST_POSTGRES_URL",
            Self::Mariadb => "SECRETS_TEST_MARIADB_URL",
            Self::Manifest => "SECRETS_TEST_PYTHON_MANIFEST",
            Self::Metaflow => "SECRETS_TEST_PYTHON_METAFLOW",
            Self::Argo2prefect => "SECRETS_TEST_PYTHON_ARGO2PREFECT",
            Self::Kubernetes => "SECRETS_TEST_KUBERNETES",
            Self::Dagster => "SECRETS_TEST_PYTHON_DAGSTER",
            Self::CargoLambda => "SECRETS_TEST_CARGO_LAMBDA",
            Self::Restate => "SECRETS_TEST_RESTATE_SERVER",
        }
    }

    /// Installs its environment, so that [`start`](Self::start) takes less time. [`start`](Self::start) reports errors of the
    /// installation.
    pub fn install(self, workspace: &Workspace) {
        match self {
            Self::Jose | Self::Pass | Self::Age => drop(debian::program(self.name(), self.name())),
            Self::Postgres => POSTGRES.install(),
            Self::Mariadb => MARIADB.install(),
            // These are built or unpacked when they are started.
            Self::Kubernetes | Self::Restate => {}
            _ => drop(self.python(workspace)),
        }
    }

    /// Returns the Python of the environment that it needs.
    fn python(self, workspace: &Workspace) -> Result<PathBuf, Outcome> {
        let environment = match self {
            Self::MotoIam | Self::MotoPolicies => "moto",
            Self::OpenbaoProgram => "openbao",
            Self::CargoLambda => "lambda",
            _ => self.name(),
        };
        venv::python(workspace, environment)
    }

    /// Installs it below `target/`, starts it if it is a server, and waits until it is ready.
    ///
    /// The outcome is a skip if the machine lacks a requirement (Python, root), and a failure if anything
    /// else goes wrong.
    pub fn start(self, workspace: &Workspace) -> Result<ReadyService, Outcome> {
        match self {
            Self::Jose | Self::Pass | Self::Age => {
                tool(debian::program(self.name(), self.name())?.display().to_string())
            }
            Self::Store
            | Self::Flyte
            | Self::Manifest
            | Self::Metaflow
            | Self::Argo2prefect
            | Self::Dagster => tool(self.python(workspace)?.display().to_string()),
            Self::CargoLambda => {
                let program = self.python(workspace)?.with_file_name("cargo-lambda");
                tool(program.display().to_string())
            }
            Self::Restate => restate(workspace),
            Self::Moto => self.server(workspace, &server::MOTO),
            Self::MotoIam => self.server(workspace, &server::MOTO_IAM),
            Self::MotoPolicies => self.server(workspace, &server::MOTO_POLICIES),
            Self::Ministack => self.server(workspace, &server::MINISTACK),
            Self::Prefect => self.server(workspace, &server::PREFECT),
            Self::Zenml => self.server(workspace, &server::ZENML),
            Self::Openbao => self.server(workspace, &server::OPENBAO),
            Self::OpenbaoProgram => tool(server::openbao_program(&self.python(workspace)?)?),
            Self::Kubernetes => {
                let (server, value) = kubernetes::start(&workspace.scratch)?;
                Ok(ReadyService { value, server: Some(server) })
            }
            Self::Postgres => database(workspace, &POSTGRES),
            Self::Mariadb => database(workspace, &MARIADB),
        }
    }

    fn server(self, workspace: &Workspace, recipe: &Recipe) -> Result<ReadyService, Outcome> {
        let server = Server::start(recipe, &self.python(workspace)?, &workspace.scratch)?;
        Ok(ReadyService { value: server.url(), server: Some(server) })
    }
}

fn database(workspace: &Workspace, database: &Database) -> Result<ReadyService, Outcome> {
    let (server, value) = database.start(&workspace.scratch)?;
    Ok(ReadyService { value, server: Some(server) })
}

/// The program is in the package for this kind of machine. Another package has a script that starts it, and leaves it
/// running when the script is ended.
fn restate(workspace: &Workspace) -> Result<ReadyService, Outcome> {
    let packages = npm::packages(workspace, "restate")?.join("@restatedev");
    let found = packages.read_dir().into_iter().flatten().flatten();
    let mut programs = found.map(|package| package.path().join("bin/restate-server"));
    match programs.find(|program| program.is_file()) {
        Some(program) => tool(program.display().to_string()),
        None => Err(Outcome::Skipped("Restate has no program for this machine".to_owned())),
    }
}

fn tool(value: String) -> Result<ReadyService, Outcome> {
    Ok(ReadyService { value, server: None })
}
