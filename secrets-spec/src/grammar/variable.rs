use alloc::{format, string::String};
use core::fmt;

use crate::{
    grammar::{
        flaw::{Flaw, FlawKind},
        spec_error::SpecError,
    },
    text::bytes::{char_end, matches_at},
};

/// Checks the name of an environment variable that secrets may set: `[A-Za-z_][A-Za-z0-9_]*`, but neither
/// `METAFLOW_*` nor `SECRETS_*`.
///
/// ```
/// use secrets_spec::check_variable;
///
/// const _: () = assert!(check_variable("DB_PASSWORD").is_none());
/// assert!(check_variable("METAFLOW_USER").is_some());
/// ```
#[must_use]
pub const fn check_variable(text: &str) -> Option<Flaw> {
    match check_shape(text.as_bytes(), false) {
        Some(flaw) => Some(flaw),
        None => check_not_reserved(text.as_bytes()),
    }
}

/// Checks a text that is mapped to a variable: [`check_variable`] after `- . / + = @` and space are replaced by `_`.
#[must_use]
pub const fn check_variable_name(text: &str) -> Option<Flaw> {
    match check_shape(text.as_bytes(), true) {
        Some(flaw) => Some(flaw),
        None => check_not_reserved(text.as_bytes()),
    }
}

/// Checks a name in the `env_vars` of an `inline` source, which is not mapped.
#[must_use]
pub const fn check_inline_name(text: &str) -> Option<Flaw> {
    check_variable(text)
}

/// The variables that glibc ignores in programs with more rights than their caller, as it ignores `LD_*`; but for
/// `TMPDIR`, which many programs need
/// (<https://sourceware.org/git/?p=glibc.git;a=blob;f=sysdeps/generic/unsecvars.h>).
const GUARDED: &[&str] = &[
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "MALLOC_TRACE",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TZDIR",
];

/// Whether a variable decides which code and which system files every program loads: `LD_*` and `DYLD_*` of the dynamic
/// linker, and those of the C library. A secret should not set one by accident.
///
/// ```
/// use secrets_spec::is_guarded_variable;
///
/// assert!(is_guarded_variable("LD_PRELOAD") && is_guarded_variable("GCONV_PATH"));
/// assert!(!is_guarded_variable("DB_PASSWORD"));
/// ```
#[must_use]
pub fn is_guarded_variable(name: &str) -> bool {
    name.starts_with("LD_") || name.starts_with("DYLD_") || GUARDED.contains(&name)
}

/// Checks Flyte's `env_var`: `^[A-Z_][A-Z0-9_]*$`, and not a reserved name.
#[must_use]
pub const fn check_env_var(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::EnvVarShape, 0, 0));
    }
    let mut i = 0;
    while i < bytes.len() {
        if !(matches!(bytes[i], b'A'..=b'Z' | b'_') || (i > 0 && bytes[i].is_ascii_digit())) {
            return Some(Flaw::new(FlawKind::EnvVarShape, i, char_end(bytes, i)));
        }
        i += 1;
    }
    check_not_reserved(bytes)
}

const fn is_mapped(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'+' | b'=' | b'@' | b' ')
}

const fn check_shape(bytes: &[u8], map: bool) -> Option<Flaw> {
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::VariableEmpty, 0, 0));
    }
    if bytes[0].is_ascii_digit() {
        return Some(Flaw::new(FlawKind::VariableDigit, 0, 1));
    }
    let mut i = 0;
    while i < bytes.len() {
        let good = bytes[i].is_ascii_alphanumeric() || bytes[i] == b'_';
        if !(good || (map && is_mapped(bytes[i]))) {
            return Some(Flaw::new(FlawKind::VariableCharacter, i, char_end(bytes, i)));
        }
        i += 1;
    }
    None
}

/// Checks for the reserved prefixes after the mapping: `METAFLOW-X` becomes `METAFLOW_X`.
const fn check_not_reserved(bytes: &[u8]) -> Option<Flaw> {
    let metaflow =
        matches_at(bytes, 0, b"METAFLOW") && bytes.len() > 8 && maps_to_underscore(bytes[8]);
    let secrets =
        matches_at(bytes, 0, b"SECRETS") && bytes.len() > 7 && maps_to_underscore(bytes[7]);
    if metaflow || secrets {
        return Some(Flaw::new(FlawKind::VariableReserved, 0, bytes.len()));
    }
    None
}

const fn maps_to_underscore(byte: u8) -> bool {
    byte == b'_' || is_mapped(byte)
}

/// The name of an environment variable.
///
/// ```
/// use secrets_spec::VariableName;
///
/// assert_eq!(VariableName::of_field("my-secret.plain")?.as_str(), "my_secret_plain");
/// assert!(VariableName::of_field("9lives").is_err());
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName(String);

impl VariableName {
    /// Maps the name of a field to a variable: `- . / + = @` and space become `_`; the case stays.
    ///
    /// # Errors
    /// If the result is not a valid variable name, or is reserved.
    pub fn of_field(field: &str) -> Result<Self, SpecError> {
        match check_variable_name(field) {
            // The field already exists under this name, so a similar name would not help.
            Some(flaw) => {
                let error = flaw.explain(field);
                let help = format!("rename the field: {}", flaw.kind.help());
                Err(SpecError::new(error.message(), error.range(), Some(help))
                    .with_is_name(error.is_name()))
            }
            None => Ok(Self(Self::map(field))),
        }
    }

    /// Parses the name of a variable, without mapping it.
    ///
    /// # Errors
    /// If the text is not a valid variable name, or is reserved.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        match check_variable(text) {
            Some(flaw) => Err(flaw.explain(text)),
            None => Ok(Self(String::from(text))),
        }
    }

    /// Maps the name of a field without checking the result.
    #[must_use]
    pub fn map(field: &str) -> String {
        field.chars().map(|c| if c.is_ascii() && is_mapped(c as u8) { '_' } else { c }).collect()
    }

    /// Returns the variable's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
