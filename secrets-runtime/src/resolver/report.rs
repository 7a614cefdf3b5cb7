use std::{collections::HashSet, fmt};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::core::error::{Error, ErrorKind, Problem};

/// The result of a validation.
///
/// As JSON it is `{"ok": true, "checked": [..], "problems": [..]}`. Each element of `checked` is like
/// `{"name": "prod-db", "backend": "env", "ok": false, "kind": "NotFound"}`, where `backend` and `kind` may
/// be `null`. For `problems` see [`Problem`]. It contains no value of a secret.
#[derive(Clone, Default)]
#[must_use = "a validation changes nothing by itself"]
pub struct Report {
    problems: Vec<Problem>,
    checked: Vec<Checked>,
    known: HashSet<Checked>,
}

/// One checked item: a source, a request, or a key of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checked {
    name: String,
    backend: Option<String>,
    kind: Option<ErrorKind>,
}

impl Checked {
    /// Returns the source as it is written, or `group/key` for a request or a key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type of the backend that answered.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.backend.as_deref()
    }

    /// Returns the kind of the problem, or `None` if the check passed.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }
}

impl Report {
    /// Returns whether every check passed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns all problems, in declared order.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns everything that was checked, in declared order.
    #[must_use]
    pub fn checked(&self) -> &[Checked] {
        &self.checked
    }

    /// Converts the report into a `Result`, for `?`.
    ///
    /// # Errors
    /// All problems, if there is one.
    pub fn into_result(self) -> Result<(), Error> {
        if self.is_ok() { Ok(()) } else { Err(Error::from_problems(self.problems)) }
    }

    /// Adds the result of another validation.
    pub(crate) fn append(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.checked.extend(other.checked);
        self.known.extend(other.known);
    }

    /// Replaces the help of each problem for which `help` returns another one.
    pub(crate) fn help_with(&mut self, help: impl Fn(&Problem) -> Option<String>) {
        for problem in &mut self.problems {
            if let Some(help) = help(problem) {
                *problem = problem.clone().with_help(help);
            }
        }
    }

    /// Adds the answer for `name`. A name that was added before is not added again.
    pub(crate) fn add(&mut self, name: &str, backend: Option<&str>, error: Option<Error>) {
        let (name, backend) = (name.to_owned(), backend.map(str::to_owned));
        let kind = error.as_ref().map(Error::kind);
        let checked = Checked { name, backend, kind };
        if !self.known.insert(checked.clone()) {
            return;
        }
        if let Some(error) = error {
            let error = error.about(&checked.name, checked.backend.as_deref());
            self.problems.extend(error.into_problems());
        }
        self.checked.push(checked);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut report = f.debug_struct("Report");
        report.field("problems", &self.problems).field("checked", &self.checked).finish()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 3)?;
        report.serialize_field("ok", &self.is_ok())?;
        report.serialize_field("checked", &self.checked)?;
        report.serialize_field("problems", &self.problems)?;
        report.end()
    }
}

impl Serialize for Checked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut checked = serializer.serialize_struct("Checked", 4)?;
        checked.serialize_field("name", &self.name)?;
        checked.serialize_field("backend", &self.backend)?;
        checked.serialize_field("ok", &self.kind.is_none())?;
        checked.serialize_field("kind", &self.kind)?;
        checked.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_a_report_lists_checks_and_problems() {
        let mut report = Report::default();
        report.add("good", Some("env"), None);
        report.add("bad", None, Some(Error::new(ErrorKind::NotFound, "there is none")));
        assert_eq!(
            serde_json::to_string(&report).expect("JSON"),
            r#"{"ok":false,"checked":[{"name":"good","backend":"env","ok":true,"kind":null},{"name":"bad","backend":null,"ok":false,"kind":"NotFound"}],"problems":[{"kind":"NotFound","source":"bad","backend":null,"message":"there is none","help":null}]}"#
        );
    }
}
