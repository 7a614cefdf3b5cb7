use secrets_runtime::{ErrorKind, admin::TrustedConfig};
use secrets_spec::shell_word;

use crate::{
    args::Trust,
    failure::Failure,
    output::{
        escape::json_string, format::OutputFormat, reporter::Reporter, wiped_output::WipedOutput,
    },
};

/// Trusts a `secrets.toml`, or withdraws the trust.
pub fn run(args: &Trust, reporter: &Reporter) -> Result<(), Failure> {
    let file = args.file.as_deref();
    let (trusted, verb) = match args.forget {
        false => (TrustedConfig::trust(file)?, "trusted"),
        true => match TrustedConfig::forget(file)? {
            Some(forgotten) => (forgotten, "no longer trusted"),
            None => {
                let name =
                    file.map_or_else(|| "secrets.toml".into(), |file| file.to_string_lossy());
                let help = "the file is named by its path, also if it is gone";
                let message = "this file is not trusted";
                return Err(Failure::about(&name, ErrorKind::NotFound, message, help));
            }
        },
    };
    let path = trusted.path().display().to_string();
    if args.format == OutputFormat::Json {
        let list = |texts: &[String]| {
            texts.iter().map(|text| json_string(text)).collect::<Vec<_>>().join(",")
        };
        let program = |key: &String| {
            let (command, env) = (trusted.command(key), trusted.env(key));
            (!command.is_empty()).then(|| {
                format!(
                    "{{\"key\":{},\"command\":[{}],\"env\":[{}]}}",
                    json_string(key),
                    list(command),
                    list(env)
                )
            })
        };
        let programs: Vec<_> = trusted.decides().iter().filter_map(program).collect();
        let mut output = WipedOutput::default();
        output.push(format!(
            "{{\"path\":{},\"trusted\":{},\"decides\":[{}],\"programs\":[{}]}}\n",
            json_string(&path),
            !args.forget,
            list(trusted.decides()),
            programs.join(",")
        ));
        return output.print();
    }
    reporter.info(&format!("{verb}: {path}"));
    if !args.forget {
        match trusted.decides() {
            [] => reporter.info("note: it sets nothing that needs trust"),
            keys => {
                let shown = |key: &String| match trusted.command(key) {
                    [] => key.clone(),
                    command => format!("{key} (runs {})", shown_command(command, trusted.env(key))),
                };
                let keys: Vec<_> = keys.iter().map(shown).collect();
                reporter.info(&format!("it now decides {}", keys.join(", ")));
            }
        }
        reporter.info("when the file changes, it must be trusted again");
    }
    Ok(())
}

/// Returns a program with its arguments as a shell takes them, and the variables that it gets.
fn shown_command(command: &[String], env: &[String]) -> String {
    let words: Vec<_> = command.iter().map(|word| shell_word(word)).collect();
    let words = words.join(" ");
    if env.is_empty() {
        return words;
    }
    let names: Vec<_> = env.iter().map(|name| shell_word(name)).collect();
    format!("{words}, which gets {}", names.join(" and "))
}
