//! ZenML's schemas: which fields a kind of secret has.

use clap::ValueEnum;

use crate::failure::Failure;

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Schema {
    /// Credentials for AWS
    Aws,
    /// Credentials for Google Cloud
    Gcp,
    /// Credentials for Azure
    Azure,
    /// A user and a password
    BasicAuth,
    /// Any fields
    Arbitrary,
}

impl Schema {
    /// Returns the fields, and whether each is required; `None` if any fields are allowed.
    pub fn fields(self) -> Option<&'static [(&'static str, bool)]> {
        Some(match self {
            Self::Aws => &[
                ("aws_access_key_id", true),
                ("aws_secret_access_key", true),
                ("aws_session_token", false),
            ],
            Self::Gcp => &[("token", true)],
            Self::Azure => &[
                ("account_name", false),
                ("account_key", false),
                ("sas_token", false),
                ("connection_string", false),
                ("client_id", false),
                ("client_secret", false),
                ("tenant_id", false),
            ],
            Self::BasicAuth => &[("username", true), ("password", true)],
            Self::Arbitrary => return None,
        })
    }

    /// Checks that a secret with these fields has all that the schema requires, and no others.
    pub fn check<'a>(self, keys: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let Some(fields) = self.fields() else { return Ok(()) };
        let keys: Vec<&str> = keys.collect();
        let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let mut mismatches = Vec::new();
        for key in keys.iter().filter(|key| !known.contains(key)) {
            mismatches.push(match secrets_spec::closest(key, known.iter().copied()) {
                Some(near) => format!("there is no field `{key}` (did you mean `{near}`?)"),
                None => format!("there is no field `{key}`"),
            });
        }
        let missing = fields.iter().filter(|(name, required)| *required && !keys.contains(name));
        mismatches.extend(missing.map(|(name, _)| format!("`{name}` is missing")));
        if mismatches.is_empty() {
            return Ok(());
        }
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        let name = name.unwrap_or_default();
        let message =
            format!("the fields do not match the schema {name}: {}", mismatches.join("; "));
        let optional = |(name, required): &(&str, bool)| {
            if *required { (*name).to_owned() } else { format!("{name} (optional)") }
        };
        let listed: Vec<_> = fields.iter().map(optional).collect();
        Err(Failure::usage(message, format!("its fields are {}", listed.join(", "))))
    }
}
