use secrets_runtime::{ErrorKind, admin::StoredSecret};

use crate::{
    args::{Register, argv::FieldArg, value_args::plain_secret},
    failure::Failure,
    input::{prompt, schema::Schema},
    output::reporter::Reporter,
    stores::Stores,
    tag,
};

/// Stores a new secret.
pub fn run(args: &Register, fields: &[FieldArg], reporter: &Reporter) -> Result<(), Failure> {
    let (values, name) = (&args.values, args.values.name.as_str());
    let input = values.read(fields, false, reporter)?;
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let tagger = tag::find_tagger(&stores, &values.tag)?;
    if stores.has(name)? {
        return Err(stores.exists_error(name).into());
    }
    let secret = match input.secret {
        Some(secret) if !input.ask => secret,
        None if values.plain.is_some() => {
            let value = prompt::ask_value(&format!("value of {name}: "), true, reporter)?;
            plain_secret(value.unwrap_or_else(|| "".into()), name)?
        }
        partial => {
            let partial = partial.map_or_else(|| StoredSecret::from_json("{}"), Ok)?;
            ask(partial, values.schema, reporter)?
        }
    };
    if let Some(schema) = values.schema {
        schema.check(secret.fields().iter().map(|field| field.key()))?;
    }
    let change = stores.create(name, &secret).map_err(|error| match error.kind() {
        // Somebody was faster.
        ErrorKind::InvalidName => stores.exists_error(name),
        _ => error,
    })?;
    let text = format!("registered `{name}` in {}{}", stores.kind(), size(&secret));
    reporter.changes(&text, &[change])?;
    tagger.map_or(Ok(()), |manager| tag::set(manager, name, &values.tag, reporter))
}

/// Asks for the fields of the schema, or for any fields.
fn ask(
    mut secret: StoredSecret,
    schema: Option<Schema>,
    reporter: &Reporter,
) -> Result<StoredSecret, Failure> {
    let has = |secret: &StoredSecret, key: &str| secret.fields().iter().any(|f| f.key() == key);
    if let Some(fields) = schema.and_then(Schema::fields) {
        for &(key, required) in fields {
            if has(&secret, key) {
                continue;
            }
            let hint = if required { "" } else { " (optional, Enter leaves it out)" };
            if let Some(value) = prompt::ask_value(&format!("{key}{hint}: "), required, reporter)? {
                secret.set(key, value)?;
            }
        }
        return Ok(secret);
    }
    loop {
        let key = prompt::ask_text("name of a field (Enter when done): ")?;
        if key.is_empty() && !secret.fields().is_empty() {
            return Ok(secret);
        }
        if key.is_empty() {
            reporter.info("a secret needs at least one field; Ctrl-C cancels");
        } else if has(&secret, &key) {
            reporter.info("the secret already has this field");
        } else if let Some(value) = prompt::ask_value(&format!("value of {key}: "), true, reporter)?
        {
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
