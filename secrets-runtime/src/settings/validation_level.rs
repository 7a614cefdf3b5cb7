use std::fmt;

use crate::core::error::{Error, ErrorKind};

/// How much a validation checks, as in ZenML.
///
/// ```
/// use secrets_runtime::ValidationLevel;
///
/// assert_eq!(" secret_exists ".parse::<ValidationLevel>()?, ValidationLevel::SecretExists);
/// assert_eq!(ValidationLevel::default(), ValidationLevel::SecretAndKeyExists);
/// # Ok::<(), secrets_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum ValidationLevel {
    /// `NONE`: checks nothing.
    None,
    /// `SECRET_EXISTS`: checks whether each secret exists. No value is read, so the right to list is enough.
    SecretExists,
    /// `SECRET_AND_KEY_EXISTS`: checks whether each secret exists and has the requested keys.
    #[default]
    SecretAndKeyExists,
}

impl ValidationLevel {
    /// All levels, from the least to the most thorough.
    pub const ALL: &'static [Self] = &[Self::None, Self::SecretExists, Self::SecretAndKeyExists];

    /// Returns the level as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::SecretExists => "SECRET_EXISTS",
            Self::SecretAndKeyExists => "SECRET_AND_KEY_EXISTS",
        }
    }
}

impl fmt::Display for ValidationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ValidationLevel {
    type Err = Error;

    /// Parses a level, without regard to case and surrounding white space.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if the level is unknown.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        let known =
            Self::ALL.iter().copied().find(|level| level.as_str().eq_ignore_ascii_case(name));
        known.ok_or_else(|| {
            let names = Self::ALL.iter().map(|level| level.as_str());
            let help = match secrets_spec::closest(name, names) {
                Some(better) => format!("did you mean {better}?"),
                None => "write NONE, SECRET_EXISTS or SECRET_AND_KEY_EXISTS".to_owned(),
            };
            Error::new(ErrorKind::InvalidConfig, "there is no such validation level")
                .with_help(help)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_around_do_not_count() {
        for level in ValidationLevel::ALL {
            let text = format!("\t{} \n", level.as_str().to_lowercase());
            assert_eq!(text.parse::<ValidationLevel>().ok(), Some(*level));
        }
    }

    #[test]
    fn an_unknown_level_is_an_error_with_a_suggestion() {
        for (text, help) in
            [("SECRET_EXIST", "did you mean SECRET_EXISTS?"), ("full", "write NONE, ")]
        {
            let error = text.parse::<ValidationLevel>().expect_err("there is no such level");
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.problems()[0].help().is_some_and(|h| h.starts_with(help)), "{error}");
        }
    }
}
