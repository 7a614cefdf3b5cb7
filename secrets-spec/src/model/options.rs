use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use crate::grammar::{
    backend_type::BuiltIn,
    flaw::{Flaw, FlawKind},
    region::check_region,
    variable::check_variable_name,
    version::check_selector,
};

/// The types that have an option, and what it means for the others.
#[derive(Debug, Clone, Copy)]
pub enum OptionScope {
    /// Every type has the option.
    Every,
    /// Only these types have it. For another built-in type it is a mistake.
    Only(&'static [BuiltIn]),
    /// Only these types have it. The others ignore it, so that one declaration serves several deployments.
    IgnoredByOthers(&'static [BuiltIn]),
}

/// What an option takes.
#[derive(Debug, Clone, Copy)]
pub enum OptionKind {
    /// `true` or `false`.
    Flag,
    /// One of these whole numbers.
    Number(&'static [u8]),
    /// A text that passes this check.
    Text(fn(&str) -> Option<Flaw>),
    /// Names and texts: the values of an `inline` source.
    Texts,
}

/// An option of a source: a row of [`OPTIONS`].
#[derive(Debug, Clone, Copy)]
pub struct OptionField {
    /// The name.
    pub name: &'static str,
    /// What it takes.
    pub kind: OptionKind,
    /// The types that have it.
    pub scope: OptionScope,
}

impl OptionField {
    /// Returns the row of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|field| field.name == name)
    }
}

/// Writes the table of options and the struct that holds them from the same rows: a field, its row and its place in
/// [`Options::get`] and [`Options::set`].
macro_rules! options {
    ($( $(#[$doc:meta])* $name:ident: $kind:ident $(($check:expr))?, $scope:expr; )*) => {
        /// The options that the built-in types have. A type that a user defines may have any.
        pub const OPTIONS: &[OptionField] = &[$(
            OptionField { name: stringify!($name), kind: OptionKind::$kind $(($check))?, scope: $scope },
        )*];

        /// The options of a source.
        ///
        /// The fields are those of the built-in types, by the rows of [`OPTIONS`]; options that only a type of the
        /// user has are read with [`get`](Self::get).
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub struct Options {
            $( $(#[$doc])* pub $name: Option<options!(@type $kind)>, )*
            others: BTreeMap<String, OptionValue>,
        }

        impl Options {
            /// Returns the option of this name, if it is set.
            #[must_use]
            pub fn get(&self, name: &str) -> Option<OptionValue> {
                match name {
                    $( stringify!($name) => self.$name.clone().map(OptionValue::$kind), )*
                    _ => self.others.get(name).cloned(),
                }
            }

            /// Sets an option. A value of another kind than the row of a built-in option is ignored.
            pub fn set(&mut self, name: &str, value: OptionValue) {
                match (name, value) {
                    $( (stringify!($name), OptionValue::$kind(value)) => self.$name = Some(value), )*
                    (name, value) => {
                        if OptionField::find(name).is_none() {
                            self.others.insert(String::from(name), value);
                        }
                    }
                }
            }
        }
    };
    (@type Flag) => { bool };
    (@type Number) => { u8 };
    (@type Text) => { String };
    (@type Texts) => { InlineVars };
}

options! {
    /// Whether the payload is read as a JSON object. If `None`, the backend decides.
    json: Flag, OptionScope::Every;
    /// How the payload is read: `json`, `dotenv` or `text`. `json` and `text` are `json = true` and `json = false`.
    format: Text(check_format), OptionScope::Every;
    /// The name of the variable, and of the field, for a plain value.
    env_var_name: Text(check_optional_variable_name), OptionScope::Every;
    /// The AWS region.
    region: Text(check_region), OptionScope::IgnoredByOthers(&[BuiltIn::AwsSecretsManager, BuiltIn::Ssm]);
    /// The id of the version.
    version_id: Text(check_selector), OptionScope::Only(VERSIONED);
    /// The stage of the version, such as `AWSPREVIOUS`.
    version_stage: Text(check_selector), OptionScope::Only(STAGED);
    /// Whether a missing secret is an error. `None` means true.
    required: Flag, OptionScope::Every;
    /// The version of Vault's KV engine, if it is not to be found out.
    kv: Number(&[1, 2]), OptionScope::Only(&[BuiltIn::Vault]);
    /// The values of an `inline` source.
    env_vars: Texts, OptionScope::Only(&[BuiltIn::Inline]);
}

/// The types whose versions have stages.
const STAGED: &[BuiltIn] = &[BuiltIn::AwsSecretsManager, BuiltIn::Local, BuiltIn::Flyte];

/// The types whose secrets have versions.
const VERSIONED: &[BuiltIn] =
    &[BuiltIn::AwsSecretsManager, BuiltIn::Local, BuiltIn::Flyte, BuiltIn::Vault];

const fn check_optional_variable_name(text: &str) -> Option<Flaw> {
    if text.is_empty() { None } else { check_variable_name(text) }
}

const fn check_format(text: &str) -> Option<Flaw> {
    if PayloadFormat::parse(text).is_some() {
        return None;
    }
    Some(Flaw::new(FlawKind::FormatText, 0, text.len()))
}

/// How a payload is read into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadFormat {
    /// As a JSON object: a field for each member.
    Json,
    /// As a dotenv file: a field for each variable.
    Dotenv,
    /// As one plain value.
    Text,
}

impl PayloadFormat {
    /// Returns the format of this name.
    #[must_use]
    pub const fn parse(name: &str) -> Option<Self> {
        use crate::text::bytes::equal;
        let name = name.as_bytes();
        if equal(name, Self::Json.as_str().as_bytes()) {
            Some(Self::Json)
        } else if equal(name, Self::Dotenv.as_str().as_bytes()) {
            Some(Self::Dotenv)
        } else if equal(name, Self::Text.as_str().as_bytes()) {
            Some(Self::Text)
        } else {
            None
        }
    }

    /// Returns the format's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Text => "text",
        }
    }

    /// Returns the format that the option `json` names.
    #[must_use]
    pub const fn of_json(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// Checks the text of an option by its row; a text of an option without a row passes. In const evaluation.
#[must_use]
pub const fn check_option(name: &str, text: &str) -> Option<Flaw> {
    use crate::text::bytes::equal;
    let name = name.as_bytes();
    // Function pointers cannot be called in const evaluation, so the names stand here once more; a test compares
    // them with the table.
    if equal(name, b"format") {
        check_format(text)
    } else if equal(name, b"env_var_name") {
        check_optional_variable_name(text)
    } else if equal(name, b"region") {
        check_region(text)
    } else if equal(name, b"version_id") || equal(name, b"version_stage") {
        check_selector(text)
    } else {
        None
    }
}

impl Options {
    /// Whether a missing secret is an error.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required.unwrap_or(true)
    }

    /// Returns how the payload is read, by `format` or `json`. If `None`, the backend decides.
    #[must_use]
    pub fn payload_format(&self) -> Option<PayloadFormat> {
        let format = self.format.as_deref().and_then(PayloadFormat::parse);
        format.or_else(|| self.json.map(PayloadFormat::of_json))
    }

    /// Iterates over the options that are set: first those of the table in its order, then the others by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, OptionValue)> {
        let known = OPTIONS.iter().filter_map(|field| Some((field.name, self.get(field.name)?)));
        known.chain(self.others.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    /// Returns these options with those of `other` laid over them.
    #[must_use]
    pub(crate) fn overlaid(&self, other: &Self) -> Self {
        let mut options = self.clone();
        // The two selectors of a version belong together: half of each would name a version that nobody meant.
        if other.version_id.is_some() || other.version_stage.is_some() {
            (options.version_id, options.version_stage) = (None, None);
        }
        // `json` and `format` say the same thing in two ways.
        if other.json.is_some() || other.format.is_some() {
            (options.json, options.format) = (None, None);
        }
        for (name, value) in other.iter() {
            options.set(name, value);
        }
        options
    }
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OptionValue {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u8),
    /// A text.
    Text(String),
    /// Names and texts. Their `Debug` shows only the names.
    Texts(InlineVars),
}

/// The values of an `inline` source. Its `Debug` shows only the names.
///
/// These values are already in memory as part of the program or its configuration, so the copies here are plain text
/// and are not wiped when dropped.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct InlineVars(Vec<(String, String)>);

impl InlineVars {
    /// Iterates over names and values, in source order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for InlineVars {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(vars: I) -> Self {
        Self(vars.into_iter().collect())
    }
}

impl fmt::Debug for InlineVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name, format_args!("[REDACTED]")));
        f.debug_map().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_const_check_of_an_option_is_that_of_its_row() {
        for field in OPTIONS {
            let OptionKind::Text(check) = field.kind else { continue };
            for text in ["", "us-west-2", "A B", "1", "DB_PASSWORD", "SECRETS_X", "dotenv", "\u{1}"]
            {
                assert_eq!(check(text), check_option(field.name, text), "{}: {text:?}", field.name);
            }
        }
    }

    #[test]
    fn an_option_is_set_and_read_by_its_name_and_by_its_field() {
        let mut options = Options::default();
        options.set("json", OptionValue::Flag(false));
        options.set("region", OptionValue::Text(String::from("us-west-2")));
        options.set("engine", OptionValue::Text(String::from("kv")));
        // A value of the wrong kind changes nothing.
        options.set("version_id", OptionValue::Flag(true));
        assert_eq!((options.json, options.region.as_deref()), (Some(false), Some("us-west-2")));
        assert_eq!(options.get("engine"), Some(OptionValue::Text(String::from("kv"))));
        assert_eq!(options.get("version_id"), None);
        let names: Vec<&str> = options.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["json", "region", "engine"]);
    }
}
