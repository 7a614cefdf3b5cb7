//! Turns the answer of a backend into fields. Payloads are read here only.

use std::collections::HashSet;

use secrets_spec::{Options, PayloadFormat, Request, VariableName};

use crate::{
    backend::{
        Fetched, MAX_VALUE_BYTES,
        content::{Content, MountOrigin},
    },
    core::{
        error::{Error, ErrorKind},
        escape,
        secret_value::SecretValue,
    },
    payload::{
        dotenv,
        fields::{Field, Fields},
        json,
    },
};

/// Returns the fields of a source's secret. `named` is the id as written, if a setting maps it to another; a
/// plain value is then named after it.
pub(crate) fn source_fields(
    fetched: &Fetched,
    options: &Options,
    id: &str,
    named: Option<&str>,
) -> Result<Fields, Error> {
    let plain = |field: Field| {
        let name = match (&options.env_var_name, named, &fetched.name) {
            (Some(name), ..) => name,
            (None, Some(written), _) => written,
            (None, None, Some(name)) => name,
            (None, None, None) => id,
        };
        Fields::plain(VariableName::map(name), field)
    };
    let mount = fetched.mount.as_ref();
    let text = |value: &SecretValue| field(Field::text(value.clone()), mount);
    match (&fetched.content, options.payload_format()) {
        (Content::Json(value), None | Some(PayloadFormat::Json))
        | (Content::Text(value), Some(PayloadFormat::Json)) => {
            Ok(members(&text(value)?.value)?.into_iter().collect())
        }
        (
            Content::Json(value) | Content::Text(value) | Content::Binary(value),
            Some(PayloadFormat::Dotenv),
        ) => {
            check_length(value)?;
            let fields = dotenv::read(value)?.into_iter();
            Ok(fields.map(|(name, value)| (name, Field::text(value))).collect())
        }
        (Content::Json(value) | Content::Text(value), _) => Ok(plain(text(value)?)),
        (Content::Binary(value), _) => Ok(plain(field(Field::binary(value.clone()), mount)?)),
        (Content::Fields(fields), _) => {
            let mut names = HashSet::new();
            for (name, _) in fields {
                if !names.insert(name) {
                    let message = format!(
                        "the backend returned the field `{}` twice",
                        escape::escape_name(name)
                    );
                    return Err(Error::new(ErrorKind::Undecodable, message));
                }
            }
            fields.iter().map(|(name, value)| Ok((name.clone(), text(value)?))).collect()
        }
    }
}

/// Returns the answer as tools read it: JSON that is not an object is one plain text.
pub(crate) fn plain_if_no_object(mut fetched: Fetched) -> Fetched {
    // Exposed to look at its first character.
    let is_object = |text: &SecretValue| text.expose_bytes().trim_ascii_start().starts_with(b"{");
    if let Content::Json(text) = &fetched.content
        && !is_object(text)
    {
        fetched.content = Content::Text(text.clone());
    }
    fetched
}

/// Returns the value of a request: the whole payload, or the member of a JSON object or set that its key
/// names.
pub(crate) fn requested_field(fetched: &Fetched, request: &Request) -> Result<Field, Error> {
    let key = request.view().key;
    let missing = |names: &mut dyn Iterator<Item = &str>| {
        let message = format!("the secret has no field `{}`", escape::escape_name(key));
        let names = escape::backquoted_list(names);
        Error::new(ErrorKind::KeyNotFound, message).with_help(format!("its fields are {names}"))
    };
    let found = match &fetched.content {
        Content::Json(value) if key.is_empty() => Field::text(value.clone()),
        Content::Json(value) => {
            check_length(value)?;
            let mut members = members(value)?;
            match members.iter().position(|(name, _)| name == key) {
                Some(at) => members.swap_remove(at).1,
                None => return Err(missing(&mut members.iter().map(|(name, _)| name.as_str()))),
            }
        }
        Content::Text(value) => Field::text(value.clone()),
        Content::Binary(value) => Field::binary(value.clone()),
        Content::Fields(fields) => match fields.iter().find(|(name, _)| name == key) {
            Some((_, value)) => Field::text(value.clone()),
            None => return Err(missing(&mut fields.iter().map(|(name, _)| name.as_str()))),
        },
    };
    field(found, fetched.mount.as_ref())
}

fn members(value: &SecretValue) -> Result<Vec<(String, Field)>, Error> {
    let members = json::members(value);
    let members = members.map_err(|fault| Error::from_problems(vec![fault.into_problem()]))?;
    Ok(members.into_iter().map(|(name, json)| (name, Field::from(json))).collect())
}

/// Returns the field of what a backend has returned, which may be what a platform has mounted.
fn field(found: Field, mount: Option<&MountOrigin>) -> Result<Field, Error> {
    let field = match mount {
        Some(mount) => found.into_mounted(mount),
        None => found,
    };
    check_length(&field.value)?;
    Ok(field)
}

fn check_length(value: &SecretValue) -> Result<(), Error> {
    if value.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    let message =
        format!("the value has {} bytes, and at most {MAX_VALUE_BYTES} are allowed", value.len());
    Err(Error::new(ErrorKind::InvalidValue, message)
        .with_help("keep large data elsewhere, and its key or address here"))
}
