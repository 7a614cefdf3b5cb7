use alloc::string::String;
use core::fmt;

use crate::{
    grammar::{
        flaw::{Flaw, FlawKind},
        spec_error::SpecError,
    },
    text::{
        bytes::{char_end, equal, is_label_byte, matches_at},
        edit_distance::within_one_edit,
    },
};

/// A backend type with a reserved name: one of this project, or of a system that it is compatible with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// `local`: the embedded encrypted store.
    Local,
    /// `aws-secrets-manager`.
    AwsSecretsManager,
    /// `env`: environment variables.
    Env,
    /// `file`: secrets mounted as files.
    File,
    /// `inline`: values in the source's own options.
    Inline,
    /// `flyte`: secrets mounted by Flyte and Union.
    Flyte,
    /// `prefect`: secrets of Prefect's local context and APIs.
    Prefect,
    /// `zenml`: secrets of a ZenML server.
    Zenml,
    /// `az-key-vault`: Metaflow's Azure backend. Only the name is reserved.
    AzKeyVault,
    /// `gcp-secret-manager`: Metaflow's Google backend. Only the name is reserved.
    GcpSecretManager,
    /// `kubernetes`: Secrets of a Kubernetes cluster.
    Kubernetes,
    /// `ssm`: parameters of AWS Systems Manager.
    Ssm,
    /// `vault`: HashiCorp Vault and OpenBao.
    Vault,
}

impl BuiltIn {
    /// All built-in types, the most used ones first.
    pub const ALL: &'static [Self] = &[
        Self::Local,
        Self::AwsSecretsManager,
        Self::Env,
        Self::File,
        Self::Inline,
        Self::Flyte,
        Self::Prefect,
        Self::Zenml,
        Self::AzKeyVault,
        Self::GcpSecretManager,
        Self::Kubernetes,
        Self::Ssm,
        Self::Vault,
    ];

    /// Returns the name of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::AwsSecretsManager => "aws-secrets-manager",
            Self::Env => "env",
            Self::File => "file",
            Self::Inline => "inline",
            Self::Flyte => "flyte",
            Self::Prefect => "prefect",
            Self::Zenml => "zenml",
            Self::AzKeyVault => "az-key-vault",
            Self::GcpSecretManager => "gcp-secret-manager",
            Self::Kubernetes => "kubernetes",
            Self::Ssm => "ssm",
            Self::Vault => "vault",
        }
    }

    /// Whether only the name is reserved: the backend itself is not there yet.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        matches!(self, Self::AzKeyVault | Self::GcpSecretManager)
    }

    /// Whether it is a service of AWS, which has regions and roles.
    #[must_use]
    pub const fn is_of_aws(self) -> bool {
        matches!(self, Self::AwsSecretsManager | Self::Ssm)
    }

    /// Whether secrets of this type are read from the process or from files of the machine: they are not the same
    /// everywhere, so a `secrets.lock` need not have them.
    #[must_use]
    pub const fn is_of_process(self) -> bool {
        matches!(self, Self::Env | Self::File | Self::Flyte | Self::Inline)
    }

    /// Returns the type with exactly this name.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Self> {
        Self::parse_bytes(text.as_bytes(), text.len())
    }

    /// Returns the type whose name is at most one edit away from `text` in lower case. Names of fewer than five
    /// letters are not considered, since too many words are near them.
    #[must_use]
    pub const fn near(text: &str) -> Option<Self> {
        Self::near_bytes(text.as_bytes(), text.len())
    }

    /// Returns the type that people call by another name, such as `aws`.
    ///
    /// ```
    /// use secrets_spec::BuiltIn;
    ///
    /// assert_eq!(BuiltIn::by_nickname("aws"), Some(BuiltIn::AwsSecretsManager));
    /// assert_eq!(BuiltIn::by_nickname("consul"), None);
    /// ```
    #[must_use]
    pub fn by_nickname(text: &str) -> Option<Self> {
        Some(match text {
            "aws" | "aws-sm" | "asm" | "secretsmanager" | "secrets-manager" => {
                Self::AwsSecretsManager
            }
            "azure" | "akv" | "key-vault" | "keyvault" => Self::AzKeyVault,
            "environment" | "environ" | "envvar" | "env-var" => Self::Env,
            "files" | "mount" => Self::File,
            "gcp" | "google" | "gsm" => Self::GcpSecretManager,
            "hashicorp" | "hashicorp-vault" | "openbao" => Self::Vault,
            "k8s" | "kube" => Self::Kubernetes,
            "parameter-store" | "aws-ssm" => Self::Ssm,
            _ => return None,
        })
    }

    pub(crate) const fn parse_bytes(text: &[u8], end: usize) -> Option<Self> {
        let mut i = 0;
        while i < Self::ALL.len() {
            let name = Self::ALL[i].name().as_bytes();
            if name.len() == end && matches_at(text, 0, name) {
                return Some(Self::ALL[i]);
            }
            i += 1;
        }
        None
    }

    pub(crate) const fn near_bytes(text: &[u8], end: usize) -> Option<Self> {
        let mut i = 0;
        while i < Self::ALL.len() {
            let name = Self::ALL[i].name().as_bytes();
            if name.len() >= 5 && within_one_edit(text, end, name) {
                return Some(Self::ALL[i]);
            }
            i += 1;
        }
        None
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Checks a backend type: `[a-z][a-z0-9-]*`, and not one edit away from a built-in type.
///
/// ```
/// use secrets_spec::check_type;
///
/// assert!(check_type("aws-secrets-manager").is_none());
/// assert!(check_type("my-vault").is_none());
/// assert!(check_type("aws-secret-manager").is_some());
/// ```
#[must_use]
pub const fn check_type(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::TypeEmpty, 0, 0));
    }
    if BuiltIn::parse(text).is_some() {
        return None;
    }
    if BuiltIn::near(text).is_some() {
        return Some(Flaw::new(FlawKind::TypeNearly, 0, bytes.len()));
    }
    let mut i = 0;
    while i < bytes.len() {
        if !is_label_byte(bytes[i]) || (i == 0 && !bytes[i].is_ascii_lowercase()) {
            return Some(Flaw::new(FlawKind::TypeCharacter, i, char_end(bytes, i)));
        }
        i += 1;
    }
    None
}

/// The type of a backend, such as `aws-secrets-manager`: built in or defined by the user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendType(String);

impl BackendType {
    /// Parses a type.
    ///
    /// # Errors
    /// If the text is empty, contains anything but lower-case letters, digits and hyphens, or is one edit away from
    /// a built-in type.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        match check_type(text) {
            Some(flaw) => Err(flaw.explain(text)),
            None => Ok(Self(String::from(text))),
        }
    }

    /// Returns the name of the type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the built-in type with this name, if there is one.
    #[must_use]
    pub fn built_in(&self) -> Option<BuiltIn> {
        BuiltIn::parse(&self.0)
    }

    /// Whether this is the given built-in type.
    #[must_use]
    pub const fn is(&self, built_in: BuiltIn) -> bool {
        equal(self.0.as_bytes(), built_in.name().as_bytes())
    }
}

impl From<BuiltIn> for BackendType {
    fn from(built_in: BuiltIn) -> Self {
        Self(String::from(built_in.name()))
    }
}

impl fmt::Display for BackendType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
