//! Shared by the tests: recorded cases, and checks of errors.

use std::collections::{BTreeMap, BTreeSet};

use secrets_spec::{Diagnostic, Node, SpecError, read_json};
use serde_json::Value;

/// Returns the recorded cases under `part` of a file in `tests/vectors`, by the text that `id` returns for each.
pub fn recorded(file: &str, part: &str, id: fn(&Value) -> String) -> BTreeMap<String, Value> {
    let path = format!("{}/../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file[part].as_array().unwrap();
    let by_id: BTreeMap<_, _> = cases.iter().map(|case| (id(case), case.clone())).collect();
    assert_eq!(by_id.len(), cases.len(), "two cases of {part} have one id");
    by_id
}

/// Fails unless the ids listed in a test are exactly those of the recorded cases.
pub fn assert_all_listed<'a>(
    cases: &BTreeMap<String, Value>,
    listed: impl IntoIterator<Item = &'a str>,
) {
    let mut seen = BTreeSet::new();
    for id in listed {
        assert!(seen.insert(id), "{id:?} is listed twice");
    }
    let recorded: BTreeSet<_> = cases.keys().map(String::as_str).collect();
    let dropped: Vec<_> = recorded.difference(&seen).collect();
    let made_up: Vec<_> = seen.difference(&recorded).collect();
    assert!(dropped.is_empty(), "recorded cases that no test runs or lists: {dropped:?}");
    assert!(made_up.is_empty(), "cases that are not recorded: {made_up:?}");
}

/// Fails unless the range of the error is inside the text and at character boundaries, and its text is safe to print.
pub fn assert_points_into(error: &SpecError, text: &str) {
    let range = error.range();
    assert!(range.start <= range.end && range.end <= text.len(), "{range:?} of {text:?}: {error}");
    assert!(text.is_char_boundary(range.start), "{range:?} of {text:?}: {error}");
    assert!(text.is_char_boundary(range.end), "{range:?} of {text:?}: {error}");
    assert!(!error.message().is_empty());
    let said = error.to_string();
    assert!(!said.chars().any(is_control_or_bidi), "{said:?} of {text:?}");
}

/// Whether the character moves the cursor of a terminal or changes the direction of the text.
fn is_control_or_bidi(c: char) -> bool {
    let is_bidi = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_bidi
}

/// Returns the text in the range of the error.
pub fn pointed<'a>(error: &SpecError, text: &'a str) -> &'a str {
    &text[error.range()]
}

/// Reads a JSON text, and returns the diagnostics: the text in their range, message and help.
pub fn diagnostics<T>(
    json: &str,
    read: impl FnOnce(&Node<std::ops::Range<usize>>, &mut Vec<Diagnostic<std::ops::Range<usize>>>) -> T,
) -> (T, Vec<(String, String, String)>) {
    let node = read_json(json).unwrap();
    let mut diagnostics = Vec::new();
    let read = read(&node, &mut diagnostics);
    let said = diagnostics
        .into_iter()
        .map(|c| (json[c.at].to_owned(), c.message, c.help.unwrap_or_default()))
        .collect();
    (read, said)
}
