//! Types for the credentials that Prefect finds by name, to use in typed parameters and with `get_as`.
//!
//! ```
//! use secrets_runtime::{Error, credentials::AwsCredentials, secrets, testing};
//!
//! #[secrets]
//! fn upload(#[secret("prefect.AWS_CREDENTIALS")] aws: AwsCredentials) -> Result<usize, Error> {
//!     Ok(aws.access_key.expose_str()?.len())
//! }
//!
//! let given = [("AWS_CREDENTIALS", "ACCESS_KEY", "abc"), ("AWS_CREDENTIALS", "SECRET_ACCESS_KEY", "x")];
//! assert_eq!(testing::with_secrets(given, upload)?, 3);
//! # Ok::<(), Error>(())
//! ```

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::core::secret_value::SecretValue;

/// Reads a set of fields by name and ignores other fields.
macro_rules! fields {
    ($type:ident, $what:literal, $( $field:ident = $name:literal $how:ident, )*) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> Visitor<'de> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        $( let mut $field = None; )*
                        while let Some(name) = map.next_key::<String>()? {
                            match name.as_str() {
                                $( $name => $field = Some(map.next_value()?), )*
                                _ => { map.next_value::<IgnoredAny>()?; }
                            }
                        }
                        Ok($type { $( $field: fields!(@$how $field, $name), )* })
                    }
                }

                deserializer.deserialize_struct(stringify!($type), &[$( $name ),*], Fields)
            }
        }
    };
    (@required $field:ident, $name:literal) => {
        match $field {
            Some(value) => value,
            None => return Err(A::Error::missing_field($name)),
        }
    };
    (@optional $field:ident, $name:literal) => { $field.unwrap_or(None) };
}

/// The credentials of an AWS client, as the secret `AWS_CREDENTIALS` has them: `ACCESS_KEY`,
/// `SECRET_ACCESS_KEY` and optionally `SESSION_TOKEN`.
///
/// `Debug` prints no value, as for every type in this module.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AwsCredentials {
    /// `ACCESS_KEY`.
    pub access_key: SecretValue,
    /// `SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretValue,
    /// `SESSION_TOKEN`: only for credentials that expire.
    pub session_token: Option<SecretValue>,
}

impl AwsCredentials {
    /// The name by which Prefect finds it.
    pub const NAME: &'static str = "AWS_CREDENTIALS";
}

fields! { AwsCredentials, "AWS credentials",
    access_key = "ACCESS_KEY" required,
    secret_access_key = "SECRET_ACCESS_KEY" required,
    session_token = "SESSION_TOKEN" optional,
}

/// The key of a service account of Google Cloud, as the secret `GCP_CREDENTIALS` has it: the JSON that the
/// console exports. The fields are documented at <https://cloud.google.com/iam/docs/keys-create-delete>.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GcpCredentials {
    /// `client_email`: the name of the account.
    pub client_email: String,
    /// `private_key`: the key, in PEM.
    pub private_key: SecretValue,
    /// `private_key_id`.
    pub private_key_id: Option<String>,
    /// `project_id`.
    pub project_id: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `token_uri`: the address for requesting tokens.
    pub token_uri: Option<String>,
}

impl GcpCredentials {
    /// The name by which Prefect finds it.
    pub const NAME: &'static str = "GCP_CREDENTIALS";
}

fields! { GcpCredentials, "the key of a service account",
    client_email = "client_email" required,
    private_key = "private_key" required,
    private_key_id = "private_key_id" optional,
    project_id = "project_id" optional,
    client_id = "client_id" optional,
    token_uri = "token_uri" optional,
}

/// A token for GitHub, as the secret `GITHUB_ACCESS_TOKEN` has it: one plain value.
///
/// It is not `#[non_exhaustive]`: it is one value and gains no second one, and a step's parameter may take it apart, as in
/// `GithubAccessToken(token): GithubAccessToken`.
#[derive(Debug, Clone)]
pub struct GithubAccessToken(pub SecretValue);

impl GithubAccessToken {
    /// The name by which Prefect finds it.
    pub const NAME: &'static str = "GITHUB_ACCESS_TOKEN";
}

impl<'de> Deserialize<'de> for GithubAccessToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SecretValue::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        core::error::{Error, ErrorKind},
        resolver::get_secret::get_secret_blocking,
        testing,
    };

    fn read<T: serde::de::DeserializeOwned>(fields: &[(&str, &str)]) -> Result<T, Error> {
        let given: Vec<_> = fields.iter().map(|(key, value)| ("s", *key, *value)).collect();
        testing::with_secrets(given, || get_secret_blocking("s")?.get_as("s"))
    }

    #[test]
    fn they_are_read_by_prefects_names_and_printed_without_values() {
        let fields = [("ACCESS_KEY", "a"), ("SECRET_ACCESS_KEY", "SeNtInEl"), ("other", "1")];
        let aws: AwsCredentials = read(&fields).unwrap();
        assert!(aws.secret_access_key.ct_eq(&"SeNtInEl".into()) && aws.session_token.is_none());
        assert!(!format!("{aws:?}").contains("SeNtInEl"));
        let aws: AwsCredentials =
            read(&[fields[0], fields[1], ("SESSION_TOKEN", "SeNtInEl")]).unwrap();
        assert!(aws.session_token.is_some());

        let gcp: GcpCredentials =
            read(&[("client_email", "a@b"), ("private_key", "SeNtInEl"), ("project_id", "p")])
                .unwrap();
        assert_eq!((gcp.client_email.as_str(), gcp.project_id.as_deref()), ("a@b", Some("p")));
        assert!(!format!("{gcp:?}").contains("SeNtInEl"));

        let github: GithubAccessToken = read(&[("token", "SeNtInEl")]).unwrap();
        assert_eq!(format!("{github:?}"), "GithubAccessToken(SecretValue([REDACTED]))");
    }

    #[test]
    fn missing_fields_are_named() {
        let error = read::<AwsCredentials>(&[("SESSION_TOKEN", "SeNtInEl")]).unwrap_err();
        let kinds: Vec<_> = error.problems().iter().map(|p| p.kind()).collect();
        assert_eq!(kinds, [ErrorKind::KeyNotFound, ErrorKind::KeyNotFound], "{error}");
        assert!(error.to_string().contains("SECRET_ACCESS_KEY"), "{error}");
    }
}
