use secrets_runtime::{
    Error, ErrorKind, SecretValue,
    admin::{StoredField, StoredSecret},
};
use secrets_spec::shell_word;

use crate::{
    args::{Update, argv::FieldArg, value_args::plain_secret},
    failure::{Failure, error_about, fail_on_any},
    input::prompt,
    output::{escape::escape_name, reporter::Reporter},
    stores::Stores,
    tag,
};

/// Changes or removes fields of a secret.
pub fn run(args: &Update, fields: &[FieldArg], reporter: &Reporter) -> Result<(), Failure> {
    let (values, name) = (&args.values, args.values.name.as_str());
    let has_other_changes = !args.remove.is_empty() || !values.tag.is_empty();
    let input = values.read(fields, has_other_changes, reporter)?;
    if values.plain.is_some() && !args.remove.is_empty() {
        return Err(Failure::usage("one plain value has no fields", "remove --plain or --remove"));
    }
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let tagger = tag::find_tagger(&stores, &values.tag)?;
    let set_tags =
        || tagger.map_or(Ok(()), |manager| tag::set(manager, name, &values.tag, reporter));
    if input.secret.is_none() && !input.ask && args.remove.is_empty() {
        return set_tags();
    }
    let mut edit = Edit { args, input: input.secret, answers: None };
    if input.ask {
        // The question does not hold the lock: the secret may be another one when it is answered.
        edit.ask(stores.read_primary(name)?, reporter)?;
    }
    let (mut lost, mut is_unchanged, mut new) = (None, false, String::new());
    let change = stores.update(name, |current| {
        let current = current?;
        lost = edit.lost_fields(&current);
        let after = edit.apply(current.clone())?;
        is_unchanged = after.has_content_of(&current);
        new = new_fields(&current, &after);
        Ok(after)
    })?;
    let kind = stores.kind();
    if is_unchanged {
        // No version was written, so the one before the current one is still there.
        let text = format!("nothing was changed: `{name}` in {kind} has this content already");
        reporter.changes(&text, &[])?;
        return set_tags();
    }
    reporter.changes(&format!("updated `{name}` in {kind}{new}"), &[change])?;
    if let Some(fields) = lost {
        reporter.info(&format!(
            "{fields} replaced: `secrets get {} --previous` shows the version before",
            shell_word(name)
        ));
    }
    set_tags()
}

/// What the command changes in a secret, whatever the secret is by then.
struct Edit<'a> {
    args: &'a Update,
    input: Option<StoredSecret>,
    answers: Option<Answers>,
}

/// What a person has answered, and the secret that the questions were about.
struct Answers {
    before: StoredSecret,
    /// The new plain value, or the new values of fields.
    values: Vec<(Option<String>, SecretValue)>,
}

impl Edit<'_> {
    fn name(&self) -> &str {
        &self.args.values.name
    }

    /// Whether the secret becomes, or stays, one plain value.
    fn is_plain(&self, current: &StoredSecret) -> bool {
        self.args.values.plain.is_some() || self.input.is_none() && !current.is_set()
    }

    /// How many fields one plain value replaces, in words.
    fn lost_fields(&self, current: &StoredSecret) -> Option<String> {
        let is_lost = self.args.values.plain.is_some() && current.is_set();
        is_lost.then(|| match current.fields().len() {
            1 => "1 field".to_owned(),
            count => format!("{count} fields"),
        })
    }

    fn check_lost_fields(&self, current: &StoredSecret) -> Result<(), Failure> {
        match self.lost_fields(current) {
            Some(fields) if !self.args.drop_fields => {
                let message = format!("it has {fields}, which one plain value would replace");
                let help = "add --drop-fields to replace them; --KEY=VALUE changes one field";
                Err(Failure::about(self.name(), ErrorKind::InvalidSource, message, help))
            }
            _ => Ok(()),
        }
    }

    /// Asks for the plain value, or for each field. An empty answer keeps what is there.
    fn ask(&mut self, before: StoredSecret, reporter: &Reporter) -> Result<(), Failure> {
        self.check_lost_fields(&before)?;
        let (before, keys) = if self.is_plain(&before) {
            (before, vec![None])
        } else {
            let before = self.change_fields(before)?;
            let keys = before.fields().iter().map(|field| Some(field.key().to_owned())).collect();
            (before, keys)
        };
        let mut values = Vec::new();
        for key in keys {
            let what = key.as_deref().unwrap_or(self.name());
            let question = format!("new value of {what} (Enter keeps the current one): ");
            if let Some(value) = prompt::ask_value(&question, false, reporter)? {
                values.push((key, value));
            }
        }
        self.answers = Some(Answers { before, values });
        Ok(())
    }

    /// Returns the changed secret.
    fn apply(&self, current: StoredSecret) -> Result<StoredSecret, Failure> {
        self.check_lost_fields(&current)?;
        let after = match &self.input {
            Some(plain) if !plain.is_set() => plain.clone(),
            _ if self.answers.is_some() && self.is_plain(&current) => current,
            _ => self.change_fields(current)?,
        };
        let after = match &self.answers {
            Some(answers) => answers.apply(after, self.name())?,
            None => after,
        };
        if let Some(schema) = self.args.values.schema {
            schema.check(after.fields().iter().map(|field| field.key()))?;
        }
        Ok(after)
    }

    fn change_fields(&self, secret: StoredSecret) -> Result<StoredSecret, Failure> {
        let mut after = remove(secret, &self.args.remove, self.name())?;
        if let Some(fields) = &self.input {
            after.merge(fields.clone())?;
        }
        Ok(after)
    }
}

