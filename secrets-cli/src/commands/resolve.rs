use secrets_runtime::{Entry, SecretValue, Secrets};

use crate::{
    args::Resolve,
    failure::Failure,
    leases,
    output::{
        escape::json_string,
        format::ResolveFormat,
        reporter::Reporter,
        variables::{push_dotenv, push_shell},
        wiped_output::{MASK, WipedOutput},
    },
};

/// The note if everything was found, and nothing is set.
const NO_VARIABLE: &str = "note: nothing becomes a variable: a request does if it has an env_var; --format json shows the fields";

/// Resolves sources as a step would, and prints the result: variables, and in JSON also groups and keys. In a format
/// that sets variables nothing is printed unless the values are revealed.
pub fn run(args: &Resolve, reporter: &Reporter) -> Result<(), Failure> {
    let secrets = args.resolve.resolve(args.requests.as_deref())?;
    let variables = secrets.exports(|name| std::env::var_os(name))?;
    if variables.is_empty() && args.format != Some(ResolveFormat::Json) {
        reporter.info(NO_VARIABLE);
    }
    let mut output = WipedOutput::default();
    let push = match args.format {
        Some(ResolveFormat::Json) => {
            json(&mut output, &secrets, &variables, args.reveal);
            return print(output, args, reporter);
        }
        // What reads these formats would set the mask as a value.
        Some(_) if !args.reveal && variables.is_empty() => return Ok(()),
        Some(_) if !args.reveal => {
            let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
            reporter.info(&format!(
                "nothing is set without --reveal, since the values would be masked; the variables are: {}",
                names.join(", ")
            ));
            return Ok(());
        }
        Some(ResolveFormat::Shell) => push_shell,
        Some(ResolveFormat::Dotenv) | None => push_dotenv,
    };
    for (name, value) in variables {
        // A variable's value is text. It is exposed because the user asked for it.
        match args.reveal {
            true => push(&mut output, name, value.expose_str()?),
            false => output.push(format!("{name}={MASK}\n")),
        }
    }
    print(output, args, reporter)
}

/// Prints the variables. Leases are left only if their values are printed.
fn print(output: WipedOutput, args: &Resolve, reporter: &Reporter) -> Result<(), Failure> {
    output.print()?;
    if args.reveal {
        leases::leave(reporter);
    }
    Ok(())
}

fn json(
    output: &mut WipedOutput,
    secrets: &Secrets,
    variables: &[(&str, &SecretValue)],
    reveal: bool,
) {
    output.push("{\"env\":{");
    for (index, (name, value)) in variables.iter().enumerate() {
        output.push(if index > 0 { "," } else { "" });
        output.push(json_string(name));
        output.push(":");
        output.push_json(value, false, reveal);
    }
    output.push("},\"secrets\":{");
    let entries: Vec<Entry<'_>> = secrets.entries().collect();
    for (index, group) in secrets.groups().enumerate() {
        output.push(if index > 0 { "," } else { "" });
        output.push(json_string(group));
        output.push(":{");
        for (index, entry) in entries.iter().filter(|entry| entry.group() == group).enumerate() {
            output.push(if index > 0 { "," } else { "" });
            output.push(json_string(entry.key()));
            output.push(":");
            output.push_json(entry.value(), entry.is_binary(), reveal);
        }
        output.push("}");
    }
    output.push("}}\n");
}
