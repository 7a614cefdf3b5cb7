use std::io::IsTerminal;

use secrets_runtime::{
    ErrorKind, Resolver,
    admin::{StoredField, StoredSecret},
};
use secrets_spec::shell_word;

use crate::{
    args::Get,
    failure::Failure,
    leases,
    output::{
        escape::{escape_controls, escape_name, json_string},
        format::OutputFormat,
        reporter::Reporter,
        variables::push_dotenv,
        wiped_output::{MASK, WipedOutput, text_of},
    },
    stores::{self, Stores},
    tag,
};

/// Shows a secret, or one field of it.
pub fn run(args: &Get, reporter: &Reporter) -> Result<(), Failure> {
    let resolver = stores::resolver(args.common.backend.as_deref())?;
    let stores = Stores::of(&resolver)?;
    if let Some(target) = mapped_elsewhere(&args.name, &resolver) {
        reporter.info(&format!(
            "note: secrets.toml maps `{0}` to `{target}` for steps, `run` and `resolve`; `get` reads `{0}` in {1}",
            args.name,
            stores.kind(),
        ));
    }
    let secret = stores.read(&args.name, args.previous)?;
    let fields: Vec<&StoredField> = match &args.key {
        None => secret.fields().iter().collect(),
        Some(key) => vec![field(&args.name, &secret, key)?],
    };
    if args.reveal {
        stores.record_read(&args.name, &secret, fields.iter().map(|field| field.key()))?;
    }
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
            output.push(field.value().expose_bytes());
            // A shell would print its prompt on the same line.
            if std::io::stdout().is_terminal() && !field.value().expose_bytes().ends_with(b"\n") {
                output.push("\n");
            }
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
    if let Some(lease) = secret.lease().filter(|_| args.reveal) {
        leases::leave_one(&args.name, lease, reporter);
    }
    let is_whole = args.common.format == OutputFormat::Text && args.key.is_none();
    for field in fields.iter().filter(|field| is_whole && args.reveal && field.is_binary()) {
        let key = field.key();
        reporter.info(&format!(
            "note: `{key}` is bytes, shown in base64; `secrets get {} {} --reveal` prints the bytes",
            shell_word(&args.name),
            shell_word(key)
        ));
    }
    if let (OutputFormat::Text, None, Some(manager)) =
        (args.common.format, &args.key, stores.secrets_manager())
    {
        tag::show(manager, &args.name, reporter);
    }
    Ok(())
}

/// Returns the source to which secrets.toml maps a name, if that is another secret.
fn mapped_elsewhere(name: &str, resolver: &Resolver) -> Option<String> {
    let (_, kind, id) = resolver.mapped_sources().find(|(mapped, ..)| *mapped == name)?;
    let is_here = kind.is_none_or(|kind| resolver.default_backends().next() == Some(kind));
    let id = id.unwrap_or(name);
    let target = kind.map_or_else(|| id.to_owned(), |kind| format!("{kind}.{id}"));
    (!is_here || id != name).then_some(target)
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
        // Only the first byte is read, for a hint that does not show it.
        let looks_like_json = match secret.fields() {
            [one] => !secret.is_set() && one.value().expose_bytes().first() == Some(&b'{'),
            _ => false,
        };
        let help = match looks_like_json {
            true => format!(
                "{help}; its value looks like JSON: a step reads its fields with options = {{ json = true }}, and \
                 `register --from-json` stores them as fields"
            ),
            false => help,
        };
        let message = format!("the secret has no field `{}`", escape_name(key));
        Failure::about(name, ErrorKind::KeyNotFound, message, help)
    })
}
