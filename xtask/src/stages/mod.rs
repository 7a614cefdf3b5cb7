//! The stages of `cargo xtask test`.

mod msrv;
mod own_workspaces;
mod package;

use crate::{
    command::CommandLine,
    services::{Service, kubernetes},
    stages::own_workspaces::{benchmarks, engines, pools},
    workspace::{Package, Target, Workspace},
};

/// A named part of the checks.
#[derive(Debug)]
pub struct Stage {
    pub name: &'static str,
    pub about: &'static str,
    /// The tools and servers that are started before it runs, and whose variables it gets.
    pub services: &'static [Service],
    /// Whether it runs only when it is named.
    pub on_demand: bool,
    /// Whether it runs beside the others: it only compiles, and cargo lets one command at a time compile.
    pub is_beside: bool,
    /// Its commands, or why there are none.
    pub commands: fn(&Workspace) -> Result<Vec<CommandLine>, String>,
}

/// All of them, in the order in which they run: the quickest come first.
pub static ALL: &[Stage] = &[
    stage("format", "rustfmt", format),
    stage("architecture", "the source tree against the rules of ARCHITECTURE.md", architecture),
    Stage {
        is_beside: true,
        ..stage("lint", "clippy, and secrets-runtime with each of its features", lint)
    },
    Stage { is_beside: true, ..stage("docs", "rustdoc, with no warning", docs) },
    Stage {
        // The tests of the local store open its files with other tools, and those of the command run two programs.
        services: &[Service::Store, Service::Jose, Service::Pass, Service::Age],
        ..stage("unit", "each crate's own tests, and secrets-runtime with all features", unit)
    },
    stage("doctest", "the examples in the documentation", doctest),
    stage("ui", "programs that must compile, and programs that must not", ui),
    Stage {
        services: &[Service::Flyte],
        ..stage("integration", "the programs of tests/", integration)
    },
    Stage { services: &[Service::Manifest], ..stage("flow", "the tests of flows", flow) },
    Stage {
        services: &[
            Service::Moto,
            Service::MotoIam,
            Service::MotoPolicies,
            Service::Ministack,
            Service::Postgres,
            Service::Metaflow,
            Service::Argo2prefect,
        ],
        ..stage("aws", "the tests of AWS Secrets Manager", aws)
    },
    Stage {
        services: &[
            Service::Prefect,
            Service::Zenml,
            Service::Openbao,
            Service::OpenbaoProgram,
            Service::Postgres,
        ],
        ..stage("apis", "the tests of the HTTP APIs of Prefect, ZenML and Vault", apis)
    },
    stage("examples", "every example is built; those without required features run", examples),
    Stage {
        on_demand: true,
        ..stage("benchmarks", "the benchmarks' workspace: clippy and its tests", benchmarks)
    },
    Stage {
        on_demand: true,
        ..stage(
            "package",
            "the published crates, built and used from their packed files",
            package::commands,
        )
    },
    Stage {
        on_demand: true,
        ..stage("builds", "a program in six kinds of builds, inspected", builds)
    },
    Stage {
        on_demand: true,
        services: &[Service::Dagster, Service::CargoLambda, Service::Restate],
        ..stage("engines", "the programs for other engines, each run in its engine", engines)
    },
    Stage {
        on_demand: true,
        services: &[Service::Postgres, Service::Mariadb],
        ..stage("pools", "pools of connections while their password changes", pools)
    },
    Stage {
        on_demand: true,
        ..stage("loom", "the single flight of the cache, in every order of threads", loom)
    },
    Stage {
        on_demand: true,
        services: &[Service::Kubernetes, Service::Openbao],
        ..stage("kubernetes", "what a real API server says to the tests", kubernetes::commands)
    },
    Stage {
        on_demand: true,
        ..stage("msrv", "the libraries, with the minimum Rust", msrv::commands)
    },
];

const fn stage(
    name: &'static str,
    about: &'static str,
    commands: fn(&Workspace) -> Result<Vec<CommandLine>, String>,
) -> Stage {
    Stage { name, about, services: &[], on_demand: false, is_beside: false, commands }
}

/// The package of the integration tests, whose `architecture` and `ui` are stages of their own.
const TESTS: &str = "secrets-tests";
/// The package of the command.
const CLI: &str = "secrets-runtime-cli";
/// The package whose features are tried one by one.
const RUNTIME: &str = "secrets-runtime";

fn format(_: &Workspace) -> Result<Vec<CommandLine>, String> {
    Ok(vec![CommandLine::cargo("fmt --all --check")])
}

