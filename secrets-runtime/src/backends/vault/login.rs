//! The methods to log in.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use reqwest::Method;
use zeroize::Zeroizing;

use crate::{
    backends::vault::{
        server::{ApiRequest, VaultServer, encoded},
        token::{Token, TokenOrigin},
    },
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        escape::{longest_json, write_json},
        secret_value::SecretValue,
    },
    settings::backends::vault::{VaultAuth, VaultSettings},
};

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How the backend gets its token.
pub(super) struct VaultLogin {
    method: LoginMethod,
    /// The mount of the method, without slashes around it.
    mount: String,
    /// The last wrapped secret id, and what was in it: it can be unwrapped once.
    unwrapped: Mutex<Option<(SecretValue, SecretValue)>>,
}

enum LoginMethod {
    Token(Credential),
    /// Where Vault's own command keeps its token.
    TokenFile(PathBuf),
    AppRole {
        role_id: Credential,
        secret_id: SecretId,
        wrapping_path: Option<String>,
    },
    /// A signed token from a file, for the methods `jwt` and `kubernetes`.
    Jwt {
        auth: VaultAuth,
        role: Option<String>,
        file: PathBuf,
    },
}

enum SecretId {
    /// An AppRole may need none.
    None,
    Value(Credential),
    File(PathBuf),
}

impl VaultLogin {
    /// Chooses the method that the settings name, or the one that they have everything for.
    pub(super) fn of(settings: &VaultSettings) -> Result<Self, Error> {
        let auth = match settings.auth {
            Some(auth) => auth,
            None => found(settings)?,
        };
        let method = match auth {
            VaultAuth::Token => match (&settings.token, &settings.token_file) {
                (Some(token), _) => LoginMethod::Token(token.clone()),
                (None, Some(file)) => LoginMethod::TokenFile(file.clone()),
                (None, None) => return Err(lacks(auth, "BAO_TOKEN")),
            },
            VaultAuth::AppRole => LoginMethod::AppRole {
                role_id: settings
                    .role_id
                    .clone()
                    .ok_or_else(|| lacks(auth, "SECRETS_VAULT_ROLE_ID"))?,
                secret_id: match (&settings.secret_id, &settings.secret_id_file) {
                    (Some(id), _) => SecretId::Value(id.clone()),
                    (None, Some(file)) => SecretId::File(file.clone()),
                    (None, None) => SecretId::None,
                },
                wrapping_path: settings.wrapping_path.clone(),
            },
            VaultAuth::Kubernetes => LoginMethod::Jwt {
                auth,
                role: Some(settings.role.clone().ok_or_else(|| lacks(auth, "SECRETS_VAULT_ROLE"))?),
                file: settings.jwt_file.clone().unwrap_or_else(|| SERVICE_ACCOUNT_TOKEN.into()),
            },
            VaultAuth::Jwt => LoginMethod::Jwt {
                auth,
                role: settings.role.clone(),
                file: settings
                    .jwt_file
                    .clone()
                    .ok_or_else(|| lacks(auth, "SECRETS_VAULT_JWT_FILE"))?,
            },
        };
        let mount = settings.auth_mount.as_deref().unwrap_or(auth.as_str()).to_owned();
        Ok(Self { method, mount, unwrapped: Mutex::new(None) })
    }

    /// Logs in, or returns the token that was given.
    pub(super) async fn log_in(&self, server: &VaultServer) -> Result<Arc<Token>, Error> {
        let (secret_id, jwt);
        let members: Vec<(&str, &str)> = match &self.method {
            LoginMethod::Token(token) => {
                return given(token, TokenOrigin::Setting);
            }
            LoginMethod::TokenFile(file) => {
                return given(&read(file, TOKEN)?, TokenOrigin::File);
            }
            LoginMethod::AppRole { role_id, secret_id: secret, wrapping_path } => {
                let role_id = role_id.line("the role id for Vault")?;
                secret_id = self.secret_id(secret, wrapping_path.as_deref(), server).await?;
                let mut members = vec![("role_id", role_id)];
                if let Some(id) = &secret_id {
                    members.push(("secret_id", id.line(SECRET_ID)?));
                }
                members
            }
            LoginMethod::Jwt { role, file, .. } => {
                jwt = read(file, LOGIN_TOKEN)?;
                let mut members = vec![("jwt", jwt.line(LOGIN_TOKEN)?)];
                members.extend(role.as_deref().map(|role| ("role", role)));
                members
            }
        };
        let body = body(&members);
        let path = format!("auth/{}/login", encoded(&self.mount));
        let request = ApiRequest::new(Method::POST, path, Some(body.as_bytes()));
        let asked_at = Instant::now();
        let answer = server.send(&request, None).await?;
        match answer.status {
            200 => {
                let token = Token::of_login(&answer, asked_at);
                token.map(Arc::new).ok_or_else(|| server.http.unexpected())
            }
            404 if answer.says("namespace not found") => Err(server.no_namespace()),
            400 | 403 | 404 => {
                let message = format!("{server} refuses the login: {self}");
                Err(Error::new(ErrorKind::AccessDenied, message).with_help(self.help()))
            }
            _ => Err(server.failed(&answer)),
        }
    }

