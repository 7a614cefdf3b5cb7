use std::borrow::Cow;

use secrets_spec::{VariableName, closest};

use crate::core::{
    error::{ErrorKind, Problem},
    escape,
};

/// Which variables a program gets from secrets, and under which names: the options of `secrets run`.
///
/// ```
/// use secrets_runtime::{admin::ExportRules, current_context, testing};
///
/// let rules = ExportRules::default().only(["password"]).prefix("TF_VAR_");
/// let fields = [("db", "user", "app"), ("db", "password", "x")];
/// let variables = testing::with_secrets(fields, || {
///     current_context().secrets.exports_by(&rules, |_| None)
/// })?;
/// assert_eq!(variables.len(), 1);
/// assert_eq!(variables[0].0, "TF_VAR_password");
/// # Ok::<(), secrets_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ExportRules {
    only: Vec<String>,
    prefix: String,
    without: Vec<String>,
    has_files: bool,
}

impl ExportRules {
    /// Exports only these fields, which are named by their key or by their variable without the prefix. If it is not
    /// called, all are exported.
    pub fn only(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only.extend(names.into_iter().map(Into::into));
        self
    }

    /// Puts a text before the name of each variable.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Leaves out these variables, whose names have the prefix: they are set in another way.
    pub fn without(mut self, variables: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.without.extend(variables.into_iter().map(Into::into));
        self
    }

    /// Sets the variable of a request for a `FILE` to the path of a file. Otherwise it has the value itself.
    pub fn with_files(mut self) -> Self {
        self.has_files = true;
        self
    }

    /// Returns whether a field or the variable of a request is exported.
    pub(crate) fn includes(&self, name: &str) -> bool {
        let is_meant = |wanted: &String| wanted == name || *wanted == VariableName::map(name);
        self.only.is_empty() || self.only.iter().any(is_meant)
    }

    /// Returns whether a variable is set in another way.
    pub(crate) fn leaves_out(&self, variable: &str) -> bool {
        self.without.iter().any(|known| known == variable)
    }

    /// Returns the name of a field, with the prefix.
    pub(crate) fn prefixed<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.prefix.as_str() {
            "" => Cow::Borrowed(name),
            prefix => Cow::Owned(format!("{prefix}{name}")),
        }
    }

    /// Returns whether the variable of a request for a `FILE` has the path of a file.
    pub(crate) fn has_files(&self) -> bool {
        self.has_files
    }

    /// Returns a problem for each name of `only` that is not one of these fields and variables.
    pub(crate) fn unknown(&self, names: &[&str]) -> Vec<Problem> {
        let is_known = |wanted: &str| {
            names.iter().any(|name| *name == wanted || VariableName::map(name) == wanted)
        };
        let unknown = self.only.iter().filter(|wanted| !is_known(wanted));
        let problem = |wanted: &String| {
            let known =
                format!("the fields are {}", escape::backquoted_list(names.iter().copied()));
            let help = match closest(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? {known}"),
                None => known,
            };
            let message = "no secret here has a field of this name";
            Problem::new(ErrorKind::KeyNotFound, message)
                .with_origin(escape::escape_name(wanted))
                .with_help(help)
        };
        unknown.map(problem).collect()
    }
}
