use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// Why a run stopped. Of what serde says, only what the *type* is made of is kept: names of fields and
/// variants, and what was expected. What was found is dropped where it is said.
#[derive(Debug)]
pub(super) enum Stop {
    /// A field of this name is needed.
    Missing(&'static str),
    /// A field of this name is there already.
    Duplicate(&'static str),
    /// A field is none of these.
    Unknown(&'static [&'static str]),
    /// A value is not what is needed.
    Misfit(Misfit),
    /// The next run will get further.
    Again,
    /// What is wrong is noted, and no stand-in will do.
    Stuck,
}

impl Stop {
    /// A misfit in words of our own, which hold no value.
    pub(super) fn misfit(what: impl Into<String>) -> Self {
        Self::Misfit(Misfit::Ours(what.into()))
    }
}

#[derive(Debug)]
pub(super) enum Misfit {
    /// In our own words.
    Ours(String),
    /// What the type expects, in its own words.
    Expected(String),
    /// The type says something else, which may hold the value.
    Refused,
}

/// For a type that says what it does not like in words of its own.
pub(super) const REFUSED: &str = "the type's own check refuses the value";

impl Misfit {
    /// What is wrong, if the type's own words have no word in common with any of the values.
    pub(super) fn into_message<'v>(self, values: impl IntoIterator<Item = &'v [u8]>) -> String {
        match self {
            Self::Ours(what) => what,
            Self::Expected(what) if !values.into_iter().any(|value| shares(&what, value)) => {
                format!("expected {what}")
            }
            Self::Expected(_) | Self::Refused => REFUSED.to_owned(),
        }
    }
}

/// Whether a text could have been made of a value: it holds the value, or a word of it is in the value.
fn shares(text: &str, value: &[u8]) -> bool {
    let within = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).any(|part| part == needle);
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2);
    (!value.is_empty() && within(text.as_bytes(), value))
        || words.any(|word| within(value, word.as_bytes()))
}

impl de::Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Self::Misfit(Misfit::Refused)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Misfit(Misfit::Expected(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Misfit(Misfit::Expected(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Misfit(Misfit::Expected(expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::misfit(match expected {
            [] => "expected a variant, and the type has none".to_owned(),
            [only] => format!("expected `{only}`"),
            _ => format!("expected one of {}", ticked(expected.iter().copied())),
        })
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown(expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Duplicate(field)
    }
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A type may print the error of an inner type, so this says nothing.
        f.write_str("the value is not of the type asked for")
    }
}

impl std::error::Error for Stop {}

/// The fields that a type has, for a help line.
pub(super) fn of_the_type(known: &'static [&'static str]) -> String {
    match known {
        [] => "the type has no fields".to_owned(),
        _ => format!("those of the type are {}", ticked(known.iter().copied())),
    }
}

/// Names for a message, of which a long list is cut.
pub(super) fn ticked<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 20;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> =
        names.take(SHOWN).map(|name| format!("`{}`", name.escape_debug())).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