    /// Returns the secret id, out of its wrapping.
    async fn secret_id(
        &self,
        secret_id: &SecretId,
        wrapping_path: Option<&str>,
        server: &VaultServer,
    ) -> Result<Option<Credential>, Error> {
        let secret_id = match secret_id {
            SecretId::None => return Ok(None),
            SecretId::Value(value) => value.clone(),
            SecretId::File(file) => read(file, SECRET_ID)?,
        };
        let Some(path) = wrapping_path else { return Ok(Some(secret_id)) };
        let of_server =
            |value| Credential::new(value, format!("the wrapping of {}", secret_id.origin()));
        let known = self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((wrapped, unwrapped)) = known
            && wrapped.ct_eq(secret_id.value())
        {
            return Ok(Some(of_server(unwrapped)));
        }
        let unwrapped = unwrap(&secret_id, path, server).await?;
        let known = (secret_id.value().clone(), unwrapped.clone());
        *self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(Some(of_server(unwrapped)))
    }

    fn help(&self) -> &'static str {
        match &self.method {
            LoginMethod::Token(_) | LoginMethod::TokenFile(_) => "set another BAO_TOKEN",
            LoginMethod::AppRole { .. } => {
                "check SECRETS_VAULT_ROLE_ID, SECRETS_VAULT_SECRET_ID and SECRETS_VAULT_AUTH_MOUNT; a secret id may be used up or have expired"
            }
            LoginMethod::Jwt { .. } => {
                "check SECRETS_VAULT_ROLE and SECRETS_VAULT_AUTH_MOUNT, and that the token in the file is valid and for this audience"
            }
        }
    }
}

impl fmt::Display for VaultLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            LoginMethod::Token(token) => write!(f, "the token of {}", token.origin()),
            LoginMethod::TokenFile(file) => write!(f, "the token in {}", file.display()),
            LoginMethod::AppRole { .. } => write!(f, "AppRole at auth/{}", self.mount),
            LoginMethod::Jwt { auth, role, file } => {
                write!(f, "{} at auth/{}", auth.as_str(), self.mount)?;
                if let Some(role) = role {
                    write!(f, " as the role `{role}`")?;
                }
                write!(f, ", with the token in {}", file.display())
            }
        }
    }
}

impl fmt::Debug for VaultLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VaultLogin").field(&format_args!("{self}")).finish()
    }
}

/// Finds the method that the settings have everything for.
fn found(settings: &VaultSettings) -> Result<VaultAuth, Error> {
    let is_file = |file: &Path| file.exists();
    if settings.token.is_some() {
        Ok(VaultAuth::Token)
    } else if settings.role_id.is_some() {
        Ok(VaultAuth::AppRole)
    } else if settings.jwt_file.is_some() {
        Ok(VaultAuth::Jwt)
    } else if settings.role.is_some() && is_file(Path::new(SERVICE_ACCOUNT_TOKEN)) {
        Ok(VaultAuth::Kubernetes)
    } else if settings.token_file.as_deref().is_some_and(is_file) {
        Ok(VaultAuth::Token)
    } else {
        let message = "there is nothing to log in to Vault with";
        Err(Error::new(ErrorKind::InvalidConfig, message).with_help(
            "set BAO_TOKEN or VAULT_TOKEN; or SECRETS_VAULT_ROLE_ID and SECRETS_VAULT_SECRET_ID (AppRole); \
             or SECRETS_VAULT_ROLE in a pod (Kubernetes); or SECRETS_VAULT_ROLE and SECRETS_VAULT_JWT_FILE (JWT)",
        ))
    }
}

