use super::{texts::Shown, variables::Variable};

/// A setting of the process: its name, what holds, and where that comes from. Credentials, and texts that may
/// hold one in passing, are left out.
#[derive(Debug, Clone)]
pub struct Setting {
    variable: &'static Variable,
    text: Option<String>,
    origin: String,
    is_set: bool,
}

impl Setting {
    pub(crate) fn of(shown: &Shown) -> Self {
        Self {
            variable: shown.variable,
            text: shown.text.clone(),
            origin: shown.origin.to_string(),
            is_set: shown.origin != super::Origin::Default,
        }
    }

    /// Its variable, which says its name and its default.
    #[must_use]
    pub fn variable(&self) -> &'static Variable {
        self.variable
    }

    /// The text that was given; `None` where nothing was, or where it is not to be shown.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Where it comes from, for a person: a variable, the line of `secrets.toml`, `built in code`, `default`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether anything was given.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.is_set
    }
}
