//! The command line.

pub mod argv;
pub mod env_args;
pub mod help;
pub mod program_args;
pub mod resolve_args;
pub mod since;
pub mod typed_references;
pub mod value_args;

use std::{collections::BTreeSet, ffi::OsString, path::PathBuf, time::SystemTime};

use clap::{Args, Parser, Subcommand, ValueHint, builder::NonEmptyStringValueParser};
use secrets_runtime::{ValidationLevel, config::Delimiters};

use crate::{
    args::{
        program_args::{Explain, Inspect, Policy},
        resolve_args::ResolveArgs,
        since::parse_since,
        value_args::ValueArgs,
    },
    output::format::{DocumentFormat, ExportFormat, OutputFormat, ResolveFormat},
};

/// Stores secrets, shows them, and passes them to programs.
///
/// Secrets are stored in the default backend, which is set by SECRETS_DEFAULT_BACKEND or in secrets.toml. Without a
/// setting it is the encrypted local store on this machine.
#[derive(Debug, Parser)]
#[command(name = "secrets", version, after_help = help::EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// The profile of secrets.toml to use, instead of that of SECRETS_PROFILE; `lock` takes several
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub profile: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store a new secret: secrets register db --user=app --password=@file
    Register(Register),
    /// Change or remove fields of a secret
    Update(Update),
    /// Show a secret, with its values masked unless --reveal is set
    Get(Get),
    /// List the names of all secrets
    List(List),
    /// Delete secrets
    Delete(Delete),
    /// Rename a secret
    Rename(Rename),
    /// Print secrets with their values
    Export(Export),
    /// Store the secrets that `export` wrote, or a file of fields
    Import(Import),
    /// Resolve sources as a step would, and show the result
    Resolve(Resolve),
    /// Run a program with secrets in its environment
    Run(Run),
    /// Mask secrets in a text: tail -f log | secrets mask db
    Mask(Mask),
    /// Fill in {{name.key}} in a template or a config file
    Render(Render),
    /// Check that the secrets of sources or of a configuration file exist
    Check(Check),
    /// Write or check secrets.lock, against which programs are checked when they compile
    Lock(LockArgs),
    /// Show who got and read which secrets, from the audit log
    Audit(Audit),
    /// Show what the steps of a compiled program declare, without running it
    Inspect(Inspect),
    /// Print the permissions that the steps of a compiled program need, or check a policy
    Policy(Policy),
    /// Show where each source of a step would come from, and why
    Explain(Explain),
    /// Show every setting and where it comes from, and check that the backends are reachable
    Doctor(Doctor),
    /// Let a secrets.toml that is found decide where credentials are sent, which store and values are used, and which programs run
    Trust(Trust),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page of `secrets`, or of one command
    Man(Man),
}

#[derive(Debug, Args)]
pub struct Common {
    /// The backend to use, instead of the default backend
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub backend: Option<String>,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
#[command(after_help = help::FIELDS, override_usage = "secrets register NAME [--KEY=VALUE | --KEY=@FILE]... [OPTIONS]")]
pub struct Register {
    #[command(flatten)]
    pub values: ValueArgs,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = help::FIELDS, override_usage = "secrets update NAME [--KEY=VALUE | --KEY=@FILE]... [--remove KEY]... [OPTIONS]")]