fn lint(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |sets: &str| CommandLine::cargo("clippy").args(sets.split_whitespace());
    let mut sets = vec!["--all-targets --workspace".to_owned()];
    if let Some(tests) = workspace.package(TESTS) {
        let features = tests.features.iter();
        sets.extend(
            features.map(|feature| format!("--all-targets -p {TESTS} --features {feature}")),
        );
    }
    // With the features that README names, and no other: they are built with the features of all examples.
    for package in &workspace.packages {
        let examples = package.targets_of("example");
        sets.extend(examples.filter(|it| !it.required_features.is_empty()).map(|example| {
            let features = example.required_features.join(",");
            format!("-p {} --example {} --features {features}", package.name, example.name)
        }));
    }
    if let Some(runtime) = workspace.package(RUNTIME) {
        // Selected alone, so that no other member switches a feature on. With one feature, the library alone: its tests
        // are compiled with none and with all of them, which takes half the time.
        sets.push(format!("--all-targets -p {RUNTIME}"));
        let features = runtime.features.iter();
        sets.extend(features.map(|feature| format!("--lib -p {RUNTIME} --features {feature}")));
        sets.push(format!("--all-targets -p {RUNTIME} --all-features"));
    }
    Ok(sets.iter().map(|set| command(set).args(["--", "-D", "warnings"])).collect())
}

/// Returns a command for every package except those that have feature sets of their own.
fn others(command: &str) -> CommandLine {
    let command = CommandLine::cargo(command).args(["--no-fail-fast", "--workspace"]);
    command.args(["--exclude", TESTS, "--exclude", RUNTIME])
}

fn unit(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let mut commands = vec![others("test").args(["--tests"])];
    if workspace.package(RUNTIME).is_some() {
        let runtime = || CommandLine::cargo("test --no-fail-fast --tests").args(["-p", RUNTIME]);
        commands.extend([runtime(), runtime().args(["--all-features"])]);
    }
    Ok(commands)
}

fn doctest(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let mut commands = vec![others("test").args(["--doc"])];
    if workspace.package(RUNTIME).is_some() {
        commands.push(
            CommandLine::cargo("test --no-fail-fast --doc --all-features").args(["-p", RUNTIME]),
        );
    }
    Ok(commands)
}

fn architecture(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    tests_named(workspace, |name| name == "architecture")
}

fn ui(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    tests_named(workspace, |name| name == "ui")
}

fn integration(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    tests_named(workspace, |name| !["architecture", "ui"].contains(&name))
}

/// The tests that need the feature `flow`, and with it the leak guard.
fn flow(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    tests_with(workspace, "flow")
}

/// The tests that need the feature `aws`, and with it the SDK. One of them runs an example.
fn aws(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let mut commands = examples_with_features(workspace);
    commands.extend(tests_with(workspace, "aws")?);
    commands.extend(tests_of_the_command(workspace, "aws"));
    Ok(commands)
}

/// The tests that need the feature `apis`, and with it an HTTP client.
fn apis(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let mut commands = tests_with(workspace, "apis")?;
    commands.extend(tests_of_the_command(workspace, "vault"));
    Ok(commands)
}

/// Returns the command of the integration tests whose first required feature this is.
fn tests_with(workspace: &Workspace, feature: &str) -> Result<Vec<CommandLine>, String> {
    let package = workspace.package(TESTS).ok_or_else(|| format!("there is no package {TESTS}"))?;
    let needs_it = |it: &&Target| it.required_features.first().is_some_and(|name| name == feature);
    let tests: Vec<_> = package.targets_of("test").filter(needs_it).collect();
    if tests.is_empty() {
        return Err(format!("there are no tests of {feature}"));
    }
    let command =
        CommandLine::cargo("test --no-fail-fast").args(["-p", TESTS, "--features", feature]);
    Ok(vec![tests.iter().fold(command, |command, test| command.args(["--test", &test.name]))])
}

/// Returns the command of a test of `secrets`, with the features with which `unit` has built it. There it has no server.
fn tests_of_the_command(workspace: &Workspace, test: &str) -> Option<CommandLine> {
    let package = workspace.package(CLI)?;
    let is_there = package.targets_of("test").any(|target| target.name == test);
    is_there.then(|| others("test").args(["--test", test]))
}

