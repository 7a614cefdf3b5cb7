use secrets_runtime::{ErrorKind, StoredSecret};

use crate::{
    args::Register,
    argv::Field,
    failure::{Failure, problem},
    given, prompt,
    schema::Schema,
    shelf::Shelf,
    tag,
    words::Words,
};

/// Keeps a new secret.
pub fn run(args: &Register, fields: &[Field], words: &Words) -> Result<(), Failure> {
    let (values, name) = (&args.values, args.values.name.as_str());
    let given = given::read(values, fields, false, words)?;
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let tagger = tag::setter(&shelf, &values.tag)?;
    if shelf.has(name)? {
        let help = format!("change it with `secrets update {name}`, or choose another name");
        let message = "there is a secret of this name already";
        let error = problem(name, ErrorKind::InvalidName, message, help);
        return Err(error.about(name, Some(shelf.kind())).into());
    }
    let secret = match given.secret {
        Some(secret) if !given.ask => secret,
        None if values.plain.is_some() => {
            let value = prompt::value(&format!("value of {name}: "), true, words)?;
            given::plain(value.unwrap_or_else(|| "".into()), name)?
        }
        begun => {
            let begun = begun.map_or_else(|| StoredSecret::from_json("{}"), Ok)?;
            ask(begun, values.schema, words)?
        }
    };
    if let Some(schema) = values.schema {
        schema.check(secret.fields().iter().map(|field| field.key()))?;
    }
    let kept = shelf.keep(name, &secret)?;
    let text = format!("registered `{name}` in {}{}", shelf.kind(), size(&secret));
    words.kept(&text, &[kept])?;
    tagger.map_or(Ok(()), |manager| tag::set(manager, name, &values.tag, words))
}

/// Asks for the fields that the schema has, or for any.
fn ask(
    mut secret: StoredSecret,
    schema: Option<Schema>,
    words: &Words,
) -> Result<StoredSecret, Failure> {
    let has = |secret: &StoredSecret, key: &str| secret.fields().iter().any(|f| f.key() == key);
    if let Some(fields) = schema.and_then(Schema::fields) {
        for &(key, required) in fields {
            if has(&secret, key) {
                continue;
            }
            let hint = if required { "" } else { " (optional, Enter leaves it out)" };
            if let Some(value) = prompt::value(&format!("{key}{hint}: "), required, words)? {
                secret.set(key, value)?;
            }
        }
        return Ok(secret);
    }
    loop {
        let key = prompt::shown("name of a field (Enter when done): ")?;
        if key.is_empty() && !secret.fields().is_empty() {
            return Ok(secret);
        }
        if key.is_empty() {
            words.say("a secret needs a field; Ctrl-C gives up");
        } else if has(&secret, &key) {
            words.say("it has this field already");
        } else if let Some(value) = prompt::value(&format!("value of {key}: "), true, words)? {
            secret.set(&key, value)?;
        }
    }
}

fn size(secret: &StoredSecret) -> String {
    match (secret.is_set(), secret.fields().len()) {
        (false, _) => ", as one plain value".to_owned(),
        (true, 1) => ", with 1 field".to_owned(),
        (true, count) => format!(", with {count} fields"),
    }
}
