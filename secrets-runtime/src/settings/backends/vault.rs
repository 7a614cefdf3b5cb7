use std::path::PathBuf;

use secrets_spec::closest;

use crate::{
    core::{credential::Credential, secret_value::SecretValue},
    settings::{
        error::SettingError, folders::Folders, reader::SettingsReader, values, values::Read,
        variables,
    },
};

/// The settings for `vault`. `Debug` prints no credential.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, feature = "vault")),
    expect(
        dead_code,
        reason = "read and checked in every build; the backend needs the feature `vault`"
    )
)]
pub(crate) struct VaultSettings {
    /// The addresses of the servers, with commas between them. They may contain a user and a password.
    pub(crate) addresses: Option<SecretValue>,
    pub(crate) namespace: Option<String>,
    pub(crate) auth: Option<VaultAuth>,
    pub(crate) auth_mount: Option<String>,
    pub(crate) role: Option<String>,
    /// The file with the certificates that the server's must be signed by.
    pub(crate) cacert: Option<PathBuf>,
    pub(crate) jwt_file: Option<PathBuf>,
    pub(crate) token: Option<Credential>,
    /// Where Vault's own command keeps its token.
    #[cfg_attr(
        all(test, not(feature = "vault")),
        expect(dead_code, reason = "it is not a setting, so no test of settings reads it")
    )]
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) role_id: Option<Credential>,
    pub(crate) secret_id: Option<Credential>,
    pub(crate) secret_id_file: Option<PathBuf>,
    pub(crate) wrapping_path: Option<String>,
    pub(crate) skip_verify: Option<String>,
}

/// A way to log in to Vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VaultAuth {
    Token,
    AppRole,
    Kubernetes,
    Jwt,
}

impl VaultAuth {
    const ALL: [Self; 4] = [Self::Token, Self::AppRole, Self::Kubernetes, Self::Jwt];

    /// Returns the name, which is that of the default mount too.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::AppRole => "approle",
            Self::Kubernetes => "kubernetes",
            Self::Jwt => "jwt",
        }
    }

    fn read(text: &str) -> Read<Self> {
        Self::ALL.into_iter().find(|auth| auth.as_str() == text).ok_or_else(|| {
            let near = closest(&text.to_ascii_lowercase(), Self::ALL.map(Self::as_str));
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{near}write token, approle, kubernetes or jwt");
            vec![
                SettingError::new("it is not an auth method that is supported", help).quoting(text),
            ]
        })
    }
}

impl VaultSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>, folders: &Folders) -> Self {
        Self {
            addresses: reader.secret(&variables::VAULT_ADDR),
            namespace: reader.text(&variables::VAULT_NAMESPACE, namespace),
            auth: reader.text(&variables::VAULT_AUTH, VaultAuth::read),
            auth_mount: reader.text(&variables::VAULT_AUTH_MOUNT, auth_mount),
            role: reader.text(&variables::VAULT_ROLE, values::text),
            cacert: reader.path(&variables::VAULT_CACERT),
            jwt_file: reader.path(&variables::VAULT_JWT_FILE),
            token: reader.credential(&variables::VAULT_TOKEN),
            token_file: folders.home.as_ref().map(|home| home.join(".vault-token")),
            role_id: reader.credential(&variables::VAULT_ROLE_ID),
            secret_id: reader.credential(&variables::VAULT_SECRET_ID),
            secret_id_file: reader.path(&variables::VAULT_SECRET_ID_FILE),
            wrapping_path: reader.text(&variables::VAULT_SECRET_ID_WRAPPING_PATH, values::text),
            skip_verify: reader.text(&variables::VAULT_SKIP_VERIFY, values::text),
        }
    }
}

/// Reads the path of a namespace, without slashes around it.
fn namespace(text: &str) -> Read<String> {
    path(text, text, "team-a/project")
}

/// Reads the mount of a way to log in, without slashes around it and without the `auth/` that the API adds.
fn auth_mount(text: &str) -> Read<String> {
    let mount = text.trim_matches('/');
    path(text, mount.strip_prefix("auth/").unwrap_or(mount), "kubernetes/cluster-a")
}

/// Reads a path of which a URL is made: with such a segment, what is sent would go to another place of the API.
fn path(text: &str, path: &str, example: &str) -> Read<String> {
    let path = path.trim_matches('/');
    let wrong = |what: &str| {
        let help = format!("write names with slashes between them, such as {example}");
        Err(vec![SettingError::new(format!("it has {what}"), help).quoting(text)])
    };
    for segment in path.split('/') {
        match segment {
            "" => return wrong("an empty segment"),
            "." | ".." => return wrong("a segment that leads to another path"),
            _ if segment.contains(['?', '#']) => return wrong("a `?` or a `#`"),
            _ if segment.contains(char::is_control) => return wrong("a control character"),
            _ => {}
        }
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_and_a_namespace_lead_nowhere_else() {
        for (text, mount) in [
            ("approle", "approle"),
            ("auth/cluster-a/", "cluster-a"),
            ("/auth/team/jwt", "team/jwt"),
            ("a..b", "a..b"),
        ] {
            assert_eq!(auth_mount(text).unwrap(), mount);
        }
        assert_eq!(namespace("team-a/").unwrap(), "team-a");
        for wrong in [
            "/",
            "a//b",
            ".",
            "..",
            "../sys/tools/hash",
            "auth/../secret/data",
            "a/./b",
            "a?b",
            "a#b",
            "a\nb",
            "a/\u{7f}",
        ] {
            assert!(auth_mount(wrong).is_err(), "{wrong:?}");
            assert!(namespace(wrong).is_err(), "{wrong:?}");
        }
    }
}
