use std::{
    ffi::{OsStr, OsString},
    io::ErrorKind as IoKind,
    process::Command,
};

use secrets_runtime::{Error, ErrorKind, SecretValue, Secrets, admin::ExportRules, mask::Masker};
use secrets_spec::{VariableName, check_variable};

#[cfg(unix)]
use crate::masking::program as masked_program;
use crate::{
    args::{Run, env_args::EnvTemplates},
    failure::{Failure, fail_on_any},
    leases,
    output::{format::OutputFormat, reporter::Reporter},
};

/// The message and the help if there is neither a source, nor a request, nor a variable.
const NOTHING_TO_PASS: (&str, &str) = (
    "there is nothing to pass to the program",
    "name sources (such as `db`), write --env NAME=db.password, --env-file, --sources or --requests, or set SECRETS_WITH",
);

/// The variables that `--pristine` keeps: a program needs them, and they do not configure it.
const PRISTINE_VARIABLES: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR"];

/// Runs a program with secrets in its environment. On Unix the program replaces this process, so it has the signals,
/// the job control and the exit code.
pub fn run(args: &Run, reporter: &Reporter) -> Result<(), Failure> {
    let Some((program, arguments)) = args.program.split_first() else {
        return Err(Failure::usage("there is no program", "write the program after --"));
    };
    // It learns what is resolved.
    let masker = args.mask.then(Masker::current);
    let templates = EnvTemplates::read(&args.env, &args.env_file, reporter)?;
    let is_kept = |name: &OsStr| !args.pristine || is_pristine_variable(name);
    let present = |name: &str| std::env::var_os(name).filter(|_| is_kept(OsStr::new(name)));
    let requests = args.requests.as_deref();
    let refusal = Some(NOTHING_TO_PASS).filter(|_| templates.is_empty());
    let (resolver, builder) = args.resolve.declaration(requests, refusal)?;
    check_prefix(args.prefix.as_deref().unwrap_or_default())?;
    let mut failures = Failures::default();
    for error in templates.refusals(present, args.resolve.allow_override) {
        failures.take::<()>(Err(error.into()));
    }
    let secrets = match args.resolve.names_nothing(requests) && !templates.is_empty() {
        // Only the named variables are set: not those of SECRETS_WITH either.
        true => None,
        false => {
            let resolved = resolver.resolve_blocking(&builder.clone().build());
            failures.take(resolved.map(|context| context.secrets).map_err(Failure::from))
        }
    };
    let filled = match templates.is_empty() {
        true => None,
        false => failures.take(templates.fill(&resolver, &builder)),
    };
    let rules = ExportRules::default()
        .only(args.only.iter().map(|name| name.trim()))
        .prefix(args.prefix.as_deref().unwrap_or_default())
        .without(templates.names())
        .with_files();
    let exported = match &secrets {
        Some(secrets) => failures.take(secrets.exports_by(&rules, present).map_err(Failure::from)),
        None => failures.take(unknown_fields(&args.only)),
    };
    failures.into_result()?;
    let mut command = match &masker {
        Some(_) => masked_command(program, arguments, args),
        None => Command::new(program),
    };
    if masker.is_none() {
        command.args(arguments);
    }
    if args.pristine {
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| is_pristine_variable(name)));
    }
    for (name, value) in exported.into_iter().flatten() {
        // Exposed because the user asked to put it into the program's environment.
        command.env(name, value.expose_str()?);
    }
    for (name, value) in filled.into_iter().flatten() {
        // Exposed for the same reason.
        command.env(name, value.expose_str()?);
    }
    match masker {
        Some(masker) => launch_masked(command, program, secrets, &masker),
        None => {
            leases::leave(reporter);
            let outcome = launch(command, program, secrets);
            // It returns only if the program was not started.
            leases::take_back();
            outcome
        }
    }
}