impl Answers {
    /// Sets the values that were answered. Refuses to replace a value that was changed while the question waited: the
    /// person has answered with the old one in mind.
    fn apply(&self, mut secret: StoredSecret, name: &str) -> Result<StoredSecret, Failure> {
        for (key, value) in &self.values {
            let is_same = match key {
                Some(key) => match (find(&self.before, key), find(&secret, key)) {
                    (Some(before), Some(now)) => before.value().ct_eq(now.value()),
                    _ => false,
                },
                None => self.before.has_content_of(&secret),
            };
            if !is_same {
                let what = match key {
                    Some(key) => format!("the field `{key}`"),
                    None => "it".to_owned(),
                };
                let message = format!(
                    "{what} was changed by another program while this command waited for an answer, and is left unchanged"
                );
                let word = shell_word(name);
                let help = format!("nothing was changed: run `secrets update {word}` again");
                return Err(Failure::about(name, ErrorKind::Conflict, message, help));
            }
            match key {
                Some(key) => secret.set(key, value.clone())?,
                None => return Ok(plain_secret(value.clone(), name)?),
            }
        }
        Ok(secret)
    }
}

/// Names the fields that were added to others, as the end of a sentence. A key that was mistyped is one of them.
fn new_fields(before: &StoredSecret, after: &StoredSecret) -> String {
    let is_new = |field: &&StoredField| before.is_set() && find(before, field.key()).is_none();
    let added = after.fields().iter().filter(is_new);
    let added: Vec<_> = added.map(|field| format!("`{}`", escape_name(field.key()))).collect();
    match added.len() {
        0 => String::new(),
        1 => format!(", with the new field {}", added[0]),
        _ => format!(", with the new fields {}", added.join(", ")),
    }
}

fn find<'a>(secret: &'a StoredSecret, key: &str) -> Option<&'a StoredField> {
    secret.fields().iter().find(|field| field.key() == key)
}

/// Removes fields, or fails with an error for each field that does not exist.
fn remove(mut secret: StoredSecret, keys: &[String], name: &str) -> Result<StoredSecret, Failure> {
    if !secret.is_set() {
        let help = "replace the value: `secrets update NAME --plain`";
        let message = "it is one plain value, without fields to change";
        return Err(Failure::about(name, ErrorKind::InvalidSource, message, help));
    }
    let known: Vec<String> = secret.fields().iter().map(|f| f.key().to_owned()).collect();
    let mut errors: Vec<Error> = Vec::new();
    for key in keys {
        if !secret.remove(key) {
            let names = known.join(", ");
            let help = match secrets_spec::closest(key, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? its fields are {names}"),
                None => format!("its fields are {names}"),
            };
            let message = format!("the secret has no field `{}`", escape_name(key));
            errors.push(error_about(name, ErrorKind::KeyNotFound, message, help));
        }
    }
    fail_on_any(errors)?;
    Ok(secret)
}
