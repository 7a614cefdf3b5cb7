//! Which `secrets.toml` the user has trusted.
//!
//! A file that is found upwards from the working directory may be part of a repository that somebody else wrote. It
//! must not decide where a credential is sent, which store and key are used, or what the value of a secret is, until
//! the user has read it and trusts this text at this path.

pub(super) mod list;
pub(crate) mod trusted_config;

use std::path::Path;

use secrets_spec::shell_word;

use crate::settings::{
    values,
    variables::{self, Variable},
};

/// Whether a setting applies only in a trusted file.
pub(super) fn is_needed(variable: &Variable, text: &str) -> bool {
    variable.needs_trust() || *variable == variables::WITH && values::has_inline(text)
}

/// What a setting that needs trust decides.
pub(super) fn consequence(variable: &Variable) -> &'static str {
    match *variable {
        variables::AWS_TRANSPORT => "whether a token is sent to the AWS agent",
        variables::ZENML_URL => "where the password for ZenML is sent",
        variables::VAULT_ADDR | variables::VAULT_CACERT => {
            "where the credentials for Vault are sent"
        }
        variables::VAULT_NAMESPACE | variables::VAULT_AUTH_MOUNT => {
            "which login of Vault gets the credentials"
        }
        variables::VAULT_AUTH => "which credential is sent to Vault",
        variables::VAULT_ROLE => "as which role Vault is used",
        variables::VAULT_JWT_FILE => "which file is sent to Vault",
        variables::KUBERNETES_URL => "where the token for Kubernetes is sent",
        variables::KUBERNETES_DIR => "which token is sent to Kubernetes",
        variables::LOCAL_DIR => "which store is used",
        variables::LOCAL_KEY_FILE => "with which key secrets are encrypted",
        _ => "what the values of secrets are",
    }
}

/// The help for a key that applies only in a trusted file.
pub(super) fn help(path: &Path, instead: &str) -> String {
    let path = shell_word(&path.to_string_lossy());
    format!("read the file; if you trust it, run `secrets trust {path}`; {instead}")
}
