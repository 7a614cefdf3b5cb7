use std::{collections::BTreeMap, path::Path};

use secrets_runtime::{
    Error, ErrorKind,
    admin::{StoredField, StoredSecret},
};
use secrets_spec::{VariableName, is_guarded_variable};

use crate::{
    args::{Export, distinct},
    failure::{Failure, error_about, fail_on_any},
    leases,
    output::{
        escape::json_string,
        format::ExportFormat,
        output_file,
        reporter::Reporter,
        variables::{push_docker, push_dotenv, push_shell},
        wiped_output::{WipedOutput, text_of},
    },
    stores::{Stores, join_errors},
};

/// How often the names are listed, while secrets disappear between listing and reading.
const MAX_LISTINGS: usize = 10;

/// Prints secrets with their values: as JSON for `import`, or as variables.
pub fn run(args: &Export, reporter: &Reporter) -> Result<(), Failure> {
    let stores = Stores::open(args.backend.as_deref())?;
    let secrets = if args.all { read_all(&stores)? } else { read_named(args, &stores)? };
    for (name, secret) in &secrets {
        stores.record_read(name, secret, secret.fields().iter().map(StoredField::key))?;
    }
    let mut output = WipedOutput::default();
    match args.format {
        ExportFormat::Json => json(&mut output, &secrets)?,
        ExportFormat::Dotenv | ExportFormat::Shell | ExportFormat::Docker => {
            variables(&mut output, &secrets, args.format)?;
        }
    }
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => output.print()?,
        Some(path) => {
            let note = output_file::write(path, &output.into_value(), Some(0o600))?;
            reporter.info(&format!("wrote {}", path.display()));
            if let Some(note) = note {
                reporter.info(&format!("note: {note}"));
            }
        }
    }
    for (name, secret) in &secrets {
        if let Some(lease) = secret.lease() {
            leases::leave_one(name, lease, reporter);
        }
    }
    Ok(())
}

fn read_named(args: &Export, stores: &Stores) -> Result<Vec<(String, StoredSecret)>, Failure> {
    let mut secrets = Vec::new();
    let mut errors = Vec::new();
    for name in distinct(&args.names) {
        match stores.read(name, false) {
            Ok(secret) => secrets.push((name.to_owned(), secret)),
            Err(error) => errors.push(error),
        }
    }
    fail_on_any(errors)?;
    Ok(secrets)
}

/// Reads every secret that there is. One that has gone since the names were listed is left out; it may have another
/// name now, so the names are listed again.
fn read_all(stores: &Stores) -> Result<Vec<(String, StoredSecret)>, Failure> {
    let mut secrets: BTreeMap<String, StoredSecret> = BTreeMap::new();
    for round in 1.. {
        let (names, list_error) = stores.list_readable()?;
        let mut errors = Vec::new();
        let mut has_lost_one = false;
        for name in names {
            if secrets.contains_key(&name) {
                continue;
            }
            match stores.read_primary(&name) {
                Ok(secret) => drop(secrets.insert(name, secret)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Deleted) => {
                    // One that is listed all the time has no value that could be read.
                    match round < MAX_LISTINGS || !stores.has(&name).unwrap_or(true) {
                        true => has_lost_one = true,
                        false => errors.push(error),
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        fail_on_any(join_errors(errors, list_error))?;
        if !has_lost_one || round == MAX_LISTINGS {
            break;
        }
    }
    Ok(secrets.into_iter().collect())
}

/// Appends `{"NAME": {"KEY": ..}, "NAME": "a plain text", "NAME": ["base64", "bytes"]}`. Each name occurs once, and
/// `import` can tell the three shapes apart.
fn json(output: &mut WipedOutput, secrets: &[(String, StoredSecret)]) -> Result<(), Error> {
    output.push("{");
    for (index, (name, secret)) in secrets.iter().enumerate() {
        output.push(if index > 0 { ",\n" } else { "\n" });
        output.push(format!("  {}: ", json_string(name)));
        match secret.fields() {
            [field] if !secret.is_set() => output.push_json(field.value(), field.is_binary(), true),
            // The payload of a secret with fields is JSON.
            _ => output.push_payload(secret.payload().value())?,
        }
    }
    output.push(if secrets.is_empty() { "}\n" } else { "\n}\n" });
    Ok(())
}

/// Appends every field as a variable, or fails with every reason why that is not possible.
fn variables(
    output: &mut WipedOutput,
    secrets: &[(String, StoredSecret)],
    format: ExportFormat,
) -> Result<(), Failure> {
    let mut exported: BTreeMap<String, (&str, &StoredField)> = BTreeMap::new();
    let mut errors: Vec<Error> = Vec::new();
    for (name, secret) in secrets {
        for field in secret.fields() {
            let origin = format!("{name}, field `{}`", field.key());
            let mut fail = |kind, message: &str, help: &str| {
                errors.push(error_about(&origin, kind, message, help));
            };
            let variable = match VariableName::of_field(field.key()) {
                Ok(variable) => variable.as_str().to_owned(),
                Err(error) => {
                    let help = error.help().unwrap_or("export it as JSON");
                    fail(ErrorKind::InvalidName, error.message(), help);
                    continue;
                }
            };
            // A secret must not set what the dynamic linker reads; `resolve` refuses it too.
            if is_guarded_variable(&variable) {
                let message =
                    format!("the variable {variable} would change how programs are loaded");
                fail(ErrorKind::InvalidName, &message, "export it as JSON, with --format json");
            }
            // Inspected for a NUL, which a variable cannot contain.
            if field.value().expose_bytes().contains(&0) && !field.is_binary() {
                fail(ErrorKind::InvalidValue, "the value contains a NUL", "export it as JSON");
            }
            // Inspected for a line break, which would start another variable.
            let has_line_break =
                || field.value().expose_bytes().iter().any(|b| b"\r\n".contains(b));
            if format == ExportFormat::Docker && !field.is_binary() && has_line_break() {
                let message =
                    "the value has a line break, which `docker run --env-file` cannot read";
                fail(ErrorKind::InvalidValue, message, "mount it as a file, or pass it with -e");
            }
            if let Some((other, theirs)) = exported.get(&variable) {
                let message = format!(
                    "the variable {variable} comes from {other} too (field `{}`)",
                    theirs.key()
                );
                fail(ErrorKind::Collision, &message, "export them one by one, or as JSON");
                continue;
            }
            exported.insert(variable, (name, field));
        }
    }
    fail_on_any(errors)?;
    let push = match format {
        ExportFormat::Docker => push_docker,
        ExportFormat::Shell => push_shell,
        _ => push_dotenv,
    };
    for (variable, (_, field)) in &exported {
        push(output, variable, &text_of(field.value(), field.is_binary()));
    }
    Ok(())
}
