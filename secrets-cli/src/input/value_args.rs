//! The values of `register` and `update`: from the command line, from JSON, or from prompts.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use secrets_runtime::{Error, ErrorKind, SecretValue, admin::StoredSecret};

use crate::{
    argv::FieldArg,
    failure::{Failure, fail_on_any},
    input::{
        prompt,
        schema::Schema,
        value::{InputKind, STDIN, read_document, read_typed, refuse_mask},
    },
    output::reporter::Reporter,
    tag::Tag,
};

/// The options of `register` and `update`. The fields, `--KEY=VALUE`, are not among them: `argv` takes them out of
/// the command line first.
#[derive(Debug, Args)]
pub struct ValueArgs {
    /// The secret's name
    pub name: String,
    /// Ask for the values, without showing them
    #[arg(short, long)]
    pub interactive: bool,
    /// Read the fields from a JSON object in a file, or from standard input
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub from_json: Option<PathBuf>,
    /// The kind of secret, which decides its fields
    #[arg(short, long)]
    pub schema: Option<Schema>,
    /// Store one plain value instead of fields: VALUE, @FILE, or - for standard input; without a value, ask for it
    #[arg(long, value_name = "VALUE|@FILE|-", num_args = 0..=1, require_equals = true)]
    pub plain: Option<Option<OsString>>,
    /// Set a tag, where secrets have tags (AWS Secrets Manager)
    #[arg(long, value_name = "KEY=VALUE")]
    pub tag: Vec<Tag>,
}

/// The values that were read without a prompt.
pub struct ValueInput {
    /// The secret with these values; `None` if there are only prompts.
    pub secret: Option<StoredSecret>,
    /// Whether to prompt for values.
    pub ask: bool,
}

impl ValueArgs {
    /// Reads the values that need no prompt. `allow_none` says that the command has something to do without values.
    pub fn read(
        &self,
        fields: &[FieldArg],
        allow_none: bool,
        reporter: &Reporter,
    ) -> Result<ValueInput, Failure> {
        let has_fields = !fields.is_empty() || self.from_json.is_some();
        if self.plain.is_some() && (has_fields || self.schema.is_some()) {
            let help = "store the value and the fields as two secrets";
            return Err(Failure::usage("a secret is one plain value, or it has fields", help));
        }
        let wants_prompt = self.interactive || matches!(self.plain, Some(None));
        let has_nothing = !has_fields && self.plain.is_none() && !allow_none;
        if (wants_prompt || has_nothing) && !prompt::is_interactive() {
            let reason = if has_nothing { "there are no values" } else { "nobody can be asked" };
            let message = format!("{reason}, and standard input is not a terminal");
            let help = if has_fields && self.interactive {
                "remove -i: there are values already"
            } else {
                "write --KEY=VALUE, --KEY=@FILE, --from-json FILE|- or --plain=@FILE|-"
            };
            return Err(Failure::usage(message, help));
        }
        if self.from_json.as_deref().is_some_and(looks_like_json) {
            return Err(Failure::usage(
                "--from-json takes the name of a file, and this is JSON itself",
                "pipe it into `--from-json -`",
            ));
        }
        self.check_standard_input(fields)?;
        self.note_exposed(fields, reporter);
        let input = self.read_checked(fields, has_fields, has_nothing, reporter)?;
        for field in input.secret.iter().flat_map(StoredSecret::fields) {
            if field.value().is_empty() {
                reporter.info(&format!("note: the value of `{}` is empty", field.key()));
            }
        }
        Ok(input)
    }

    /// Refuses a command line that names standard input more than once.
    fn check_standard_input(&self, fields: &[FieldArg]) -> Result<(), Failure> {
        let mut readers: Vec<String> = Vec::new();
        if self.from_json.as_deref() == Some(Path::new("-")) {
            readers.push("--from-json".to_owned());
        }
        readers
            .extend(fields.iter().filter(|(_, text)| is_stdin(text)).map(|f| format!("--{}", f.0)));
        if readers.len() < 2 {
            return Ok(());
        }
        let message = format!("standard input is named more than once: {}", readers.join(", "));
        Err(Failure::usage(message, "read the others from files: --KEY=@FILE"))
    }

