//! Where values are read from: the command line, files, standard input.

use std::{
    fs::File,
    io::{ErrorKind as IoKind, Read},
    path::{Path, PathBuf},
};

use secrets_runtime::{Error, ErrorKind, SecretValue, backend::MAX_VALUE_BYTES};
use zeroize::Zeroizing;

use crate::{failure::problem, page::MASK, words::Words};

/// What a file or standard input is for: a field is text, a plain value may be bytes, and a document is read
/// further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Field,
    Plain,
    Document,
}

/// A value as it was typed: `@FILE`, `@@..` for a value that starts with `@`, or the value itself.
pub fn typed(key: &str, text: &str, used: Use, words: &Words) -> Result<SecretValue, Error> {
    let value = match text.strip_prefix('@') {
        None => SecretValue::from(text),
        Some(literal) if literal.starts_with('@') => SecretValue::from(literal),
        Some(path) => {
            // What stands there may be a value that starts with `@`, so it is not repeated.
            let whose = if used == Use::Plain { "--plain" } else { key };
            file(key, &format!("the file after `@` of `{whose}`"), &home(path), used, words)?
        }
    };
    check(key, value)
}

/// Standard input, whole.
pub fn stdin(key: &str, used: Use, words: &Words) -> Result<SecretValue, Error> {
    read(key, "standard input", std::io::stdin().lock(), used, words)
}

/// A file, whole; `-` is standard input.
pub fn document(path: &Path, words: &Words) -> Result<SecretValue, Error> {
    let key = path.display().to_string();
    match path == Path::new("-") {
        true => stdin("standard input", Use::Document, words),
        false => file(&key, &format!("the file `{key}`"), path, Use::Document, words),
    }
}

/// Refuses what cannot be a value: our own mask, which was copied from what this command prints.
pub fn check(key: &str, value: SecretValue) -> Result<SecretValue, Error> {
    if value.ct_eq(&SecretValue::from(MASK)) {
        let message = format!("`{MASK}` is the mask of a value, not a value");
        let help = "give the value itself; `secrets get NAME KEY --reveal` shows it";
        return Err(problem(key, ErrorKind::InvalidValue, message, help));
    }
    Ok(value)
}

fn file(
    key: &str,
    name: &str,
    path: &Path,
    used: Use,
    words: &Words,
) -> Result<SecretValue, Error> {
    let fail = |reason: &str| {
        let message = format!("{name} cannot be read: {reason}");
        let help = match used {
            Use::Document => "check the path, and who may read it",
            _ => "check the path, and who may read it; a value that starts with @ is written @@",
        };
        problem(key, ErrorKind::InvalidValue, message, help)
    };
    let reason = |error: std::io::Error| match error.kind() {
        IoKind::NotFound => fail("there is no such file"),
        IoKind::PermissionDenied => fail("it is not permitted"),
        kind => fail(&kind.to_string()),
    };
    if path.as_os_str().is_empty() {
        return Err(fail("it has no name"));
    }
    let opened = File::open(path).map_err(reason)?;
    if opened.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(fail("it is a folder"));
    }
    read(key, name, opened, used, words)
}

fn read(
    key: &str,
    name: &str,
    from: impl Read,
    used: Use,
    words: &Words,
) -> Result<SecretValue, Error> {
    // A document of `import` holds many secrets, one of `render` is a file of the user's.
    let most = if used == Use::Document { 1 << 30 } else { MAX_VALUE_BYTES };
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE_BYTES + 1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| {
        let message = format!("{name} cannot be read: {}", error.kind());
        problem(key, ErrorKind::InvalidValue, message, "check what it is")
    })?;
    if bytes.len() > most {
        let message = format!("{name} has more than {most} bytes");
        let help = "keep large data elsewhere, and its key or address here";
        return Err(problem(key, ErrorKind::InvalidValue, message, help));
    }
    // Looked at to tell what it ends with, and whether it is text.
    let ends = [(&b"\r\n"[..], "CR and LF"), (b"\n", "a line break")];
    if used != Use::Document
        && let Some((_, end)) = ends.iter().find(|(end, _)| bytes.ends_with(end))
    {
        words.say(&format!("note: {key}: {name} ends with {end}, which is part of the value"));
    }
    let value = SecretValue::from(std::mem::take(&mut *bytes));
    if used != Use::Plain && value.expose_str().is_err() {
        let message = format!("{name} is binary");
        let help = match used {
            Use::Field => {
                "a field is text: keep bytes as a secret of their own, with --plain=@FILE, or encode them"
            }
            _ => "text in UTF-8 is needed",
        };
        return Err(problem(key, ErrorKind::InvalidValue, message, help));
    }
    Ok(value)
}

/// A path with `~/` for the home folder, since no shell expands it behind `--KEY=@`.
fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
