use base64ct::{Base64, Encoding};
use secrets_runtime::{
    Error, ErrorKind, SecretValue,
    admin::{StoredField, StoredSecret},
    backend::SecretChange,
};
use zeroize::Zeroizing;

use crate::{
    args::{Import, value_args::fields_from_json},
    failure::{Failure, error_about, fail_on_any},
    input::value::{read_document, refuse_mask},
    output::reporter::Reporter,
    stores::Stores,
};

/// How often a plan is made again that other programs overtake.
const MAX_ATTEMPTS: usize = 1000;

/// Stores the secrets that `export` wrote or, with a name, a dotenv file or a JSON object of fields as one secret.
/// Writes nothing unless everything is valid, and leaves alone what is there already.
pub fn run(args: &Import, reporter: &Reporter) -> Result<(), Failure> {
    let text = without_mark(read_document(&args.file, reporter)?);
    let origin = match args.file.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => args.file.display().to_string(),
    };
    let secrets = match &args.name {
        Some(name) => vec![(name.clone(), parse_one(&text, &origin)?)],
        None => parse_export(&text, &origin)?,
    };
    if secrets.is_empty() {
        reporter.info(&format!("nothing was imported: {origin} has no secrets"));
        return Ok(());
    }
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let mut errors = Vec::new();
    for (name, secret) in &secrets {
        errors.extend(mask_errors(name, secret));
        errors.extend(secret.check().map_err(|error| error.about(name, None)).err());
        errors.extend(stores.check_name(name).err());
    }
    fail_on_any(errors)?;
    note_empty(&secrets, reporter);
    let (plan, versions) = write(&secrets, &stores)?;
    let written = secrets.iter().zip(&plan).zip(versions);
    let changes: Vec<_> = written
        .filter(|((_, change), _)| !matches!(change, SecretChange::Keep { .. }))
        .map(|(((name, _), _), version)| stores.change(name, version))
        .collect();
    reporter.changes(&format!("imported into {}: {}", stores.kind(), summary(&plan)), &changes)
}

/// Says which secrets have no fields, and which values are empty.
fn note_empty(secrets: &[(String, StoredSecret)], reporter: &Reporter) {
    for (name, secret) in secrets {
        if secret.fields().is_empty() {
            reporter.info(&format!("note: `{name}` has no fields"));
        }
        for field in secret.fields().iter().filter(|field| field.value().is_empty()) {
            reporter.info(&format!("note: {name}: the value of `{}` is empty", field.key()));
        }
    }
}

