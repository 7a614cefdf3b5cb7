use clap::{Command, CommandFactory, builder::PossibleValuesParser};
use clap_complete::Shell;
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
    let script = String::from_utf8_lossy(&script);
    let mut output = WipedOutput::default();
    output.push(match args.shell {
        Shell::PowerShell => with_backends_in_powershell(&script),
        Shell::Elvish => with_backends_in_elvish(&script),
        _ => script.into_owned(),
    });
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

/// Completes `--backend` in PowerShell, for which `clap_complete` writes no values of options.
fn with_backends_in_powershell(script: &str) -> String {
    const START: &str = "    $commandElements = $commandAst.CommandElements\n";
    let names: Vec<String> = backends().map(|name| format!("'{name}'")).collect();
    let values = format!(
        "{START}    $previous = if ($wordToComplete) {{ $commandElements[-2] }} else {{ $commandElements[-1] }}
    if (\"$previous\" -eq '--backend') {{
        return @({}) | Where-Object {{ $_ -like \"$wordToComplete*\" }} |
            ForEach-Object {{ [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }}
    }}
",
        names.join(", ")
    );
    script.replacen(START, &values, 1)
}

/// Completes `--backend` in Elvish, for which `clap_complete` writes no values of options either.
fn with_backends_in_elvish(script: &str) -> String {
    let names: Vec<&str> = backends().collect();
    format!(
        "{script}
var secrets-completer~ = $edit:completion:arg-completer[secrets]
set edit:completion:arg-completer[secrets] = {{|@words|
    if (eq $words[-2] '--backend') {{
        put {}
    }} else {{
        secrets-completer $@words
    }}
}}
",
        names.join(" ")
    )
}

/// Returns the types of the backends that this build has.
fn backends() -> impl Iterator<Item = &'static str> {
    let is_built = |kind: &BuiltIn| match kind {
        BuiltIn::AwsSecretsManager | BuiltIn::Ssm => {
            cfg!(any(feature = "aws", feature = "aws-agent"))
        }
        BuiltIn::Kubernetes => cfg!(feature = "kubernetes"),
        BuiltIn::Vault => cfg!(feature = "vault"),
        BuiltIn::Zenml => cfg!(feature = "zenml"),
        kind => !kind.is_reserved(),
    };
    BuiltIn::ALL.iter().copied().filter(is_built).map(BuiltIn::name)
}