fn lacks(auth: VaultAuth, variable: &str) -> Error {
    let message =
        format!("the login `{}` to Vault needs {variable}, which is not set", auth.as_str());
    Error::new(ErrorKind::InvalidConfig, message)
        .with_help(format!("set {variable}, or another SECRETS_VAULT_AUTH"))
}

/// What the credentials are, for errors.
const TOKEN: &str = "the token for Vault";
const SECRET_ID: &str = "the secret id for Vault";
const LOGIN_TOKEN: &str = "the token to log in to Vault with";

/// Returns a token that this backend has not logged in for.
fn given(token: &Credential, origin: TokenOrigin) -> Result<Arc<Token>, Error> {
    token.header(TOKEN)?;
    Ok(Arc::new(Token::given(token.value().clone(), origin)))
}

/// Reads a credential from a file, without the line break at its end.
fn read(file: &Path, what: &str) -> Result<Credential, Error> {
    let bytes = fs::read(file).map(Zeroizing::new).map_err(|error| {
        let message = format!("{what} cannot be read from {}", file.display());
        Error::new(ErrorKind::InvalidConfig, message)
            .with_help("check that the file is there and may be read")
            .with_cause(error)
    })?;
    if bytes.trim_ascii().is_empty() {
        let message = format!("{what} is empty in {}", file.display());
        return Err(Error::new(ErrorKind::InvalidConfig, message)
            .with_help("write it into the file, or use another auth method"));
    }
    Ok(Credential::of_file(&bytes, file))
}

/// Takes a secret id out of its wrapping, after a look at where that was made: somebody in between may have replaced it.
async fn unwrap(
    wrapped: &Credential,
    path: &str,
    server: &VaultServer,
) -> Result<SecretValue, Error> {
    let invalid = |what: String| {
        Err(Error::new(ErrorKind::AccessDenied, what).with_help(
            "have a new secret id wrapped; if nobody has used this one up, somebody may have intercepted it",
        ))
    };
    let unusable =
        || invalid("the wrapped secret id is not valid, or was unwrapped already".to_owned());
    // It is sent as a token.
    wrapped.header(SECRET_ID)?;
    let lookup = body(&[("token", wrapped.line(SECRET_ID)?)]);
    let request =
        ApiRequest::new(Method::POST, "sys/wrapping/lookup".to_owned(), Some(lookup.as_bytes()));
    let answer = server.send(&request, None).await?;
    match answer.status {
        200 => {}
        400 | 403 | 404 => return unusable(),
        _ => return Err(server.failed(&answer)),
    }
    let made_at = answer.text_at(&["data", "creation_path"]).unwrap_or_default();
    if made_at.trim_matches('/') != path.trim_matches('/') {
        return invalid(format!(
            "the wrapped secret id was made at `{}`, and not at SECRETS_VAULT_SECRET_ID_WRAPPING_PATH, `{}`",
            crate::core::escape::escape_name(&made_at),
            crate::core::escape::escape_name(path),
        ));
    }
    let request = ApiRequest::new(Method::POST, "sys/wrapping/unwrap".to_owned(), None);
    let answer = server.send(&request, Some(wrapped.value())).await?;
    match answer.status {
        200 => answer.secret_at(&["data", "secret_id"]).ok_or_else(|| server.http.unexpected()),
        400 | 403 | 404 => unusable(),
        _ => Err(server.failed(&answer)),
    }
}

/// Returns a JSON object of texts, in a buffer that is wiped.
pub(super) fn body(members: &[(&str, &str)]) -> Zeroizing<String> {
    let length = members
        .iter()
        .map(|(name, value)| longest_json(name.len()) + longest_json(value.len()) + 2);
    // It never grows: growing would leave a copy that is not wiped.
    let mut text = Zeroizing::new(String::with_capacity(2 + length.sum::<usize>()));
    text.push('{');
    for (place, (name, value)) in members.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write_json(name, &mut text);
        text.push(':');
        write_json(value, &mut text);
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_stays_in_its_first_buffer() {
        let value = "\u{1}SeNtInEl\"".repeat(100);
        let text = body(&[("a", "b"), ("c", &value)]);
        assert!(text.starts_with(r#"{"a":"b","c":"\u0001SeNtInEl\""#), "it is JSON");
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        assert!(text.capacity() < 2 * (2 + 6 * value.len() + 40));
    }
}
