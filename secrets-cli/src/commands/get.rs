use secrets_runtime::{
    ErrorKind,
    admin::{StoredField, StoredSecret},
};

use crate::{
    args::Get,
    failure::Failure,
    output::{
        escape::{escape_controls, json_string},
        format::OutputFormat,
        reporter::Reporter,
        variables::push_dotenv,
        wiped_output::{MASK, WipedOutput, text_of},
    },
    stores::Stores,
    tag,
};

/// Shows a secret, or one field of it.
pub fn run(args: &Get, reporter: &Reporter) -> Result<(), Failure> {
    let stores = Stores::open(args.common.backend.as_deref())?;
    let secret = stores.read(&args.name, args.previous)?;
    let fields: Vec<&StoredField> = match &args.key {
        None => secret.fields().iter().collect(),
        Some(key) => vec![field(&args.name, &secret, key)?],
    };
    let mut output = WipedOutput::default();
    match (args.common.format, args.key.is_some(), fields.as_slice()) {
        (OutputFormat::Json, ..) => {
            output.push("{");
            for (index, field) in fields.iter().enumerate() {
                output.push(if index > 0 { "," } else { "" });
                output.push(json_string(field.key()));
                output.push(":");
                output.push_json(field.value(), field.is_binary(), args.reveal);
            }
            output.push("}\n");
        }
        // One revealed field is printed as its bytes alone.
        (OutputFormat::Text, true, [field]) if args.reveal => {
            output.push(field.value().expose_bytes())
        }
        (OutputFormat::Text, true, _) => output.push(format!("{MASK}\n")),
        (OutputFormat::Text, false, fields) => {
            for field in fields {
                let key = escape_controls(field.key());
                if args.reveal {
                    let value = text_of(field.value(), field.is_binary());
                    push_dotenv(&mut output, &key, &value);
                } else {
                    output.push(format!("{key}={MASK}\n"));
                }
            }
        }
    }
    output.print()?;
    let is_whole = args.common.format == OutputFormat::Text && args.key.is_none();
    for field in fields.iter().filter(|field| is_whole && args.reveal && field.is_binary()) {
        let key = field.key();
        reporter.info(&format!(
            "note: `{key}` is bytes, shown in base64; `secrets get {} {key} --reveal` prints the bytes",
            args.name
        ));
    }
    if let (OutputFormat::Text, None, Some(manager)) =
        (args.common.format, &args.key, stores.secrets_manager())
    {
        tag::show(manager, &args.name, reporter);
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
