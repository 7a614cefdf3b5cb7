//! Reads sources that were written at run time, and reports the problems of their texts.

use std::ops::Range;

use secrets_spec::{Diagnostic, Node, Source, SourceDraft, SpecError, read_source};

use crate::core::{
    error::{ErrorKind, Problem},
    escape::escape_name,
};

/// Reads a source from a text or JSON, or returns every mistake in it.
pub(crate) fn parse_source(text: &str) -> Result<Source, Vec<Problem>> {
    if !text.trim_start().starts_with('{') {
        return Source::parse(text).map_err(|error| vec![of_spec(&error, text)]);
    }
    let node = secrets_spec::read_json(text).map_err(|error| vec![malformed(&error)])?;
    source(&node)
}

pub(crate) fn of_spec(error: &SpecError, text: &str) -> Problem {
    let kind = if error.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    invalid(error, kind).with_origin(origin(text))
}

/// Returns the name of a source or request that does not parse, to be the origin of a problem. A text with a
/// bracket or a quote may be JSON, a list, or a piece cut out of one, and may contain values of `inline`
/// sources. An apostrophe inside a word is not such a quote.
pub(crate) fn origin(text: &str) -> String {
    let is_sign =
        |c: char| matches!(c, '{' | '}' | '[' | ']' | '"' | '\'' | '`' | '\u{2018}'..='\u{201F}');
    let words: Vec<&str> = text.split('\'').collect();
    let starts = |word: &&str| word.starts_with(char::is_alphanumeric);
    let ends = |word: &&str| word.ends_with(char::is_alphanumeric);
    let has_apostrophe =
        matches!(words.as_slice(), [before, after] if ends(before) && starts(after));
    let has_sign = match has_apostrophe {
        true => words.iter().any(|word| word.contains(is_sign)),
        false => text.contains(is_sign),
    };
    if has_sign { "a source".to_owned() } else { escape_name(text) }
}

pub(crate) fn invalid(error: &SpecError, kind: ErrorKind) -> Problem {
    let problem = Problem::new(kind, error.message());
    match error.help() {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// Reads a source from JSON, or returns every mistake in it.
pub(crate) fn source(node: &Node<Range<usize>>) -> Result<Source, Vec<Problem>> {
    let mut complaints = Vec::new();
    let draft = read_source(node, &mut complaints);
    if complaints.is_empty() {
        return draft.and_then(SourceDraft::into_source).ok_or_else(|| {
            let message = "the source cannot be read";
            vec![Problem::new(ErrorKind::InvalidSource, message).with_origin("a source")]
        });
    }
    let id = draft.and_then(|draft| draft.id.known).unwrap_or_else(|| "a source".to_owned());
    Err(problems(complaints, &origin(&id)))
}

pub(crate) fn problems(complaints: Vec<Diagnostic<Range<usize>>>, origin: &str) -> Vec<Problem> {
    complaints.into_iter().map(|complaint| problem(complaint, origin)).collect()
}

pub(crate) fn problem(complaint: Diagnostic<Range<usize>>, origin: &str) -> Problem {
    let kind = if complaint.is_name { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    let problem = Problem::new(kind, complaint.message).with_origin(origin);
    match complaint.help {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// Returns the problem of a text that is not JSON. The text may contain values of `inline`, so only the
/// position is reported.
pub(crate) fn malformed(error: &SpecError) -> Problem {
    let message = format!("it is not JSON, at byte {}: {}", error.range().start, error.message());
    let problem = Problem::new(ErrorKind::InvalidSource, message).with_origin("a source");
    match error.help() {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}