/// Fails if no variable can have a name with this prefix.
fn check_prefix(prefix: &str) -> Result<(), Failure> {
    // Any letter that a field's name may start with.
    let name = VariableName::map(&format!("{prefix}x"));
    let Some(flaw) = check_variable(&name) else { return Ok(()) };
    let help = "start the prefix with a letter or an underscore, but not with METAFLOW_ or SECRETS_; it has letters, \
                digits and underscores";
    let origin = format!("--prefix {prefix}");
    Err(Failure::about(&origin, ErrorKind::InvalidName, flaw.explain(&name).message(), help))
}

/// Fails if fields were chosen, since there are none without sources.
fn unknown_fields(only: &[String]) -> Result<Vec<(String, SecretValue)>, Failure> {
    if only.is_empty() {
        return Ok(Vec::new());
    }
    let message = "--only chooses fields of sources, and there is no source";
    Err(Failure::usage(message, "name a source, or remove --only: --env names its fields itself"))
}

/// Everything that is wrong. The errors of secrets are joined; of the others the first one counts.
#[derive(Default)]
struct Failures(Vec<Error>, Option<Failure>);

impl Failures {
    fn take<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(Failure::Secrets(error)) => self.0.push(error),
            Err(other) => self.1 = self.1.take().or(Some(other)),
        }
        None
    }

    fn into_result(self) -> Result<(), Failure> {
        match self.1 {
            Some(failure) => Err(failure),
            None => fail_on_any(self.0),
        }
    }
}

fn is_pristine_variable(name: &OsStr) -> bool {
    let locale = name.to_str().is_some_and(|name| name.starts_with("LC_"));
    locale || PRISTINE_VARIABLES.iter().any(|kept| name == *kept)
}

#[cfg(unix)]
fn masked_command(program: &OsStr, arguments: &[OsString], args: &Run) -> Command {
    masked_program::command(program, arguments, args.format == OutputFormat::Json)
}

#[cfg(not(unix))]
fn masked_command(program: &OsStr, _: &[OsString], _: &Run) -> Command {
    Command::new(program)
}

/// Runs a program as a child, and ends with its exit code.
#[cfg(unix)]
fn launch_masked(
    command: Command,
    program: &OsStr,
    secrets: Option<Secrets>,
    masker: &Masker,
) -> Result<(), Failure> {
    let code = masked_program::run(command, masker, |error| launch_error(program, error))?;
    // Removes their files.
    drop(secrets);
    leases::give_back();
    // Nothing of the program is left to be masked.
    masker.clear();
    std::process::exit(code)
}

#[cfg(not(unix))]
fn launch_masked(_: Command, _: &OsStr, _: Option<Secrets>, _: &Masker) -> Result<(), Failure> {
    let message = "`run --mask` works on Unix alone";
    let help = "mask the output behind a pipe: secrets run db -- CMD | secrets mask db";
    Err(Error::new(secrets_runtime::ErrorKind::NotSupported, message).with_help(help).into())
}

#[cfg(unix)]
fn launch(command: Command, program: &OsStr, secrets: Option<Secrets>) -> Result<(), Failure> {
    use crate::process::{core_files, signals::interruption};

    if let Some(secrets) = &secrets {
        secrets.keep_files_for_exec()?;
    }
    core_files::restore_limit();
    // If it returns, the program was not started, and the files of the secrets are removed.
    Err(launch_error(program, &interruption::exec(command)))
}

#[cfg(not(unix))]
fn launch(mut command: Command, program: &OsStr, _: Option<Secrets>) -> Result<(), Failure> {
    let status = command.status().map_err(|error| launch_error(program, &error))?;
    std::process::exit(status.code().unwrap_or(1))
}

/// Returns why a program could not be started, with the exit code that `env` has.
pub fn launch_error(program: &OsStr, error: &std::io::Error) -> Failure {
    let (reason, code) = match error.kind() {
        IoKind::NotFound => ("there is no such program".to_owned(), 127),
        IoKind::PermissionDenied => ("it may not be executed".to_owned(), 126),
        kind => (kind.to_string(), 126),
    };
    Failure::Program { message: format!("{}: {reason}", program.to_string_lossy()), code }
}
