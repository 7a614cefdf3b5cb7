use secrets_runtime::{Error, ErrorKind, StoredSecret};

use crate::{
    args::Update,
    argv::Field,
    failure::{self, Failure, problem},
    given, prompt,
    shelf::Shelf,
    tag,
    words::Words,
};

/// Changes fields of a secret, or removes them.
pub fn run(args: &Update, fields: &[Field], words: &Words) -> Result<(), Failure> {
    let (values, name) = (&args.values, args.values.name.as_str());
    let given =
        given::read(values, fields, !args.remove.is_empty() || !values.tag.is_empty(), words)?;
    if values.plain.is_some() && !args.remove.is_empty() {
        return Err(Failure::usage("one plain value has no fields", "remove --plain or --remove"));
    }
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let tagger = tag::setter(&shelf, &values.tag)?;
    let set_tags = || tagger.map_or(Ok(()), |manager| tag::set(manager, name, &values.tag, words));
    if given.secret.is_none() && !given.ask && args.remove.is_empty() {
        return set_tags();
    }
    let before = shelf.read_own(name)?;
    let lost = if values.plain.is_some() && before.is_set() { before.fields().len() } else { 0 };
    let fields = if lost == 1 { "1 field".to_owned() } else { format!("{lost} fields") };
    if lost > 0 && !args.drop_fields {
        let message = format!("it has {fields}, which one plain value would take the place of");
        let help = "add --drop-fields if that is meant; --KEY=VALUE changes one field";
        return Err(Failure::about(name, ErrorKind::InvalidSource, message, help));
    }
    let after = match given.secret {
        Some(plain) if !plain.is_set() => plain,
        given_fields => {
            if values.plain.is_some() || (given.ask && !before.is_set()) {
                ask_plain(before, name, words)?
            } else {
                let mut after = remove(before, &args.remove, name)?;
                if let Some(fields) = given_fields {
                    after.merge(fields)?;
                }
                if given.ask { ask(after, words)? } else { after }
            }
        }
    };
    if let Some(schema) = values.schema {
        schema.check(after.fields().iter().map(|field| field.key()))?;
    }
    let kept = shelf.keep(name, &after)?;
    words.kept(&format!("updated `{name}` in {}", shelf.kind()), &[kept])?;
    if lost > 0 {
        words.say(&format!("{fields} gone: `secrets get {name} --previous` has what was there"));
    }
    set_tags()
}

/// The secret without these fields, or every reason why not.
fn remove(mut secret: StoredSecret, keys: &[String], name: &str) -> Result<StoredSecret, Failure> {
    if !secret.is_set() {
        let help = "replace the value: secrets update NAME --plain";
        let message = "it is one plain value, and has no fields to change";
        return Err(Failure::about(name, ErrorKind::InvalidSource, message, help));
    }
    let known: Vec<String> = secret.fields().iter().map(|f| f.key().to_owned()).collect();
    let mut problems: Vec<Error> = Vec::new();
    for key in keys {
        if !secret.remove(key) {
            let names = known.join(", ");
            let help = match secrets_spec::closest(key, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? its fields are {names}"),
                None => format!("its fields are {names}"),
            };
            let message = format!("the secret has no field `{key}`");
            problems.push(problem(name, ErrorKind::KeyNotFound, message, help));
        }
    }
    failure::all(problems)?;
    Ok(secret)
}

/// Asks for each field; an empty answer leaves it as it is.
fn ask(mut secret: StoredSecret, words: &Words) -> Result<StoredSecret, Failure> {
    let keys: Vec<String> = secret.fields().iter().map(|field| field.key().to_owned()).collect();
    for key in keys {
        let question = format!("new value of {key} (Enter leaves it as it is): ");
        if let Some(value) = prompt::value(&question, false, words)? {
            secret.set(&key, value)?;
        }
    }
    Ok(secret)
}

fn ask_plain(before: StoredSecret, name: &str, words: &Words) -> Result<StoredSecret, Failure> {
    let question = format!("new value of {name} (Enter leaves it as it is): ");
    match prompt::value(&question, false, words)? {
        Some(value) => Ok(given::plain(value, name)?),
        None => Ok(before),
    }
}
