//! The command lines of `inspect`, `policy` and `explain`, which read compiled programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint, builder::NonEmptyStringValueParser};

use crate::{args::help, output::format::OutputFormat};

#[derive(Debug, Args)]
pub struct Inspect {
    /// The compiled program; any file that has its bytes will do
    #[arg(value_name = "BINARY", value_hint = ValueHint::FilePath)]
    pub program: PathBuf,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct Policy {
    /// The compiled program
    #[arg(value_name = "BINARY", value_hint = ValueHint::FilePath)]
    pub program: PathBuf,
    /// How the policy is written
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: PolicyFormat,
    /// Write a policy for each step, under its module and name
    #[arg(long)]
    pub per_step: bool,
    /// Write the policy and the trust policy of each role, under its ARN
    #[arg(long, conflicts_with = "per_step")]
    pub trust: bool,
    /// Check that a policy document grants exactly what is needed; - for standard input
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["per_step", "trust"], value_hint = ValueHint::FilePath)]
    pub check: Option<PathBuf>,
    /// Include the permissions to ask whether secrets exist, which `preflight` and `secrets check` need
    #[arg(long)]
    pub preflight: bool,
    /// The account of the caller: 12 digits
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// The region of secrets that name none, instead of that of the settings
    #[arg(long, value_name = "REGION", value_parser = NonEmptyStringValueParser::new())]
    pub region: Option<String>,
    /// The ARN of a key with which secrets are encrypted; repeat the option for several keys
    #[arg(long, value_name = "KEY_ARN")]
    pub kms: Vec<String>,
    /// The namespace of objects of Kubernetes
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = NonEmptyStringValueParser::new())]
    pub namespace: String,
    /// The service account of the program in Kubernetes
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = NonEmptyStringValueParser::new())]
    pub service_account: String,
    /// The store from which the External Secrets Operator reads
    #[arg(long, value_name = "NAME", default_value = "secrets", value_parser = NonEmptyStringValueParser::new())]
    pub secret_store: String,
    /// The backend of sources without a type, instead of the default backend
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub backend: Option<String>,
}

/// How `policy` writes what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// A policy document of AWS IAM
    Json,
    /// Data sources of Terraform with the same documents
    Terraform,
    /// A Role of Kubernetes and its binding
    Kubernetes,
    /// ExternalSecrets for what the backend `file` reads
    ExternalSecrets,
    /// A policy of Vault or OpenBao
    Vault,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| text.to_owned()).ok_or_else(|| "an account is 12 digits".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = help::EXPLAIN, override_usage = "secrets explain STEP|BINARY [STEP] [OPTIONS]")]
pub struct Explain {
    /// A compiled program: a file that exists, or a path with a slash; any other text is a step, of which the audit log is read
    #[arg(value_name = "STEP|BINARY", value_hint = ValueHint::FilePath, required_unless_present = "log")]
    pub target: Option<PathBuf>,
    /// The step of the program, such as load or app::jobs::load; without it, all steps
    #[arg(value_name = "STEP")]
    pub step: Option<String>,
    /// Explain this step from the audit log, also if there is a file of its name
    #[arg(long, value_name = "STEP", conflicts_with = "target", value_parser = NonEmptyStringValueParser::new())]
    pub log: Option<String>,
    /// The backend of sources without a type, instead of the default backend
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub backend: Option<String>,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}
