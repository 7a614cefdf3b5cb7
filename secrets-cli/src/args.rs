//! The command line.

use std::{collections::BTreeSet, ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use secrets_runtime::ValidationLevel;

use crate::{schema::Schema, tag::Tag};

/// Keeps secrets, shows them, and gives them to programs.
///
/// Where secrets are kept is a setting (SECRETS_DEFAULT_BACKEND or secrets.toml); without one it is the
/// encrypted store of this machine.
#[derive(Debug, Parser)]
#[command(name = "secrets", version, after_help = EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 2 the command line is wrong; 3 not found; 4 not permitted; \
5 a name, a value or a setting is wrong; 6 try again later; 1 anything else; run: the program's own, 126 if it \
cannot be executed, 127 if there is none.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep a new secret: secrets register db --user=app --password=@file
    Register(Register),
    /// Change fields of a secret, or remove them
    Update(Update),
    /// Show a secret, masked unless --reveal
    Get(Get),
    /// List the names of all secrets
    List(List),
    /// Delete secrets
    Delete(Delete),
    /// Give a secret another name
    Rename(Rename),
    /// Write secrets out, revealed
    Export(Export),
    /// Keep what `export` wrote, or a file of fields
    Import(Import),
    /// Resolve sources as a step would, and show the result
    Resolve(Resolve),
    /// Run a program with secrets in its environment
    Run(Run),
    /// Fill in {{name.key}} in a template or a config file
    Render(Render),
    /// See whether secrets are there, and what a configuration refers to
    Check(Check),
    /// Show every setting, where it comes from, and whether the backends are reachable
    Doctor(Doctor),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, of a command if one is given
    Man(Man),
}

#[derive(Debug, Args)]
pub struct Common {
    /// Where the secrets are kept, instead of the default backend
    #[arg(long, value_name = "TYPE")]
    pub backend: Option<String>,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Json,
    Dotenv,
    Shell,
}

/// The values of `register` and `update`. The fields themselves, `--KEY=VALUE`, are taken out of the command
/// line before this is read.
#[derive(Debug, Args)]
pub struct Values {
    /// The secret's name
    pub name: String,
    /// Ask for the values, without showing them
    #[arg(short, long)]
    pub interactive: bool,
    /// Take the fields from a JSON object in a file, or from standard input
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub from_json: Option<PathBuf>,
    /// Which fields the secret has
    #[arg(short, long)]
    pub schema: Option<Schema>,
    /// One plain value instead of fields: asked for, or VALUE, @FILE or - for standard input
    #[arg(long, value_name = "VALUE|@FILE|-", num_args = 0..=1, require_equals = true)]
    pub plain: Option<Option<OsString>>,
    /// Set a tag, where secrets have tags (AWS Secrets Manager)
    #[arg(long, value_name = "KEY=VALUE")]
    pub tag: Vec<Tag>,
}

const FIELDS: &str = "Fields are written --KEY=VALUE, where KEY is an identifier; --KEY=@FILE takes the value from a \
file, and @@ starts a value that starts with @. A field that is named like an option is written after --: \
secrets register db -- --format=x. A value on the command line can be seen by other users of the machine and \
stays in the shell's history: a file, standard input or -i are better.";

#[derive(Debug, Args)]
#[command(after_help = FIELDS, override_usage = "secrets register NAME [--KEY=VALUE | --KEY=@FILE]... [OPTIONS]")]
pub struct Register {
    #[command(flatten)]
    pub values: Values,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = FIELDS, override_usage = "secrets update NAME [--KEY=VALUE | --KEY=@FILE]... [--remove KEY]... [OPTIONS]")]
pub struct Update {
    #[command(flatten)]
    pub values: Values,
    /// Remove a field
    #[arg(long, value_name = "KEY")]
    pub remove: Vec<String>,
    /// Let --plain take the place of all fields
    #[arg(long, requires = "plain")]
    pub drop_fields: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Get {
    /// The secret's name
    pub name: String,
    /// One field of it
    pub key: Option<String>,
    /// Show values; of one field, its bytes and nothing else
    #[arg(long)]
    pub reveal: bool,
    /// The version before the current one
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
    /// The secrets' names; none is deleted unless all are there
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub common: Common,
}

/// Each name once, where it stands first.
pub fn distinct(names: &[String]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    names.iter().map(String::as_str).filter(|name| seen.insert(*name)).collect()
}

#[derive(Debug, Args)]
pub struct Rename {
    /// The name it has
    pub old: String,
    /// The name it gets
    pub new: String,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Export {
    /// The secrets' names
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All secrets
    #[arg(long)]
    pub all: bool,
    /// Where the secrets are kept, instead of the default backend
    #[arg(long, value_name = "TYPE")]
    pub backend: Option<String>,
    /// json is what `import` reads; the others are variables
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: ExportFormat,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The JSON that `export` wrote, or with --name one secret; - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Keep the file, a dotenv file or a JSON object of fields, as one secret of this name
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

/// What is to be resolved.
#[derive(Debug, Args)]
pub struct Asked {
    /// Sources: NAME, TYPE.NAME, an ARN, or a JSON object with fields
    #[arg(value_name = "SOURCE")]
    pub source: Vec<String>,
    /// A list of sources, in JSON
    #[arg(long, value_name = "JSON")]
    pub sources: Option<String>,
    /// The role for sources that name none
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// Let secrets replace variables that the environment has
    #[arg(long)]
    pub allow_override: bool,
    /// Where secrets without a type are kept, instead of the default backend
    #[arg(long, value_name = "TYPE")]
    pub backend: Option<String>,
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    pub asked: Asked,
    /// A list of requests, in JSON: [{"group": "db", "key": "password"}]
    #[arg(long, value_name = "JSON")]
    pub requests: Option<String>,
    /// How the result is written; without it, the variables as lines
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// Show values
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Debug, Args)]
#[command(override_usage = "secrets run [SOURCE]... [OPTIONS] -- CMD [ARG]...")]
pub struct Run {
    #[command(flatten)]
    pub asked: Asked,
    /// Give the program the secrets and PATH, HOME, USER, LOGNAME, SHELL, TERM, LANG, LC_*, TZ, TMPDIR only
    #[arg(long)]
    pub pristine: bool,
    /// How errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: Format,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    pub program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Render {
    /// The template; - for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Write to a file, which only its owner can read, instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub asked: Asked,
    /// A list of requests, in JSON: [{"group": "db", "key": "password"}]
    #[arg(long, value_name = "JSON")]
    pub requests: Option<String>,
    /// How much is looked at: NONE, SECRET_EXISTS (reads no value) or SECRET_AND_KEY_EXISTS
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<ValidationLevel>,
    /// A TOML, JSON or YAML file, or any text, whose {{name.key}} are looked for too
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Ask for what the configuration refers to and is missing, and keep it
    #[arg(long, requires = "config")]
    pub register_missing: bool,
    /// How results and errors are written
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub format: Format,
}

fn level(text: &str) -> Result<ValidationLevel, String> {
    text.parse().map_err(|error: secrets_runtime::Error| {
        error.problems().first().and_then(|p| p.help()).unwrap_or_default().to_owned()
    })
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub common: Common,
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