fn tests_named(
    workspace: &Workspace,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<CommandLine>, String> {
    let package = workspace.package(TESTS).ok_or_else(|| format!("there is no package {TESTS}"))?;
    let plain = package.targets_of("test").filter(|test| test.required_features.is_empty());
    let tests: Vec<_> = plain.filter(|test| wanted(&test.name)).collect();
    if tests.is_empty() {
        return Err(format!("{TESTS} has no such test"));
    }
    let command = CommandLine::cargo("test --no-fail-fast").args(["-p", TESTS]);
    Ok(vec![tests.iter().fold(command, |command, test| command.args(["--test", &test.name]))])
}

/// An example with `required-features` needs a server or an account, and is only built.
fn examples(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let mut commands = examples_with_features(workspace);
    for package in &workspace.packages {
        let run = CommandLine::cargo("run").args(["-p", &package.name, "--example"]);
        let plain =
            package.targets_of("example").filter(|example| example.required_features.is_empty());
        commands.extend(plain.map(|example| run.clone().args([example.name.as_str()])));
    }
    if commands.is_empty() { Err("there are no examples".to_owned()) } else { Ok(commands) }
}

/// Returns the commands that build the examples with `required-features`, with the features of all of them.
fn examples_with_features(workspace: &Workspace) -> Vec<CommandLine> {
    let needs_features = |example: &Target| !example.required_features.is_empty();
    let packages = workspace.packages.iter();
    let packages = packages.filter(|package| package.targets_of("example").any(needs_features));
    let build = |package: &Package| {
        CommandLine::cargo("build --examples --all-features").args(["-p", &package.name])
    };
    packages.map(build).collect()
}

fn docs(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |set: &str| {
        let command = CommandLine::cargo("doc --no-deps").args(set.split_whitespace());
        command.env("RUSTDOCFLAGS", "-D warnings")
    };
    let mut commands = vec![command("--workspace --all-features")];
    if workspace.package(RUNTIME).is_some() {
        // A link to an item of a feature is broken where the feature is off.
        commands.push(command(&format!("-p {RUNTIME}")));
    }
    Ok(commands)
}

/// The ignored test of the command, which builds the program.
fn builds(_: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = CommandLine::cargo("test --test cli").args(["-p", CLI, "--"]);
    Ok(vec![command.args(["--ignored", "every_build_of_a_program"])])
}

/// Uses a target directory of its own, since the flag has every crate built again.
fn loom(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let target = workspace.scratch.with_file_name("loom").display().to_string();
    let command = CommandLine::cargo("test --release --lib").args(["-p", RUNTIME]);
    let command = command.args(["--target-dir", target.as_str(), "loom_"]);
    Ok(vec![command.env("RUSTFLAGS", "--cfg loom")])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let target = |name: &str, kind: &str, features: &[&str]| Target {
            name: name.to_owned(),
            kind: kind.to_owned(),
            required_features: features.iter().map(|&feature| feature.to_owned()).collect(),
        };
        let package = |name: &str, features: &[&str], targets| Package {
            name: name.to_owned(),
            version: "0.0.0".to_owned(),
            published: false,
            minimum_rust: None,
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
            targets,
        };
        let mut tests: Vec<_> =
            ["architecture", "ui", "steps", "store"].map(|name| target(name, "test", &[])).into();
        tests.push(target("aws", "test", &["aws"]));
        let examples =
            vec![target("flow", "example", &[]), target("cloud", "example", &["aws", "x"])];
        Workspace {
            root: "root".into(),
            scratch: "scratch".into(),
            packages: vec![
                package(RUNTIME, &["aws", "tokio"], vec![]),
                package(TESTS, &["aws"], tests),
                package(CLI, &["aws"], vec![target("aws", "test", &["aws"])]),
                package("secrets-examples", &["aws", "x"], examples),
            ],
        }
    }

    fn shown(commands: Result<Vec<CommandLine>, String>) -> Vec<String> {
        commands.unwrap().iter().map(CommandLine::to_string).collect()
    }

    #[test]
    fn every_feature_is_linted_alone_and_all_together() {
        let commands = shown(lint(&workspace()));
        let expected = [
            "--all-targets --workspace",
            "--all-targets -p secrets-tests --features aws",
            "-p secrets-examples --example cloud --features aws,x",
            "--all-targets -p secrets-runtime",
            "--lib -p secrets-runtime --features aws",
            "--lib -p secrets-runtime --features tokio",
            "--all-targets -p secrets-runtime --all-features",
        ];
        let clippy = |set| format!("cargo clippy {set} -- -D warnings");
        assert_eq!(commands, expected.map(clippy));
    }

    #[test]
    fn a_test_program_is_in_one_stage_exactly() {
        let workspace = workspace();
        assert_eq!(
            shown(architecture(&workspace)),
            ["cargo test --no-fail-fast -p secrets-tests --test architecture"]
        );
        assert_eq!(shown(ui(&workspace)), ["cargo test --no-fail-fast -p secrets-tests --test ui"]);
        let rest = "cargo test --no-fail-fast -p secrets-tests --test steps --test store";
        assert_eq!(shown(integration(&workspace)), [rest]);
        let aws = [
            "cargo build --examples --all-features -p secrets-examples",
            "cargo test --no-fail-fast -p secrets-tests --features aws --test aws",
            "cargo test --no-fail-fast --workspace --exclude secrets-tests --exclude secrets-runtime --test aws",
        ];
        assert_eq!(shown(super::aws(&workspace)), aws);
    }

    #[test]
    fn the_benchmarks_are_built_where_they_are_run() {
        let tail = "--manifest-path benchmarks/Cargo.toml --target-dir benchmarks --workspace --all-targets";
        let expected =
            [format!("cargo clippy {tail} -- -D warnings"), format!("cargo test {tail}")];
        assert_eq!(shown(benchmarks(&workspace())), expected);
    }

    #[test]
    fn an_example_that_needs_something_is_only_built() {
        let expected = [
            "cargo build --examples --all-features -p secrets-examples",
            "cargo run -p secrets-examples --example flow",
        ];
        assert_eq!(shown(examples(&workspace())), expected);
    }

    #[test]
    fn what_is_not_there_is_a_reason_to_skip() {
        let mut workspace = workspace();
        workspace.packages.clear();
        for stage in
            [architecture, ui, integration, super::aws, examples, msrv::commands, package::commands]
        {
            assert!(stage(&workspace).is_err());
        }
    }
}
