use base64ct::{Base64, Encoding};
use secrets_runtime::{Error, ErrorKind, SecretValue, StoredField, StoredSecret};
use zeroize::Zeroizing;

use crate::{
    args::Import,
    dotenv,
    failure::{self, Failure, problem},
    given,
    shelf::Shelf,
    value,
    words::Words,
};

/// Keeps what `export` wrote, or with a name a dotenv file or a JSON object of fields as one secret. Nothing is written unless everything can be read.
pub fn run(args: &Import, words: &Words) -> Result<(), Failure> {
    let text = value::document(&args.file, words)?;
    let origin = args.file.display().to_string();
    let secrets = match &args.name {
        Some(name) => vec![(name.clone(), of_one(&text, &origin)?)],
        None => of_json(&text, &origin)?,
    };
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let mut problems = Vec::new();
    let mut replaced = 0;
    for (name, secret) in &secrets {
        problems.extend(given::no_mask(name, secret));
        problems.extend(secret.check().map_err(|error| error.about(name, None)).err());
        match shelf.has(name) {
            Ok(has) => replaced += usize::from(has),
            Err(error) => problems.push(error),
        }
    }
    failure::all(problems)?;
    let mut kept = Vec::new();
    for (name, secret) in &secrets {
        kept.push(shelf.keep(name, secret)?);
    }
    let what = match (secrets.len(), replaced) {
        (1, 0) => "1 secret".to_owned(),
        (1, _) => "a new version of 1 secret".to_owned(),
        (count, 0) => format!("{count} secrets"),
        (count, 1) => format!("{count} secrets, 1 of them a new version"),
        (count, replaced) => format!("{count} secrets, {replaced} of them new versions"),
    };
    words.kept(&format!("imported into {}: {what}", shelf.kind()), &kept)
}

fn of_one(text: &SecretValue, origin: &str) -> Result<StoredSecret, Failure> {
    // Read into fields.
    let lines = text.expose_str()?;
    if lines.trim_start().starts_with('{') {
        let read = StoredSecret::from_json(text.clone());
        return Ok(read.map_err(|error| error.about(origin, None))?);
    }
    let variables = match dotenv::read(lines, origin) {
        Ok(variables) => variables,
        Err(problems) => {
            failure::all(problems)?;
            Vec::new()
        }
    };
    let mut secret = StoredSecret::from_json("{}")?;
    for (name, value) in variables {
        secret.set(&name, value)?;
    }
    Ok(secret)
}

fn of_json(text: &SecretValue, origin: &str) -> Result<Vec<(String, StoredSecret)>, Failure> {
    let all = StoredSecret::many_from_json(text).map_err(|error| match error.kind() {
        ErrorKind::Undecodable => Failure::Secrets(error.about(origin, None).with_help(
            "this is what `secrets export` writes as JSON; a dotenv file needs --name NAME",
        )),
        _ => Failure::Secrets(error.about(origin, None)),
    })?;
    let mut secrets = Vec::new();
    let mut problems = Vec::new();
    for field in all {
        match of_field(&field) {
            Ok(secret) => secrets.push((field.key().to_owned(), secret)),
            Err(error) => problems.push(error),
        }
    }
    failure::all(problems)?;
    Ok(secrets)
}

/// A secret as `export` writes it: an object is a set of fields, a text one plain value, and
/// `["base64", ".."]` bytes.
fn of_field(field: &StoredField) -> Result<StoredSecret, Error> {
    let (name, value) = (field.key(), field.value());
    if field.is_text() {
        return StoredSecret::from_text(value.clone(), name).map_err(|e| e.about(name, None));
    }
    // Read as what it is written as.
    let text = value.expose_str()?;
    if text.starts_with('{') {
        return StoredSecret::from_json(value.clone()).map_err(|e| e.about(name, None));
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
        None => Err(problem(
            name,
            ErrorKind::Undecodable,
            "it is no secret as `secrets export` writes it",
            "write an object of fields, a text, or [\"base64\", \"..\"]",
        )),
    }
}
