use std::collections::BTreeMap;

use secrets_runtime::{Error, ErrorKind, StoredField, StoredSecret};
use secrets_spec::Variable;

use crate::{
    args::{Export, ExportFormat, distinct},
    dotenv,
    failure::{self, Failure, problem},
    page::{Page, json_string, text_of},
    shelf::Shelf,
};

/// Writes secrets out, revealed: as JSON for `import`, or as variables.
pub fn run(args: &Export) -> Result<(), Failure> {
    let shelf = Shelf::open(args.backend.as_deref())?;
    let names = match args.all {
        true => shelf.list()?,
        false => distinct(&args.names).into_iter().map(str::to_owned).collect(),
    };
    let mut secrets = Vec::new();
    let mut problems = Vec::new();
    for name in names {
        let read = if args.all { shelf.read_own(&name) } else { shelf.read(&name, false) };
        match read {
            Ok(secret) => secrets.push((name, secret)),
            Err(error) => problems.push(error),
        }
    }
    failure::all(problems)?;
    let mut page = Page::default();
    match args.format {
        ExportFormat::Json => json(&mut page, &secrets),
        ExportFormat::Dotenv => {
            variables(&mut page, &secrets, dotenv::push_dotenv)?;
        }
        ExportFormat::Shell => {
            variables(&mut page, &secrets, dotenv::push_shell)?;
        }
    }
    page.print()
}

/// `{"NAME": {"KEY": ..}, "NAME": "a plain text", "NAME": ["base64", "bytes"]}`: each name once, and whatever
/// the secret is, it can be told again.
fn json(page: &mut Page, secrets: &[(String, StoredSecret)]) {
    page.push("{");
    for (index, (name, secret)) in secrets.iter().enumerate() {
        page.push(if index > 0 { ",\n" } else { "\n" });
        page.push(format!("  {}: ", json_string(name)));
        match secret.fields() {
            [field] if !secret.is_set() => page.push_json(field.value(), field.is_binary(), true),
            // The payload of a set is JSON, and written as it is.
            _ => page.push(secret.payload().value().expose_bytes()),
        }
    }
    page.push(if secrets.is_empty() { "}\n" } else { "\n}\n" });
}

/// Every field as a variable, or every reason why not.
fn variables(
    page: &mut Page,
    secrets: &[(String, StoredSecret)],
    push: fn(&mut Page, &str, &str),
) -> Result<(), Failure> {
    let mut taken: BTreeMap<String, (&str, &StoredField)> = BTreeMap::new();
    let mut problems: Vec<Error> = Vec::new();
    for (name, secret) in secrets {
        for field in secret.fields() {
            let origin = format!("{name}, field `{}`", field.key());
            let mut fail = |kind, message: &str, help: &str| {
                problems.push(problem(&origin, kind, message, help));
            };
            let variable = match Variable::of_field(field.key()) {
                Ok(variable) => variable.as_str().to_owned(),
                Err(error) => {
                    let help = error.help().unwrap_or("export it as JSON");
                    fail(ErrorKind::InvalidName, error.message(), help);
                    continue;
                }
            };
            // What the dynamic linker reads is not for a secret to set: `resolve` refuses it too.
            if variable.starts_with("LD_") || variable.starts_with("DYLD_") {
                let message =
                    format!("the variable {variable} would change how programs are loaded");
                fail(ErrorKind::InvalidName, &message, "export it as JSON, with --format json");
            }
            // Looked at for a NUL, which no variable can hold.
            if field.value().expose_bytes().contains(&0) && !field.is_binary() {
                fail(ErrorKind::InvalidValue, "the value holds a NUL", "export it as JSON");
            }
            if let Some((other, theirs)) = taken.get(&variable) {
                let message = format!(
                    "the variable {variable} is given by {other} too (field `{}`)",
                    theirs.key()
                );
                fail(ErrorKind::Collision, &message, "export them one by one, or as JSON");
                continue;
            }
            taken.insert(variable, (name, field));
        }
    }
    failure::all(problems)?;
    for (variable, (_, field)) in &taken {
        push(page, variable, &text_of(field.value(), field.is_binary()));
    }
    Ok(())
}