pub struct Update {
    #[command(flatten)]
    pub values: ValueArgs,
    /// Remove a field
    #[arg(long, value_name = "KEY")]
    pub remove: Vec<String>,
    /// Let --plain replace all fields
    #[arg(long, requires = "plain")]
    pub drop_fields: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Get {
    /// The secret's name
    pub name: String,
    /// The field to show, instead of all
    pub key: Option<String>,
    /// Show values; with KEY, print the bytes of the value and nothing else
    #[arg(long)]
    pub reveal: bool,
    /// Show the version before the current one
    #[arg(long)]
    pub previous: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Delete {
    /// The secrets' names; if one does not exist, none is deleted
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub common: Common,
}

/// Returns each name once, in the order of its first occurrence.
pub fn distinct(names: &[String]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    names.iter().map(String::as_str).filter(|name| seen.insert(*name)).collect()
}

#[derive(Debug, Args)]
pub struct Rename {
    /// The current name
    pub old: String,
    /// The new name
    pub new: String,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Export {
    /// The secrets' names
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// Export all secrets
    #[arg(long)]
    pub all: bool,
    /// The backend to use, instead of the default backend
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub backend: Option<String>,
    /// Write to a file that only its owner can read, instead of standard output
    #[arg(short, long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How secrets are written: json can be imported again, the others are variables; docker is for `docker run --env-file`
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: ExportFormat,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The JSON that `export` wrote, or one secret with --name; - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Store the file, which is a dotenv file or a JSON object of fields, as one secret with this name
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    pub resolve: ResolveArgs,
    /// A list of requests, in JSON: [{"group": "db", "key": "password"}]
    #[arg(long, value_name = "JSON")]
    pub requests: Option<String>,
    /// How the result is written; without it, one line per variable
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ResolveFormat>,
    /// Show values
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Debug, Args)]
#[command(after_help = help::RUN, override_usage = "secrets run [SOURCE]... [OPTIONS] -- CMD [ARG]...")]
pub struct Run {
    #[command(flatten)]
    pub resolve: ResolveArgs,
    /// A list of requests, in JSON: [{"group": "db", "key": "user", "env_var": "DB_USER"}]
    #[arg(long, value_name = "JSON")]
    pub requests: Option<String>,
    /// Set a variable: NAME=db.password, or NAME=TEXT with references such as {{db.password | url}}
    #[arg(long, value_name = "NAME=TEMPLATE")]
    pub env: Vec<String>,
    /// Set the variables of a file with lines such as NAME=db.password
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub env_file: Vec<PathBuf>,
    /// Pass only these fields of the sources
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub only: Vec<String>,
    /// Put a text before the names of the sources' variables, such as TF_VAR_
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Start the program with only the secrets and PATH, HOME, USER, LOGNAME, SHELL, TERM, LANG, LC_*, TZ, TMPDIR
    #[arg(long)]
    pub pristine: bool,
    /// Put *** in place of the secrets in what the program writes
    #[arg(long)]
    pub mask: bool,
    /// How errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    pub program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Mask {
    #[command(flatten)]
    pub resolve: ResolveArgs,
    /// How errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
#[command(after_help = help::RENDER)]
pub struct Render {
    /// The template; - for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Write to a file instead of standard output, which is -; a file that exists keeps its owner, group and mode
    #[arg(short, long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// The mode of the output file, in octal; without it, a new file has mode 0600
    #[arg(long, value_name = "MODE", requires = "output", value_parser = mode)]
    pub mode: Option<u32>,
    /// The text before and after a reference, such as '<% %>', where another tool uses {{ and }}
    #[arg(long, value_name = "'OPEN CLOSE'", value_parser = delimiters)]
    pub delimiters: Option<Delimiters>,
    /// The format of the file, which decides how values are quoted; without it, the end of the file's name decides
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<DocumentFormat>,
    /// The backend to use, instead of the default backend
    #[arg(long, value_name = "TYPE")]
    pub backend: Option<String>,
}

/// Parses the mode of a file.
fn mode(text: &str) -> Result<u32, String> {
    let is_octal = (1..=4).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| "a mode is three octal digits, such as 640 or 0640".to_owned())
}

fn delimiters(text: &str) -> Result<Delimiters, String> {
    Delimiters::parse(text).map_err(|error| error.to_string())
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub resolve: ResolveArgs,
    /// A list of requests, in JSON: [{"group": "db", "key": "password"}]
    #[arg(long, value_name = "JSON")]
    pub requests: Option<String>,
    /// What is checked: NONE, SECRET_EXISTS (reads no value) or SECRET_AND_KEY_EXISTS
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<ValidationLevel>,
    /// A TOML, JSON or YAML file, or any text, whose {{name.key}} references are checked too
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Ask for the values that the configuration refers to and that are missing, and store them
    #[arg(long, requires = "config")]
    pub register_missing: bool,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

fn level(text: &str) -> Result<ValidationLevel, String> {
    text.parse().map_err(|error: secrets_runtime::Error| {
        error.problems().first().and_then(|p| p.help()).unwrap_or_default().to_owned()
    })
}

#[derive(Debug, Args)]
#[command(after_help = help::LOCK)]
pub struct LockArgs {
    /// Sources to add: NAME, TYPE.NAME, an ARN, or a JSON object with fields
    #[arg(value_name = "SOURCE")]
    pub source: Vec<String>,
    /// Add what a program declares; it is not run
    #[arg(long, value_name = "BINARY", value_hint = ValueHint::FilePath)]
    pub from: Vec<PathBuf>,
    /// The file, instead of the nearest secrets.lock
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Remove the secrets that no BINARY declares; without --from, this removes nothing
    #[arg(long, conflicts_with = "check")]
    pub prune: bool,
    /// Write nothing, and fail unless the file has what the sources and programs need; asks no backend
    #[arg(long)]
    pub check: bool,
    /// Also fail unless the file agrees with the backends
    #[arg(long, requires = "check")]
    pub against_backend: bool,
    #[command(flatten)]
    pub common: Common,
}

/// The kinds of events in an audit log.
const EVENTS: [&str; 8] =
    ["resolved", "failed", "read", "not_requested", "refreshed", "leaked", "written", "deleted"];

#[derive(Debug, Args)]
#[command(after_help = help::AUDIT)]
pub struct Audit {
    /// The log, instead of that of SECRETS_AUDIT; - for standard input; several are read one after another
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Show what steps declare and never read
    #[arg(long, conflicts_with = "event")]
    pub unused: bool,
    /// Show the events of this step only
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Show the events about this source only, with the reads of its fields
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Show the events of this kind only
    #[arg(long, value_name = "EVENT", value_parser = EVENTS)]
    pub event: Vec<String>,
    /// Show the events since a time, such as 2026-11-28T21:30:00Z or 2026-11-28, or of the last 2h (s, m, h, d, w)
    #[arg(long, value_name = "TIME", value_parser = parse_since, allow_hyphen_values = true)]
    pub since: Option<SystemTime>,
    /// How events and errors are written; json writes the lines as they are
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub common: Common,
}

const TRUST: &str = "The nearest secrets.toml upwards from the working directory may be that of a repository that you \
cloned. So its settings aws_transport, zenml_url, vault_addr, vault_namespace, vault_auth, vault_auth_mount, vault_role, \
vault_cacert, vault_jwt_file, kubernetes_url, kubernetes_dir, local_dir and local_key_file, its sources of type inline, and \
its programs under [backends], which may run then, apply only after this command. When the file changes, it \
must be trusted again. The path and the SHA-256 of the file are kept in $XDG_CONFIG_HOME/secrets/trusted.json. A file that SECRETS_CONFIG names needs no trust.";

#[derive(Debug, Args)]
#[command(after_help = TRUST)]
pub struct Trust {
    /// The secrets.toml to trust, or with --forget to trust no longer: the file, or its folder, instead of the nearest one
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Withdraw the trust in FILE, which may be deleted already, or in the nearest secrets.toml: what needs trust no longer applies
    #[arg(long)]
    pub forget: bool,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// The command
    pub command: Option<String>,
}
