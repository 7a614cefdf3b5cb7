use std::fmt;

/// A service of AWS that keeps secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum AwsService {
    SecretsManager,
    ParameterStore,
}

/// Where a secret is looked for: a service, in a region and a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    pub service: AwsService,
    pub role: Option<String>,
    pub region: String,
}

impl AwsService {
    /// What the service keeps.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::SecretsManager => "secret",
            Self::ParameterStore => "parameter",
        }
    }
}

impl fmt::Display for AwsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretsManager => "AWS Secrets Manager",
            Self::ParameterStore => "AWS Parameter Store",
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.service, self.region)?;
        match &self.role {
            Some(role) => write!(f, ", in the role {role}"),
            None => Ok(()),
        }
    }
}
