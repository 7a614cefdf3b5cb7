//! Warnings: what a person should know of, and what stops nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// With what a warning on standard error begins.
pub const WARNING_START: &str = "secrets: warning: ";

/// Warns with `text`, which has no value in it: as a `tracing` event with the feature `tracing`, else as one line on
/// standard error.
pub(crate) fn warn(text: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "secrets_runtime", "{}", crate::core::escape::escape_controls(text.to_owned()));
    #[cfg(not(feature = "tracing"))]
    write_line(text, &mut std::io::stderr().lock());
}

/// Warns as [`warn`], once for each text in this process.
pub(crate) fn warn_once(text: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let is_new = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
    if is_new {
        warn(text);
    }
}

/// Warns as [`warn`], at most every five seconds for each text: for what many may run into at once.
pub(crate) fn warn_now_and_then(text: &str) {
    static SAID: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());
    let now = Instant::now();
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.retain(|_, at| now.duration_since(*at) < Duration::from_secs(5));
    let is_new = said.insert(text.to_owned(), now).is_none_or(|at| {
        // It is not put off by being said again.
        said.insert(text.to_owned(), at);
        false
    });
    drop(said);
    if is_new {
        warn(text);
    }
}

#[cfg(any(test, not(feature = "tracing")))]
fn write_line(text: &str, out: &mut impl std::io::Write) {
    // A path may have line breaks and terminal controls, and a warning stays one line.
    let line =
        format!("{WARNING_START}{}\n", crate::core::escape::escape_controls(text.to_owned()));
    // Not `eprintln`, which panics where standard error is closed: a step does not end over a warning.
    let _ = out.write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::write_line;

    #[test]
    fn a_warning_is_one_line_whatever_it_names() {
        let mut out = Vec::new();
        write_line("the folder a\nb\u{1b}[2J is odd", &mut out);
        assert_eq!(out, b"secrets: warning: the folder a\\nb\\u{1b}[2J is odd\n");
    }
}
