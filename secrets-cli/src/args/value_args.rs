//! The values of `register` and `update`: from the command line, from JSON, or from prompts.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use secrets_runtime::{Error, ErrorKind, HelpCode, Problem, SecretValue, admin::StoredSecret};

use crate::{
    args::argv::FieldArg,
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
        if let Some(form) = self.from_json.as_deref().and_then(form_of_json) {
            let message =
                format!("--from-json takes the name of a file, and this is JSON itself, {form}");
            return Err(Failure::usage(
                message,
                match form {
                    OBJECT => "pipe it into `--from-json -`".to_owned(),
                    _ => format!(
                        "write an object of fields, such as {EXAMPLE}, and pipe it into `--from-json -`"
                    ),
                },
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
            let origin = match path == Path::new("-") {
                true => "standard input".into(),
                false => path.to_string_lossy(),
            };
            let parsed = read_document(path, reporter).and_then(|text| parse_fields(text, &origin));
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

/// The form that `--from-json` wants, and an example of it.
const OBJECT: &str = "an object";
const EXAMPLE: &str = r#"{"user": "app", "port": 5432}"#;

/// Returns the form of the JSON as which a text starts, in words; `None` if a file of this name exists, or the text does
/// not start like JSON that is written by mistake.
fn form_of_json(path: &Path) -> Option<&'static str> {
    let form = match path.to_string_lossy().trim_start().chars().next()? {
        '{' => OBJECT,
        '[' => "a list",
        '"' => "a string",
        _ => return None,
    };
    (!path.exists()).then_some(form)
}

fn parse_fields(text: SecretValue, origin: &str) -> Result<StoredSecret, Error> {
    let help = format!(
        "write an object of fields, such as {EXAMPLE}; one plain value is stored with --plain=@FILE"
    );
    let secret = fields_from_json(text, origin, &help)?;
    for field in secret.fields() {
        refuse_mask(field.key(), field.value().clone())?;
    }
    Ok(secret)
}

/// Reads the fields of a secret from a JSON object. `help` says what to write, for the one who writes it: a source
/// that could read it as one plain value does not exist yet.
pub fn fields_from_json(
    text: SecretValue,
    origin: &str,
    help: &str,
) -> Result<StoredSecret, Error> {
    let explain = |problem: &Problem| match problem.help_code() {
        Some(HelpCode::PlainValue) => problem.clone().with_help(help),
        _ => problem.clone(),
    };
    StoredSecret::from_json(text).map_err(|error| {
        let explained = Error::join(error.problems().iter().map(explain));
        explained.unwrap_or(error).about(origin, None)
    })
}

/// Creates a secret of one plain value: text, or bytes if the value is not UTF-8.
pub fn plain_secret(value: SecretValue, name: &str) -> Result<StoredSecret, Error> {
    match value.expose_str().is_ok() {
        true => StoredSecret::from_text(value, name),
        false => StoredSecret::from_binary(value, name),
    }
}
