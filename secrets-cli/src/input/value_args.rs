//! The values that `register` and `update` are given: on the command line, in JSON, or at a prompt.

use std::path::Path;

use secrets_runtime::{Error, ErrorKind, SecretValue, StoredSecret};

use crate::{
    args::Values,
    argv::Field,
    failure::{self, Failure, problem},
    page::MASK,
    prompt,
    value::{self, Use},
    words::Words,
};

/// What was given, read and checked; what is asked for at a prompt comes later.
pub struct Given {
    /// The secret that is made of it; `None` where there are only prompts.
    pub secret: Option<StoredSecret>,
    /// Whether a person is to be asked for more.
    pub ask: bool,
}

/// Where the values come from, before any is read.
pub fn read(
    values: &Values,
    fields: &[Field],
    is_enough: bool,
    words: &Words,
) -> Result<Given, Failure> {
    let has_fields = !fields.is_empty() || values.from_json.is_some();
    if values.plain.is_some() && (has_fields || values.schema.is_some()) {
        let help = "keep the value and the fields as two secrets";
        return Err(Failure::usage("a secret is one plain value, or it has fields", help));
    }
    let prompted = values.interactive || matches!(values.plain, Some(None));
    let nothing = !has_fields && values.plain.is_none() && !is_enough;
    if (prompted || nothing) && !prompt::is_possible() {
        let what = if nothing { "no values are given" } else { "there is nobody to ask" };
        let message = format!("{what}, and standard input is no terminal");
        let help = if has_fields && values.interactive {
            "remove -i: values are given"
        } else {
            "write --KEY=VALUE, --KEY=@FILE, --from-json FILE|- or --plain=@FILE|-"
        };
        return Err(Failure::usage(message, help));
    }
    if values.from_json.as_deref().is_some_and(is_json) {
        return Err(Failure::usage(
            "--from-json takes the name of a file, and this is JSON itself",
            "pipe it into `--from-json -`",
        ));
    }
    if let Some(plain) = &values.plain {
        let secret = match plain {
            Some(text) => Some(plain_value(&values.name, text, words)?),
            None => None,
        };
        return Ok(Given { secret, ask: plain.is_none() });
    }
    let secret = if has_fields { Some(set(values, fields, words)?) } else { None };
    Ok(Given { secret, ask: values.interactive || nothing })
}

/// Whether it is no name of a file that is there, but starts as JSON does.
fn is_json(path: &Path) -> bool {
    path.to_string_lossy().trim_start().starts_with(['{', '[', '"']) && !path.exists()
}

fn set(values: &Values, fields: &[Field], words: &Words) -> Result<StoredSecret, Failure> {
    let mut problems = Vec::new();
    let mut secret = StoredSecret::from_json("{}")?;
    if let Some(path) = &values.from_json {
        let read =
            value::document(path, words).and_then(|text| from_json(text, &path.to_string_lossy()));
        match read {
            Ok(read) => secret = read,
            Err(error) => problems.push(error),
        }
    }
    for (key, text) in fields {
        if secret.fields().iter().any(|field| field.key() == key) {
            let message = format!("the field `{key}` is given twice, in the JSON and by itself");
            return Err(Failure::usage(message, "remove one of the two"));
        }
        // Values are UTF-8: what is not was refused with the command line.
        let text = text.to_str().unwrap_or_default();
        let added =
            value::typed(key, text, Use::Field, words).and_then(|value| secret.set(key, value));
        problems.extend(added.err());
    }
    failure::all(problems)?;
    Ok(secret)
}

fn from_json(text: SecretValue, origin: &str) -> Result<StoredSecret, Error> {
    let secret = StoredSecret::from_json(text).map_err(|error| error.about(origin, None))?;
    for field in secret.fields() {
        value::check(field.key(), field.value().clone())?;
    }
    Ok(secret)
}

fn plain_value(name: &str, text: &std::ffi::OsStr, words: &Words) -> Result<StoredSecret, Failure> {
    let Some(text) = text.to_str() else {
        let help = "give bytes as a file: --plain=@FILE";
        return Err(Failure::about(name, ErrorKind::InvalidValue, "the value is not UTF-8", help));
    };
    let value = match text {
        "-" => value::stdin(name, Use::Plain, words).and_then(|v| value::check(name, v))?,
        text => value::typed(name, text, Use::Plain, words)?,
    };
    Ok(plain(value, name)?)
}

/// One plain value: text, or bytes where it is no text.
pub fn plain(value: SecretValue, name: &str) -> Result<StoredSecret, Error> {
    match value.expose_str().is_ok() {
        true => StoredSecret::from_text(value, name),
        false => StoredSecret::from_binary(value, name),
    }
}

/// Refuses the mask among the values of a secret that comes from a file.
pub fn no_mask(name: &str, secret: &StoredSecret) -> Vec<Error> {
    let masked =
        |field: &&secrets_runtime::StoredField| field.value().ct_eq(&SecretValue::from(MASK));
    let of = |field: &secrets_runtime::StoredField| {
        let message = format!("`{MASK}` is the mask of a value, not a value");
        let origin = format!("{name}, field `{}`", field.key());
        problem(&origin, ErrorKind::InvalidValue, message, "give the value itself")
    };
    secret.fields().iter().filter(masked).map(of).collect()
}