    /// Notes that others can see the values of the command line, if somebody has typed it.
    fn note_exposed(&self, fields: &[FieldArg], reporter: &Reporter) {
        let is_value = |text: &OsStr| {
            let is_file = text.as_encoded_bytes().starts_with(b"@")
                && !text.as_encoded_bytes().starts_with(b"@@");
            !(text.is_empty() || is_file || is_stdin(text))
        };
        let plain = self.plain.iter().flatten().any(|text| is_value(text));
        if (plain || fields.iter().any(|(_, text)| is_value(text))) && reporter.is_on_terminal() {
            reporter.info(
                "note: other users of the machine can see a command line, and the shell keeps it in its history: \
                 prefer --KEY=@FILE, --KEY=- (standard input) or -i",
            );
        }
    }

    fn read_checked(
        &self,
        fields: &[FieldArg],
        has_fields: bool,
        has_nothing: bool,
        reporter: &Reporter,
    ) -> Result<ValueInput, Failure> {
        if let Some(plain) = &self.plain {
            let secret = match plain {
                Some(text) => Some(self.read_plain(text, reporter)?),
                None => None,
            };
            return Ok(ValueInput { secret, ask: plain.is_none() });
        }
        let secret = if has_fields { Some(self.read_fields(fields, reporter)?) } else { None };
        Ok(ValueInput { secret, ask: self.interactive || has_nothing })
    }

    fn read_fields(
        &self,
        fields: &[FieldArg],
        reporter: &Reporter,
    ) -> Result<StoredSecret, Failure> {
        let mut errors = Vec::new();
        let mut secret = StoredSecret::from_json("{}")?;
        if let Some(path) = &self.from_json {
            let parsed = read_document(path, reporter)
                .and_then(|text| parse_fields(text, &path.to_string_lossy()));
            match parsed {
                Ok(parsed) => secret = parsed,
                Err(error) => errors.push(error),
            }
        }
        for (key, text) in fields {
            if secret.fields().iter().any(|field| field.key() == key) {
                let message = format!("the field `{key}` occurs twice, in the JSON and by itself");
                return Err(Failure::usage(message, "remove one of the two"));
            }
            // `argv` refused fields that are not UTF-8.
            let text = text.to_str().unwrap_or_default();
            let added = read_typed(key, text, InputKind::Field, reporter)
                .and_then(|value| secret.set(key, value));
            errors.extend(added.err());
        }
        fail_on_any(errors)?;
        Ok(secret)
    }

    fn read_plain(&self, text: &OsStr, reporter: &Reporter) -> Result<StoredSecret, Failure> {
        let name = &self.name;
        let Some(text) = text.to_str() else {
            let message = "the value is not UTF-8";
            let help = "pass bytes as a file: --plain=@FILE";
            return Err(Failure::about(name, ErrorKind::InvalidValue, message, help));
        };
        Ok(plain_secret(read_typed(name, text, InputKind::Plain, reporter)?, name)?)
    }
}

fn is_stdin(text: &OsStr) -> bool {
    text.to_str().is_some_and(|text| STDIN.contains(&text))
}

/// Returns whether a text is not the name of a file that exists, but starts like JSON.
fn looks_like_json(path: &Path) -> bool {
    path.to_string_lossy().trim_start().starts_with(['{', '[', '"']) && !path.exists()
}

fn parse_fields(text: SecretValue, origin: &str) -> Result<StoredSecret, Error> {
    let secret = StoredSecret::from_json(text).map_err(|error| error.about(origin, None))?;
    for field in secret.fields() {
        refuse_mask(field.key(), field.value().clone())?;
    }
    Ok(secret)
}

/// Creates a secret of one plain value: text, or bytes if the value is not UTF-8.
pub fn plain_secret(value: SecretValue, name: &str) -> Result<StoredSecret, Error> {
    match value.expose_str().is_ok() {
        true => StoredSecret::from_text(value, name),
        false => StoredSecret::from_binary(value, name),
    }
}
