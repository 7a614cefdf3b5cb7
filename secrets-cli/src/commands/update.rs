use secrets_runtime::{Error, ErrorKind, admin::StoredSecret};

use crate::{
    args::Update,
    argv::FieldArg,
    failure::{Failure, error_about, fail_on_any},
    input::{prompt, value_args::plain_secret},
    output::reporter::Reporter,
    stores::Stores,
    tag,
};

/// Changes or removes fields of a secret.
pub fn run(args: &Update, fields: &[FieldArg], reporter: &Reporter) -> Result<(), Failure> {
    let (values, name) = (&args.values, args.values.name.as_str());
    let has_other_changes = !args.remove.is_empty() || !values.tag.is_empty();
    let input = values.read(fields, has_other_changes, reporter)?;
    if values.plain.is_some() && !args.remove.is_empty() {
        return Err(Failure::usage("one plain value has no fields", "remove --plain or --remove"));
    }
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let tagger = tag::find_tagger(&stores, &values.tag)?;
    let set_tags =
        || tagger.map_or(Ok(()), |manager| tag::set(manager, name, &values.tag, reporter));
    if input.secret.is_none() && !input.ask && args.remove.is_empty() {
        return set_tags();
    }
    let before = stores.read_primary(name)?;
    let lost = if values.plain.is_some() && before.is_set() { before.fields().len() } else { 0 };
    let fields = if lost == 1 { "1 field".to_owned() } else { format!("{lost} fields") };
    if lost > 0 && !args.drop_fields {
        let message = format!("it has {fields}, which one plain value would replace");
        let help = "add --drop-fields to replace them; --KEY=VALUE changes one field";
        return Err(Failure::about(name, ErrorKind::InvalidSource, message, help));
    }
    let after = match input.secret {
        Some(plain) if !plain.is_set() => plain,
        changed_fields => {
            if values.plain.is_some() || (input.ask && !before.is_set()) {
                ask_plain(before, name, reporter)?
            } else {
                let mut after = remove(before, &args.remove, name)?;
                if let Some(fields) = changed_fields {
                    after.merge(fields)?;
                }
                if input.ask { ask(after, reporter)? } else { after }
            }
        }
    };
    if let Some(schema) = values.schema {
        schema.check(after.fields().iter().map(|field| field.key()))?;
    }
    let change = stores.write(name, &after)?;
    reporter.changes(&format!("updated `{name}` in {}", stores.kind()), &[change])?;
    if lost > 0 {
        reporter.info(&format!(
            "{fields} replaced: `secrets get {name} --previous` shows the version before"
        ));
    }
    set_tags()
}

/// Removes fields, or fails with an error for each field that does not exist.
fn remove(mut secret: StoredSecret, keys: &[String], name: &str) -> Result<StoredSecret, Failure> {
    if !secret.is_set() {
        let help = "replace the value: secrets update NAME --plain";
        let message = "it is one plain value, without fields to change";
        return Err(Failure::about(name, ErrorKind::InvalidSource, message, help));
    }
    let known: Vec<String> = secret.fields().iter().map(|f| f.key().to_owned()).collect();
    let mut errors: Vec<Error> = Vec::new();
    for key in keys {
        if !secret.remove(key) {
            let names = known.join(", ");
            let help = match secrets_spec::closest(key, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? its fields are {names}"),
                None => format!("its fields are {names}"),
            };
            let message = format!("the secret has no field `{key}`");
            errors.push(error_about(name, ErrorKind::KeyNotFound, message, help));
        }
    }
    fail_on_any(errors)?;
    Ok(secret)
}

/// Asks for each field. An empty answer keeps its value.
fn ask(mut secret: StoredSecret, reporter: &Reporter) -> Result<StoredSecret, Failure> {
    let keys: Vec<String> = secret.fields().iter().map(|field| field.key().to_owned()).collect();
    for key in keys {
        let question = format!("new value of {key} (Enter keeps the current one): ");
        if let Some(value) = prompt::ask_value(&question, false, reporter)? {
            secret.set(&key, value)?;
        }
    }
    Ok(secret)
}

fn ask_plain(
    before: StoredSecret,
    name: &str,
    reporter: &Reporter,
) -> Result<StoredSecret, Failure> {
    let question = format!("new value of {name} (Enter keeps the current one): ");
    match prompt::ask_value(&question, false, reporter)? {
        Some(value) => Ok(plain_secret(value, name)?),
        None => Ok(before),
    }
}
