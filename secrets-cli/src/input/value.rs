//! Reads values from the command line, files and standard input.

use std::{
    fs::File,
    io::{ErrorKind as IoKind, Read},
    path::{Path, PathBuf},
};

use secrets_runtime::{Error, ErrorKind, SecretValue, backend::MAX_VALUE_BYTES};
use zeroize::Zeroizing;

use crate::{
    failure::error_about,
    output::{reporter::Reporter, wiped_output::MASK},
};

/// What an input is used for, which decides its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A field: text.
    Field,
    /// A plain value: text or bytes.
    Plain,
    /// A file that is parsed: text, and longer than a value may be.
    Document,
}

/// The values that stand for standard input.
pub const STDIN: [&str; 2] = ["-", "@-"];

/// Reads a value as it was typed: `-` for standard input, `@FILE`, `@@..` for a value that starts with `@`, or the value
/// itself.
pub fn read_typed(
    key: &str,
    text: &str,
    kind: InputKind,
    reporter: &Reporter,
) -> Result<SecretValue, Error> {
    let value = match text.strip_prefix('@') {
        _ if STDIN.contains(&text) => read_stdin(key, kind, reporter)?,
        None => SecretValue::from(text),
        Some(literal) if literal.starts_with('@') => SecretValue::from(literal),
        Some(path) => {
            // The path may in truth be a value that starts with `@`, so no message repeats it.
            let option = if kind == InputKind::Plain { "--plain" } else { key };
            let name = format!("the file after `@` of `{option}`");
            read_file(key, &name, &expand_home(path), kind, reporter)?
        }
    };
    refuse_mask(key, value)
}

/// Reads all of standard input.
pub fn read_stdin(key: &str, kind: InputKind, reporter: &Reporter) -> Result<SecretValue, Error> {
    read(key, "standard input", std::io::stdin().lock(), kind, reporter)
}

/// Reads a whole file, or standard input if the path is `-`.
pub fn read_document(path: &Path, reporter: &Reporter) -> Result<SecretValue, Error> {
    let key = path.display().to_string();
    match path == Path::new("-") {
        true => read_stdin("standard input", InputKind::Document, reporter),
        false => read_file(&key, &format!("the file `{key}`"), path, InputKind::Document, reporter),
    }
}

/// Refuses the mask as a value: it was copied from the output of this command.
pub fn refuse_mask(key: &str, value: SecretValue) -> Result<SecretValue, Error> {
    if value.ct_eq(&SecretValue::from(MASK)) {
        let message = format!("`{MASK}` is the mask of a value, not a value");
        let help = "enter the value itself; `secrets get NAME KEY --reveal` shows it";
        return Err(error_about(key, ErrorKind::InvalidValue, message, help));
    }
    Ok(value)
}

fn read_file(
    key: &str,
    name: &str,
    path: &Path,
    kind: InputKind,
    reporter: &Reporter,
) -> Result<SecretValue, Error> {
    let fail = |reason: &str| {
        let message = format!("{name} cannot be read: {reason}");
        let help = match kind {
            InputKind::Document => "check the path, and who may read it",
            _ => "check the path, and who may read it; a value that starts with @ is written @@",
        };
        error_about(key, ErrorKind::InvalidValue, message, help)
    };
    let explain = |error: std::io::Error| match error.kind() {
        IoKind::NotFound => fail("there is no such file"),
        IoKind::PermissionDenied => fail("it is not permitted"),
        kind => fail(&kind.to_string()),
    };
    if path.as_os_str().is_empty() {
        return Err(fail("it has no name"));
    }
    let file = File::open(path).map_err(explain)?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(fail("it is a folder"));
    }
    read(key, name, file, kind, reporter)
}

fn read(
    key: &str,
    name: &str,
    from: impl Read,
    kind: InputKind,
    reporter: &Reporter,
) -> Result<SecretValue, Error> {
    // A document of `import` has many secrets, and one of `render` is any file of the user's.
    let most = if kind == InputKind::Document { 1 << 30 } else { MAX_VALUE_BYTES };
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE_BYTES + 1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| {
        let message = format!("{name} cannot be read: {}", error.kind());
        error_about(key, ErrorKind::InvalidValue, message, "check what it is")
    })?;
    if bytes.len() > most {
        let message = format!("{name} has more than {most} bytes");
        let help = "store large data elsewhere, and its key or address here";
        return Err(error_about(key, ErrorKind::InvalidValue, message, help));
    }
    // The value is inspected only for how it ends and whether it is text.
    let ends = [(&b"\r\n"[..], "CR and LF"), (b"\n", "a line break")];
    if kind != InputKind::Document
        && let Some((_, end)) = ends.iter().find(|(end, _)| bytes.ends_with(end))
    {
        let from = if name.starts_with("the file") { "the file" } else { name };
        let advice = "to leave it out, write the value with `printf %s`";
        reporter.info(&format!(
            "note: {key}: {from} ends with {end}, which is part of the value; {advice}"
        ));
    }
    let value = SecretValue::from(std::mem::take(&mut *bytes));
    if kind != InputKind::Plain && value.expose_str().is_err() {
        let message = format!("{name} is binary");
        let help = match kind {
            InputKind::Field => {
                "a field is text: store bytes as a plain value with --plain=@FILE, or encode them"
            }
            _ => "text in UTF-8 is needed",
        };
        return Err(error_about(key, ErrorKind::InvalidValue, message, help));
    }
    Ok(value)
}

/// Replaces a leading `~/` by the home folder, since a shell does not expand it after `--KEY=@`.
fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
