//! Prefect's own `config.toml`, of which `[context.secrets]` is read and nothing else.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind as Io, Read},
    path::Path,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use zeroize::Zeroizing;

use crate::{
    core::{
        error::{Error, ErrorKind},
        line_column::LineColumn,
        secret_value::SecretValue,
        warning::warn_once,
    },
    permissions::{self, permission_problem::PermissionProblem},
};

/// The secrets of a `config.toml`.
#[derive(Debug, Default)]
pub(super) struct ContextFile(BTreeMap<String, SecretValue>);

impl ContextFile {
    pub(super) fn get(&self, name: &str) -> Option<&SecretValue> {
        self.0.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Reads the file. One that does not exist has no secrets.
///
/// # Errors
/// `AccessDenied` or `Unavailable` if it cannot be read, `InvalidConfig` if it is not TOML.
pub(super) fn read(path: &Path) -> Result<ContextFile, Error> {
    let text = match text_of(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => {
            return Ok(ContextFile::default());
        }
        Err(error) => {
            let (kind, what) = match error.kind() {
                Io::PermissionDenied => (ErrorKind::AccessDenied, "may not be read"),
                Io::InvalidData => (ErrorKind::InvalidConfig, "is not UTF-8"),
                _ => (ErrorKind::Unavailable, "cannot be read"),
            };
            let message = format!("Prefect's configuration {} {what}", path.display());
            return Err(Error::new(kind, message)
                .with_help("correct it, or name another file with PREFECT__USER_CONFIG_PATH"));
        }
    };
    parse(&text).map_err(|at| {
        let line = LineColumn::of(&text, at).line;
        // What the parser says would quote the line, with a value in it.
        let message =
            format!("Prefect's configuration {}, line {line}, is not TOML", path.display());
        Error::new(ErrorKind::InvalidConfig, message)
            .with_help("correct it, or name another file with PREFECT__USER_CONFIG_PATH")
    })
}

/// Reads the text of the file. Warns if somebody else may have written it, as others then choose the secrets.
fn text_of(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = match permissions::open(path) {
        Ok(file) => file,
        Err(PermissionProblem::Unreadable { error, .. }) => return Err(error),
        Err(PermissionProblem::Exposed { message, help }) => {
            warn_once(&format!(
                "Prefect's configuration {} is read although {message}: {help}",
                path.display()
            ));
            fs::File::open(path)?
        }
    };
    // Large enough from the start: a buffer that grows leaves copies behind.
    let length = file.metadata()?.len().min(1 << 24);
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Parses the secrets in the text of a file. The error is the byte at which the text is not TOML.
fn parse(text: &str) -> Result<ContextFile, usize> {
    let root = DeTable::parse(text).map_err(|error| error.span().map_or(0, |span| span.start))?;
    let context = table(root.get_ref().get("context"));
    let secrets = context.and_then(|context| table(context.get("secrets")));
    let Some(secrets) = secrets else { return Ok(ContextFile::default()) };
    let secret = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = name.get_ref();
        (name.to_string(), value_of(value, text))
    };
    Ok(ContextFile(secrets.iter().map(secret).collect()))
}

fn table<'a, 'i>(value: Option<&'a Spanned<DeValue<'i>>>) -> Option<&'a DeTable<'i>> {
    match value?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// A string as it is; anything else as it is written.
fn value_of(value: &Spanned<DeValue<'_>>, text: &str) -> SecretValue {
    match value.get_ref() {
        DeValue::String(string) => SecretValue::from(&**string),
        // One with a header of its own stands in lines of its own: they are put together.
        DeValue::Table(members) if !text[value.span()].starts_with('{') => {
            let mut lines = Zeroizing::new(Vec::new());
            for (name, member) in members {
                if !lines.is_empty() {
                    lines.push(b'\n');
                }
                lines.extend_from_slice(text[name.span()].as_bytes());
                lines.extend_from_slice(b" = ");
                lines.extend_from_slice(text[member.span()].as_bytes());
            }
            SecretValue::from(std::mem::take(&mut *lines))
        }
        _ => SecretValue::from(&text[value.span()]),
    }
}
