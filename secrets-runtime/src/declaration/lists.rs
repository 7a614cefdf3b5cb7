//! Declarations that are texts and lists at run time: of a command line, a file, a request.

use std::ops::Range;

use secrets_spec::{
    Complaint, Node, Request, Source, SourceDraft, SpecError, Value, read_json, read_requests,
    read_source, read_sources,
};

use super::{DeclarationBuilder, parse_source};
use crate::{Error, ErrorKind, Problem};

impl DeclarationBuilder {
    /// Adds sources, each as [`DeclarationBuilder::source`] takes it.
    ///
    /// # Errors
    /// Every mistake in all of them, as [`DeclarationBuilder::source`] reports one.
    pub fn sources<T: AsRef<str>>(self, texts: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        self.add_sources(texts.into_iter().map(|text| parse_source(text.as_ref())).collect())
    }

    /// Adds a list of sources written in JSON: the same list as the attribute takes.
    ///
    /// ```
    /// # use secrets_runtime::{Declaration, Error, ErrorKind};
    /// let builder = Declaration::builder("load");
    /// let list = r#"["prod-db", {"id": "token", "options": {"json": false}}]"#;
    /// assert!(builder.clone().sources_json(list).is_ok());
    ///
    /// let error = builder.sources_json(r#"["prod db", {"id": "token", "option": {}}]"#).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidSource);
    /// assert_eq!(error.problems().len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Every mistake in it, as [`DeclarationBuilder::source`] reports one.
    pub fn sources_json(self, list: &str) -> Result<Self, Error> {
        let sources = match read_json(list) {
            Err(error) => vec![Err(vec![malformed(&error, list)])],
            Ok(Node { value: Value::List(items), .. }) => items.iter().map(source).collect(),
            Ok(node) => {
                let mut complaints = Vec::new();
                read_sources(&node, &mut complaints);
                vec![Err(problems(complaints, "the list of sources"))]
            }
        };
        self.add_sources(sources)
    }

    /// Adds a list of requests written in JSON: objects with `group`, `key`, `group_version`,
    /// `mount_requirement` and `env_var`.
    ///
    /// ```
    /// # use secrets_runtime::{Declaration, Error};
    /// let list = r#"[{"group": "db", "key": "password", "env_var": "DB_PASSWORD"}]"#;
    /// Declaration::builder("load").requests_json(list)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Every mistake in it, as [`DeclarationBuilder::secret`] reports one.
    pub fn requests_json(mut self, list: &str) -> Result<Self, Error> {
        let node = match read_json(list) {
            Ok(node) => node,
            Err(error) => return self.or_error(Some(vec![malformed(&error, list)])),
        };
        let mut complaints = Vec::new();
        let drafts = read_requests(&node, &mut complaints);
        if !complaints.is_empty() {
            let named = |complaint: Complaint<Range<usize>>| {
                let at = complaint.at.start;
                let draft = drafts.iter().rev().find(|draft| draft.at.contains(&at));
                let request = draft.and_then(|draft| draft.clone().into_request());
                let origin = request.map_or("the list of requests".to_owned(), |r| r.to_string());
                problem(complaint, &origin)
            };
            let found = complaints.into_iter().map(named).collect();
            return self.or_error(Some(found));
        }
        let requests: Vec<Request> =
            drafts.into_iter().filter_map(secrets_spec::RequestDraft::into_request).collect();
        let found: Vec<Problem> = requests
            .into_iter()
            .filter_map(|request| self.declaration.add_request(request).err())
            .collect();
        self.or_error(Some(found).filter(|found| !found.is_empty()))
    }

    /// Says that the values of `inline` sources come from outside of the program, from a command line or a
    /// file: there is no warning that they are part of it.
    #[must_use]
    pub fn inline_from_outside(mut self) -> Self {
        self.declaration.in_test = true;
        self
    }

    fn add_sources(mut self, read: Vec<Result<Source, Vec<Problem>>>) -> Result<Self, Error> {
        let mut found = Vec::new();
        for source in read {
            match source {
                Ok(source) => found.extend(self.declaration.add_source(source).err()),
                Err(problems) => found.extend(problems),
            }
        }
        self.or_error(Some(found).filter(|found| !found.is_empty()))
    }
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

fn problems(complaints: Vec<Complaint<Range<usize>>>, origin: &str) -> Vec<Problem> {
    complaints.into_iter().map(|complaint| problem(complaint, origin)).collect()
}

fn problem(complaint: Complaint<Range<usize>>, origin: &str) -> Problem {
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

#[cfg(test)]
mod tests {
    use crate::{Declaration, ErrorKind};

    #[test]
    fn every_mistake_of_a_list_is_told_with_its_source() {
        let list = r#"["good", "bad name", {"id": "x", "optons": {}}, {"id": "y", "options": {"json": "no"}}]"#;
        let error = Declaration::builder("s").sources_json(list).unwrap_err();
        let origins: Vec<_> = error.problems().iter().map(|p| p.origin()).collect();
        assert_eq!(origins, ["bad name", "x", "y"]);
    }

    #[test]
    fn what_is_no_list_is_an_invalid_source() {
        for text in ["{}", "\"a\"", "1", "null"] {
            let builder = Declaration::builder("s");
            assert_eq!(
                builder.clone().sources_json(text).unwrap_err().kind(),
                ErrorKind::InvalidSource
            );
            assert_eq!(builder.requests_json(text).unwrap_err().kind(), ErrorKind::InvalidSource);
        }
    }

    #[test]
    fn the_same_source_twice_is_one_and_another_of_its_group_is_refused() {
        let twice = Declaration::builder("s").sources_json(r#"["a", "a"]"#).unwrap();
        assert_eq!(twice.build().sources.len(), 1);
        let other = Declaration::builder("s").sources_json(r#"["a", "env.a"]"#).unwrap_err();
        assert_eq!(other.kind(), ErrorKind::InvalidSource);
    }

    #[test]
    fn malformed_json_shows_no_value() {
        let source = r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": SeNtInEl}}}"#;
        for error in [
            Declaration::builder("s").sources_json(&format!("[{source}]")).unwrap_err(),
            Declaration::builder("s").source(source).unwrap_err(),
            Declaration::builder("s").sources([source]).unwrap_err(),
        ] {
            assert!(!error.to_string().contains("SeNtInEl"), "a value is shown");
        }
    }

    #[test]
    fn mistakes_in_requests_are_told_at_once() {
        let list = r#"[{"group": "db", "key": "a/b"}, {"group": "db", "kei": "x"}, {"group": "g", "env_var": "low"}]"#;
        let error = Declaration::builder("s").requests_json(list).unwrap_err();
        assert_eq!(error.problems().len(), 3, "{error}");
    }
}
