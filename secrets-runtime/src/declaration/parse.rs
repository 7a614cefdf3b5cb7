//! From a text to a source, and from a mistake in one to a problem.

use std::ops::Range;

use secrets_spec::{Complaint, Node, Source, SourceDraft, SpecError, read_json, read_source};

use crate::{ErrorKind, Problem};

/// A source as a text or as JSON, with every mistake in it.
pub(crate) fn parse_source(text: &str) -> Result<Source, Vec<Problem>> {
    if !text.trim_start().starts_with('{') {
        return Source::parse(text).map_err(|error| vec![of_spec(&error, text)]);
    }
    let node = read_json(text).map_err(|error| vec![malformed(&error, text)])?;
    source(&node)
}

/// A source as JSON, with every mistake in it.
pub(super) fn source(node: &Node<Range<usize>>) -> Result<Source, Vec<Problem>> {
    let mut complaints = Vec::new();
    let draft = read_source(node, &mut complaints);
    if complaints.is_empty() {
        return draft.and_then(SourceDraft::into_source).ok_or_else(Vec::new);
    }
    let id = draft.and_then(|draft| draft.id.known).unwrap_or_else(|| "a source".to_owned());
    Err(problems(complaints, &crate::text::quoted(&id)))
}

pub(super) fn problems(complaints: Vec<Complaint<Range<usize>>>, origin: &str) -> Vec<Problem> {
    complaints.into_iter().map(|complaint| problem(complaint, origin)).collect()
}

pub(super) fn problem(complaint: Complaint<Range<usize>>, origin: &str) -> Problem {
    let kind = if complaint.is_name { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    let problem = Problem::new(kind, complaint.message).of(origin);
    match complaint.help {
        Some(help) => problem.help_with(help),
        None => problem,
    }
}

/// The text is no JSON. What stands after the word `env_vars` may be a value: it is pointed at, not quoted.
pub(super) fn malformed(error: &SpecError, text: &str) -> Problem {
    let at = error.range().start;
    let values_from = text.find("env_vars").unwrap_or(usize::MAX);
    let message = format!("it is no JSON, at byte {at}");
    if error.range().end > values_from {
        return Problem::new(ErrorKind::InvalidSource, message)
            .of("a source")
            .help_with("put names and values in double quotes, and close brackets and braces");
    }
    let problem = Problem::new(ErrorKind::InvalidSource, format!("{message}: {}", error.message()));
    match error.help() {
        Some(help) => problem.of("a source").help_with(help),
        None => problem.of("a source"),
    }
}

pub(crate) fn of_spec(error: &SpecError, text: &str) -> Problem {
    let kind = if error.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    invalid(error, kind).of(crate::text::quoted(text))
}

pub(crate) fn invalid(error: &SpecError, kind: ErrorKind) -> Problem {
    let problem = Problem::new(kind, error.message());
    match error.help() {
        Some(help) => problem.help_with(help),
        None => problem,
    }
}
