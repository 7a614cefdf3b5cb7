//! Declarations from texts and lists that are read at run time: from a command line, a file or a request.

use std::ops::Range;

use secrets_spec::{
    Diagnostic, Node, Request, Source, Value, read_json, read_requests, read_sources,
};

use crate::{
    core::error::{Error, Problem},
    declaration::{
        DeclarationBuilder,
        parse::{malformed, parse_source, problem, problems, source},
    },
};

impl DeclarationBuilder {
    /// Adds sources, each written as for [`DeclarationBuilder::source`].
    ///
    /// # Errors
    /// Every mistake in all of them, each as [`DeclarationBuilder::source`] reports it.
    pub fn sources<T: AsRef<str>>(self, texts: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        self.add_sources(texts.into_iter().map(|text| parse_source(text.as_ref())).collect())
    }

    /// Adds a list of sources written in JSON, with the same content as the attribute's list.
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
            Err(error) => vec![Err(vec![malformed(&error)])],
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
            Err(error) => return self.or_error(Some(vec![malformed(&error)])),
        };
        let mut complaints = Vec::new();
        let drafts = read_requests(&node, &mut complaints);
        if !complaints.is_empty() {
            let named = |complaint: Diagnostic<Range<usize>>| {
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
        let found = self.declaration.add_requests(requests);
        self.or_error(Some(found).filter(|found| !found.is_empty()))
    }

    /// Marks the values of `inline` sources as coming from outside the program, for example from a command
    /// line or a file. They then cause no warning that they are part of the program.
    #[must_use]
    pub fn inline_from_outside(mut self) -> Self {
        self.declaration.in_test = true;
        self
    }

    fn add_sources(mut self, read: Vec<Result<Source, Vec<Problem>>>) -> Result<Self, Error> {
        let found = self.declaration.add_sources(read);
        self.or_error(Some(found).filter(|found| !found.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use crate::{core::error::ErrorKind, declaration::Declaration};

    #[test]
    fn every_mistake_of_a_list_is_reported_with_its_source() {
        let list = r#"["good", "bad name", {"id": "x", "optons": {}}, {"id": "y", "options": {"json": "no"}}]"#;
        let error = Declaration::builder("s").sources_json(list).unwrap_err();
        let origins: Vec<_> = error.problems().iter().map(|p| p.origin()).collect();
        assert_eq!(origins, ["bad name", "x", "y"]);
    }

    #[test]
    fn text_that_is_not_a_list_is_an_invalid_source() {
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
    fn no_mistake_in_json_shows_a_value() {
        let builder = || Declaration::builder("s");
        for name in ["env_vars", "env_var", r"env\u005fvars"] {
            for value in ["SeNtInEl", "'SeNtInEl'", r#"["SeNtInEl"]"#, r#""SeNtInEl"#] {
                let options = format!(r#"{{"{name}": {{"A": {value}}}}}"#);
                let source = format!(r#"{{"options": {options}, "type": "inline", "id": "1"}}"#);
                let list = format!("[{source}]");
                for error in [
                    builder().sources_json(&list).unwrap_err(),
                    builder().sources_json(&source).unwrap_err(),
                    builder().requests_json(&list).unwrap_err(),
                    builder().source(&source).unwrap_err(),
                    builder().sources([&source]).unwrap_err(),
                    // A list, or shell quotes, in place of one source.
                    builder().source(&list).unwrap_err(),
                    builder().source(&format!("'{source}'")).unwrap_err(),
                    builder().source(&format!("\u{feff}{source}")).unwrap_err(),
                    builder().sources_json(&serde_json::json!([source]).to_string()).unwrap_err(),
                ] {
                    assert!(!error.to_string().contains("SeNtInEl"), "a value is shown");
                }
            }
        }
        let error = builder().source(r#"{"id": prod-db}"#).unwrap_err();
        let problem = &error.problems()[0];
        assert_eq!(problem.message(), "it is not JSON, at byte 7: a text is not quoted");
        assert_eq!(problem.help(), Some("write it in double quotes"));
    }

    #[test]
    fn error_messages_contain_no_control_characters() {
        let builder = || Declaration::builder("s");
        for error in [
            builder().source("locl.\u{1b}[2Jx").unwrap_err(),
            builder().source("{\"id\": \"a\\u001b[2J\"}").unwrap_err(),
            builder().role("\u{1b}[2J").unwrap_err(),
            builder().request("a\u{1b}[2J", "b").unwrap_err(),
            builder().sources(["local.a\u{202e}", "env.a\u{202e}"]).unwrap_err(),
        ] {
            let message = error.problems()[0].message();
            assert!(
                !error.to_string().contains('\u{1b}') && !message.contains('\u{202e}'),
                "{error:?}"
            );
        }
    }

    #[test]
    fn mistakes_in_requests_are_reported_at_once() {
        let list = r#"[{"group": "db", "key": "a/b"}, {"group": "db", "kei": "x"}, {"group": "g", "env_var": "low"}]"#;
        let error = Declaration::builder("s").requests_json(list).unwrap_err();
        assert_eq!(error.problems().len(), 3, "{error}");
    }

    const SOURCES: &str = r#"["db", {"id": "x", "type": "inline", "options": {"env_vars": {"A": "SeNtInEl", "B_C": "SeNtInEl SeNtInEl"}}}]"#;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1000))]

        #[test]
        fn no_damaged_list_shows_a_value(
            changes in proptest::collection::vec((0..SOURCES.len(), 0..5_usize, "[ \"'{}\\[\\]:,=a-c]{0,3}"), 1..6),
        ) {
            let mut chars: Vec<char> = SOURCES.chars().collect();
            for (at, removed, piece) in changes {
                let at = at.min(chars.len());
                let end = (at + removed).min(chars.len());
                chars.splice(at..end, piece.chars());
            }
            let text: String = chars.into_iter().collect();
            let builder = || Declaration::builder("s");
            for read in [
                builder().sources_json(&text),
                builder().requests_json(&text),
                builder().source(&text),
                builder().source(text.trim_start_matches(['[', '"', 'd', 'b', ',', ' '])),
            ] {
                if let Err(error) = read {
                    proptest::prop_assert!(!format!("{error:?}").contains("SeNtInEl"), "{} of {}", error, text);
                }
            }
        }
    }
}
