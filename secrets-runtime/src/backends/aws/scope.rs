use std::fmt;

/// Where a secret is looked for: a region, in a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    pub role: Option<String>,
    pub region: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AWS Secrets Manager in {}", self.region)?;
        match &self.role {
            Some(role) => write!(f, ", in the role {role}"),
            None => Ok(()),
        }
    }
}
