use secrets_runtime::{ErrorKind, StoredField, StoredSecret};

use crate::{
    args::{Format, Get},
    dotenv,
    failure::Failure,
    page::{MASK, Page, json_string, plainly, text_of},
    shelf::Shelf,
    tag,
    words::Words,
};

/// Shows a secret, or one field of it.
pub fn run(args: &Get, words: &Words) -> Result<(), Failure> {
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    let secret = shelf.read(&args.name, args.previous)?;
    let fields: Vec<&StoredField> = match &args.key {
        None => secret.fields().iter().collect(),
        Some(key) => vec![field(&args.name, &secret, key)?],
    };
    let mut page = Page::default();
    match (args.common.format, args.key.is_some(), fields.as_slice()) {
        (Format::Json, ..) => {
            page.push("{");
            for (index, field) in fields.iter().enumerate() {
                page.push(if index > 0 { "," } else { "" });
                page.push(json_string(field.key()));
                page.push(":");
                page.push_json(field.value(), field.is_binary(), args.reveal);
            }
            page.push("}\n");
        }
        // The bytes alone: what was asked for.
        (Format::Text, true, [field]) if args.reveal => page.push(field.value().expose_bytes()),
        (Format::Text, true, _) => page.push(format!("{MASK}\n")),
        (Format::Text, false, fields) => {
            for field in fields {
                let key = plainly(field.key());
                if args.reveal {
                    let value = text_of(field.value(), field.is_binary());
                    dotenv::push_dotenv(&mut page, &key, &value);
                } else {
                    page.push(format!("{key}={MASK}\n"));
                }
            }
        }
    }
    page.print()?;
    let is_whole = args.common.format == Format::Text && args.key.is_none();
    for field in fields.iter().filter(|field| is_whole && args.reveal && field.is_binary()) {
        let key = field.key();
        words.say(&format!(
            "note: `{key}` is bytes, shown in base64; `secrets get {} {key} --reveal` writes them",
            args.name
        ));
    }
    if let (Format::Text, None, Some(manager)) = (args.common.format, &args.key, shelf.manager()) {
        tag::show(manager, &args.name, words);
    }
    Ok(())
}

fn field<'a>(name: &str, secret: &'a StoredSecret, key: &str) -> Result<&'a StoredField, Failure> {
    let keys = || secret.fields().iter().map(StoredField::key);
    secret.fields().iter().find(|field| field.key() == key).ok_or_else(|| {
        let names = keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() {
            "it has no fields".to_owned()
        } else {
            format!("its fields are {names}")
        };
        let help = match secrets_spec::closest(key, keys()) {
            Some(near) => format!("did you mean `{near}`? {names}"),
            None => names,
        };
        let message = format!("the secret has no field `{}`", key.escape_debug());
        Failure::about(name, ErrorKind::KeyNotFound, message, help)
    })
}
