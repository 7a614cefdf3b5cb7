use clap::{Command, CommandFactory, builder::PossibleValuesParser};
use secrets_spec::BuiltIn;

use crate::{
    args::{Arguments, Completions},
    failure::Failure,
    output::wiped_output::WipedOutput,
};

/// Prints completions for a shell.
pub fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = with_backends(Arguments::command());
    clap_complete::generate(args.shell, &mut command, "secrets", &mut script);
    let mut output = WipedOutput::default();
    output.push(script);
    output.print()
}

/// Adds the types of the backends to `--backend`. They are for completions alone: on the command line it may also have
/// several types, with commas.
fn with_backends(command: Command) -> Command {
    command.mut_subcommands(|sub| {
        let has_backend = sub.get_arguments().any(|arg| arg.get_id() == "backend");
        match has_backend {
            true => sub
                .mut_arg("backend", |arg| arg.value_parser(PossibleValuesParser::new(backends()))),
            false => sub,
        }
    })
}

/// Returns the types of the backends that this build has.
fn backends() -> impl Iterator<Item = &'static str> {
    let is_built = |kind: &BuiltIn| match kind {
        BuiltIn::AwsSecretsManager => cfg!(feature = "aws"),
        BuiltIn::Zenml => cfg!(feature = "zenml"),
        kind => !kind.is_reserved(),
    };
    BuiltIn::ALL.iter().copied().filter(is_built).map(BuiltIn::name)
}
