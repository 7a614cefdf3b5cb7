use std::path::Path;

use zeroize::Zeroizing;

use crate::core::{
    error::{Error, ErrorKind},
    escape::escape_controls,
    secret_value::SecretValue,
};

/// A credential with which a backend introduces itself, and the variable or the file that it is read from. An error about
/// its content names that place, and nothing of the content.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(
        feature = "aws-agent",
        feature = "kubernetes",
        feature = "prefect",
        feature = "vault",
        feature = "zenml"
    )),
    allow(dead_code, reason = "these backends send it")
)]
pub(crate) struct Credential {
    value: SecretValue,
    origin: String,
}

#[cfg_attr(
    not(all(
        feature = "aws-agent",
        feature = "kubernetes",
        feature = "prefect",
        feature = "vault",
        feature = "zenml"
    )),
    allow(dead_code, reason = "each of these backends uses a part of it")
)]
impl Credential {
    /// Creates the credential that is read from this place.
    pub(crate) fn new(value: SecretValue, origin: impl Into<String>) -> Self {
        Self { value, origin: escape_controls(origin.into()) }
    }

    /// Creates the credential that is the content of a file, without the blanks and line breaks around it.
    pub(crate) fn of_file(content: &[u8], path: &Path) -> Self {
        Self::new(SecretValue::from(content.trim_ascii().to_vec()), path.display().to_string())
    }

    pub(crate) fn value(&self) -> &SecretValue {
        &self.value
    }

    /// Returns the variable or the file.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the credential as it is sent in a header. `what` says what it is, such as `the token for Vault`.
    ///
    /// # Errors
    /// `InvalidConfig` if it is empty, or has a line break or another character that no such credential has.
    pub(crate) fn header(&self, what: &str) -> Result<&[u8], Error> {
        // Sent to the server that it is for.
        let bytes = self.value.expose_bytes();
        match flaw(bytes)
            .or_else(|| (!bytes.is_ascii()).then_some("has a character that is not ASCII"))
        {
            None => Ok(bytes),
            Some(flaw) => Err(self.error(what, flaw)),
        }
    }

    /// Returns the header `Bearer ..`, in a buffer that is wiped.
    ///
    /// # Errors
    /// Those of [`header`](Self::header).
    pub(crate) fn bearer(&self, what: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        const BEARER: &[u8] = b"Bearer ";
        let token = self.header(what)?;
        // It never grows: growing would leave a copy that is not wiped.
        let mut bearer = Zeroizing::new(Vec::with_capacity(BEARER.len() + token.len()));
        bearer.extend_from_slice(BEARER);
        bearer.extend_from_slice(token);
        Ok(bearer)
    }

    /// Returns the credential as it is sent in a body, where it is one line.
    ///
    /// # Errors
    /// `InvalidConfig` if it is empty, has a line break or another control character, or is not UTF-8.
    pub(crate) fn line(&self, what: &str) -> Result<&str, Error> {
        match flaw(self.value.expose_bytes()) {
            None => self.text(what),
            Some(flaw) => Err(self.error(what, flaw)),
        }
    }

    /// Returns the credential as it is sent in a body, where it is any text.
    ///
    /// # Errors
    /// `InvalidConfig` if it is not UTF-8.
    pub(crate) fn text(&self, what: &str) -> Result<&str, Error> {
        // Sent to the server that it is for.
        self.value.expose_str().map_err(|_| self.error(what, "is not UTF-8"))
    }

    fn error(&self, what: &str, flaw: &str) -> Error {
        let origin = &self.origin;
        Error::new(ErrorKind::InvalidConfig, format!("{what} in {origin} {flaw}"))
            .with_help(format!("make sure that {origin} contains only the credential, on one line"))
    }
}

/// Returns what no credential of one line has.
fn flaw(bytes: &[u8]) -> Option<&'static str> {
    if bytes.trim_ascii().is_empty() {
        Some("is empty")
    } else if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        Some("has a line break")
    } else if bytes.iter().any(u8::is_ascii_control) {
        Some("has a control character")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: &str = "the token for Vault";

    #[test]
    fn an_error_says_what_is_wrong_where_and_shows_nothing() {
        for (bytes, header, line, text) in [
            (&b"SeNtInEl"[..], None, None, None),
            (b"SeNt InEl", None, None, None),
            (b"SeNt\nInEl", Some("has a line break"), Some("has a line break"), None),
            (b"SeNtInEl\r\n", Some("has a line break"), Some("has a line break"), None),
            (b"SeNt\0InEl", Some("has a control character"), Some("has a control character"), None),
            ("SeNtInEl\u{e9}".as_bytes(), Some("has a character that is not ASCII"), None, None),
            (
                b"SeNtInEl\xff",
                Some("has a character that is not ASCII"),
                Some("is not UTF-8"),
                Some("is not UTF-8"),
            ),
            (b" ", Some("is empty"), Some("is empty"), None),
        ] {
            let credential = Credential::new(SecretValue::from(bytes.to_vec()), "VAULT_TOKEN");
            let errors = [
                (credential.header(WHAT).err(), header),
                (credential.bearer(WHAT).err(), header),
                (credential.line(WHAT).err(), line),
                (credential.text(WHAT).err(), text),
            ];
            for (error, flaw) in errors {
                let Some(flaw) = flaw else {
                    assert!(error.is_none(), "{error:?}");
                    continue;
                };
                let error = error.expect("it is refused");
                assert_eq!(error.kind(), ErrorKind::InvalidConfig);
                let message = format!("the token for Vault in VAULT_TOKEN {flaw}");
                assert_eq!(error.problems()[0].message(), message);
                assert!(!format!("{error} {error:#?} {credential:?}").contains("InEl"), "{error}");
            }
        }
    }

    #[test]
    fn what_is_around_the_credential_in_a_file_is_left_out() {
        let credential = Credential::of_file(b"\n SeNtInEl\r\n", Path::new("/run/to\nken"));
        assert!(credential.header(WHAT).is_ok_and(|bytes| bytes == b"SeNtInEl"));
        let bearer = credential.bearer(WHAT).expect("it is good");
        assert!(*bearer == b"Bearer SeNtInEl" && bearer.len() == bearer.capacity());
        assert!(!credential.origin().contains('\n'), "{}", credential.origin());
    }
}