/// Writes the secrets that differ from what is there. Looks again if another program changes one of them in between:
/// then the store refuses all of the changes.
fn write(
    secrets: &[(String, StoredSecret)],
    stores: &Stores,
) -> Result<(Vec<SecretChange>, Vec<Option<String>>), Failure> {
    for _ in 0..MAX_ATTEMPTS {
        let plan = plan(secrets, stores)?;
        match stores.apply(plan.clone()) {
            Ok(versions) => return Ok((plan, versions)),
            Err(error) if is_overtaken(&error, &plan) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let message = "another program keeps changing the secrets";
    Err(Failure::about("", ErrorKind::Conflict, message, "nothing was changed: try again"))
}

/// Returns whether the store refused a plan only because secrets have changed since it was made.
fn is_overtaken(error: &Error, plan: &[SecretChange]) -> bool {
    let creates = plan.iter().any(|change| matches!(change, SecretChange::Create { .. }));
    error.problems().iter().all(|problem| match problem.kind() {
        ErrorKind::Conflict | ErrorKind::NotFound => true,
        ErrorKind::InvalidName => creates,
        _ => false,
    })
}

/// Returns one change for each secret, or every reason why a secret cannot be compared with what is there.
fn plan(secrets: &[(String, StoredSecret)], stores: &Stores) -> Result<Vec<SecretChange>, Failure> {
    let names: Vec<&str> = secrets.iter().map(|(name, _)| name.as_str()).collect();
    let mut changes = Vec::new();
    let mut errors = Vec::new();
    for ((name, secret), exists) in secrets.iter().zip(stores.has_each(&names)?) {
        let (id, payload) = (name.clone(), secret.payload());
        let current = match exists {
            Ok(true) => stores.read_primary(name).map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        changes.push(match current {
            Ok(None) => SecretChange::Create { id, payload },
            Ok(Some(current)) => {
                let version = current.version().unwrap_or_default().to_owned();
                match current.has_content_of(secret) {
                    true => SecretChange::Keep { id, version },
                    false => SecretChange::Replace { id, version, payload },
                }
            }
            // It was deleted since it was asked for.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                SecretChange::Create { id, payload }
            }
            Err(error) => {
                errors.push(error);
                continue;
            }
        });
    }
    fail_on_any(errors)?;
    Ok(changes)
}

/// Returns how many secrets were imported, in words.
fn summary(plan: &[SecretChange]) -> String {
    let count = |is: fn(&SecretChange) -> bool| plan.iter().filter(|change| is(change)).count();
    let unchanged = count(|change| matches!(change, SecretChange::Keep { .. }));
    let replaced = count(|change| matches!(change, SecretChange::Replace { .. }));
    let written = match (plan.len() - unchanged, replaced) {
        (0, _) => String::new(),
        (1, 0) => "1 secret".to_owned(),
        (1, _) => "a new version of 1 secret".to_owned(),
        (count, 0) => format!("{count} secrets"),
        (count, 1) => format!("{count} secrets, 1 of them a new version"),
        (count, replaced) => format!("{count} secrets, {replaced} of them new versions"),
    };
    match (written.is_empty(), unchanged) {
        (_, 0) => written,
        (true, 1) => "1 secret is unchanged".to_owned(),
        (true, count) => format!("{count} secrets are unchanged"),
        (false, count) => format!("{written}; {count} unchanged"),
    }
}

/// What a file with one secret has.
const ONE_SECRET: &str = r#"write an object of fields, such as {"user": "app", "port": 5432}, or the lines of a dotenv file; one plain value is stored with `secrets register NAME --plain=@FILE`"#;

/// What a secret of an export is.
const OF_EXPORT: &str = r#"write an object of fields, a text, or ["base64", ".."]"#;

/// Reads one secret: a JSON object of fields, or a dotenv file.
fn parse_one(text: &SecretValue, origin: &str) -> Result<StoredSecret, Failure> {
    // Exposed to look at its first character.
    let is_json = text.expose_str()?.trim_start().starts_with(['{', '[', '"']);
    Ok(match is_json {
        true => fields_from_json(text.clone(), origin, ONE_SECRET)?,
        false => StoredSecret::from_dotenv(text.clone()).map_err(|it| it.about(origin, None))?,
    })
}

/// Returns a document without the byte order mark that some editors write at its start.
fn without_mark(text: SecretValue) -> SecretValue {
    // Exposed to look at its first bytes.
    match text.expose_bytes().strip_prefix("\u{FEFF}".as_bytes()) {
        Some(rest) => SecretValue::from(rest.to_vec()),
        None => text,
    }
}

fn parse_export(text: &SecretValue, origin: &str) -> Result<Vec<(String, StoredSecret)>, Failure> {
    let all = StoredSecret::many_from_json(text).map_err(|error| match error.kind() {
        ErrorKind::Undecodable => Failure::Secrets(
            error
                .about(origin, None)
                .with_help("write the JSON of `secrets export`; a dotenv file needs --name NAME"),
        ),
        _ => Failure::Secrets(error.about(origin, None)),
    })?;
    let mut secrets = Vec::new();
    let mut errors = Vec::new();
    for field in all {
        match parse_secret(&field) {
            Ok(secret) => secrets.push((field.key().to_owned(), secret)),
            Err(error) => errors.push(error),
        }
    }
    fail_on_any(errors)?;
    Ok(secrets)
}

/// Parses one secret of an export: an object has fields, a text is one plain value, and `["base64", ".."]` is bytes.
fn parse_secret(field: &StoredField) -> Result<StoredSecret, Error> {
    let (name, value) = (field.key(), field.value());
    if field.is_text() {
        return StoredSecret::from_text(value.clone(), name).map_err(|e| e.about(name, None));
    }
    // Exposed to be parsed.
    let text = value.expose_str()?;
    if text.starts_with('{') {
        return fields_from_json(value.clone(), name, OF_EXPORT);
    }
    let bytes = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).and_then(|text| {
        let (word, encoded) = text.split_once(',')?;
        let encoded = encoded.trim().strip_prefix('"')?.strip_suffix('"')?;
        let decoded = || Base64::decode_vec(encoded).ok();
        (word.trim() == "\"base64\"").then(decoded).flatten()
    });
    match bytes {
        Some(bytes) => {
            let mut bytes = Zeroizing::new(bytes);
            StoredSecret::from_binary(std::mem::take(&mut *bytes), name)
        }
        None => Err(error_about(
            name,
            ErrorKind::Undecodable,
            "it does not have the shape that `secrets export` writes",
            OF_EXPORT,
        )),
    }
}

/// Returns an error for each value that is the mask.
fn mask_errors(name: &str, secret: &StoredSecret) -> Vec<Error> {
    let check = |field: &StoredField| {
        refuse_mask(&format!("{name}, field `{}`", field.key()), field.value().clone()).err()
    };
    secret.fields().iter().filter_map(check).collect()
}
