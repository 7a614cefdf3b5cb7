use std::{
    fmt, fs,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Certificate, Method};
use secrets_spec::shell_word;

use crate::{
    backends::{
        http::{address::Address, client::Http, login::Login},
        vault::{
            answer::VaultAnswer,
            call::VaultCall,
            failure::TokenHealth,
            held_leases::HeldLeases,
            login::VaultLogin,
            mounts::Mounts,
            server::{ApiRequest, VaultServer},
            token::{Token, TokenOrigin},
        },
    },
    core::{
        error::{Error, ErrorKind},
        escape::{backquoted_list, escape_name},
        secret_value::SecretValue,
    },
    settings::backends::vault::VaultSettings,
};

/// The part of an attempt's time in which a server of a cluster has to accept the connection.
const CONNECT_SHARE: f32 = 0.4;

/// The server, the login, and what is known of both.
pub(super) struct VaultClient {
    pub server: VaultServer,
    login: Arc<VaultLogin>,
    session: Login<Arc<Token>>,
    pub mounts: Mounts,
    pub leases: HeldLeases,
}

impl VaultClient {
    pub(super) fn new(settings: &VaultSettings, timeout: Duration) -> Result<Self, Error> {
        let addresses = addresses(settings.addresses.as_ref())?;
        let is_off = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "0" | "f" | "false");
        if settings.skip_verify.as_deref().is_some_and(|text| !is_off(text)) {
            let message = "VAULT_SKIP_VERIFY is set, and certificates are always checked here";
            return Err(Error::new(ErrorKind::InvalidConfig, message)
                .with_help("unset it, and name the server's own CA with SECRETS_VAULT_CACERT"));
        }
        let mut http = Http::new("the Vault server", timeout);
        if addresses.len() > 1 {
            // One that hangs leaves time for another one.
            http = http.with_connect_timeout(timeout.mul_f32(CONNECT_SHARE));
        }
        if let Some(file) = &settings.cacert {
            let wrong = |why: &str| {
                let message = format!("SECRETS_VAULT_CACERT, {}, {why}", file.display());
                Error::new(ErrorKind::InvalidConfig, message)
                    .with_help("name a PEM file with the certificate of the server's CA")
            };
            let pem = fs::read(file).map_err(|error| wrong("cannot be read").with_cause(error))?;
            let roots = Certificate::from_pem_bundle(&pem);
            let roots = roots.ok().filter(|roots| !roots.is_empty());
            http = http.with_roots(roots.ok_or_else(|| wrong("has no certificate"))?);
        }
        let login = VaultLogin::of(settings)?;
        let server = VaultServer::new(http, addresses, settings.namespace.clone());
        Ok(Self {
            server: server.with_login(&login),
            login: Arc::new(login),
            session: Login::default(),
            mounts: Mounts::default(),
            leases: HeldLeases::default(),
        })
    }

    /// Sends a request with the token, after a login where there was none or the token has ended.
    pub(super) async fn call(
        self: &Arc<Self>,
        request: &ApiRequest<'_>,
    ) -> Result<(VaultAnswer, Arc<Token>), Error> {
        let token = self.token(None).await?;
        let answer = self.server.send(request, Some(token.value())).await?;
        if !answer.is_bare_denial() || token.origin == TokenOrigin::Setting {
            return Ok((answer, token));
        }
        let other = match (self.token(Some(&token)).await, token.origin) {
            (Ok(other), _) => other,
            // The file of a token that is refused may have gone with it.
            (Err(_), TokenOrigin::File) => return Ok((answer, token)),
            (Err(error), _) => return Err(error),
        };
        if other.value().ct_eq(token.value()) {
            return Ok((answer, token));
        }
        let answer = self.server.send(request, Some(other.value())).await?;
        Ok((answer, other))
    }

    /// Returns the token, unless it is the one that has ended or its time is over: then that of another login.
    async fn token(self: &Arc<Self>, ended: Option<&Arc<Token>>) -> Result<Arc<Token>, Error> {
        let log_in = || {
            let client = self.clone();
            async move { client.login.log_in(&client.server).await }
        };
        let token = self.session.token(ended, log_in()).await?;
        match token.has_ended() {
            true => self.session.token(Some(&token), log_in()).await,
            false => Ok(token),
        }
    }

    /// Finds out why a token was refused: once for all requests of a call.
    pub(super) async fn health(
        &self,
        call: &VaultCall,
        refused: &VaultAnswer,
        token: &Arc<Token>,
    ) -> TokenHealth {
        if token.is_own() && !refused.is_bare_denial() {
            return TokenHealth::Good;
        }
        let look_up = || async {
            let request = ApiRequest::get("auth/token/lookup-self".to_owned());
            let asked_at = Instant::now();
            match self.server.send(&request, Some(token.value())).await {
                Ok(answer) if answer.status == 200 => {
                    token.looked_up(&answer, asked_at);
                    TokenHealth::Good
                }
                Ok(answer) if answer.is_bare_denial() => TokenHealth::Bad,
                _ => TokenHealth::Unknown,
            }
        };
        *call.health.get_or_init(look_up).await
    }

    /// Finds out for how long a token lasts, on which a lease hangs. Nobody has the lease yet, so this waits for one answer
    /// only.
    pub(super) async fn look_up(&self, token: &Token) {
        if !token.is_unknown() {
            return;
        }
        let request = ApiRequest::get_once("auth/token/lookup-self".to_owned());
        let asked_at = Instant::now();
        if let Ok(answer) = self.server.send(&request, Some(token.value())).await {
            token.looked_up(&answer, asked_at);
        }
    }

    /// Returns the name of the token, if it may be looked up.
    pub(super) async fn caller(self: &Arc<Self>) -> Result<Option<String>, Error> {
        let path = "auth/token/lookup-self";
        let (answer, _) = self.call(&ApiRequest::get(path.to_owned())).await?;
        match answer.status {
            200 => Ok(answer.text_at(&["data", "display_name"])),
            403 if answer.is_bare_denial() => {
                Err(self.server.denied(path, path, TokenHealth::Bad, false))
            }
            // It is not a bad one: the default policy is missing.
            403 => Ok(None),
            404 if answer.says("namespace not found") => Err(self.server.no_namespace()),
            _ => Err(self.server.failed(&answer)),
        }
    }

    /// Returns the tokens of its own logins that may have something to return, each with the ids of the leases that
    /// hang on it. Later calls log in again.
    pub(super) fn own_tokens(&self) -> Vec<(Arc<Token>, Vec<String>)> {
        let last = self.session.forget().into_iter();
        let mut tokens: Vec<(Arc<Token>, Vec<String>)> =
            last.map(|token| (token, Vec::new())).collect();
        for (id, token) in self.leases.take() {
            match tokens.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &token)) {
                Some((_, ids)) => ids.push(id),
                None => tokens.push((token, vec![id])),
            }
        }
        tokens.retain(|(token, _)| token.is_own() && !token.has_ended());
        tokens
    }

    /// Revokes tokens, and with each all leases that hang on it.
    pub(super) async fn revoke_own(
        &self,
        tokens: Vec<(Arc<Token>, Vec<String>)>,
    ) -> Result<(), Error> {
        let (mut failure, mut open) = (None, Vec::new());
        for (token, leases) in tokens {
            let request = ApiRequest::new(Method::POST, "auth/token/revoke-self".to_owned(), None);
            failure = Some(match self.server.send(&request, Some(token.value())).await {
                Ok(answer) if matches!(answer.status, 200..=204) => continue,
                // It has ended already, and its leases with it.
                Ok(answer) if answer.is_bare_denial() => continue,
                Ok(answer) if answer.status == 403 => {
                    let message = "the token of its login may not revoke itself";
                    Error::new(ErrorKind::AccessDenied, message).with_help(
                        "give its policy the capability update on `auth/token/revoke-self`",
                    )
                }
                Ok(answer) => self.server.failed(&answer),
                Err(error) => error,
            });
            open.extend(leases);
        }
        let Some(failure) = failure else { return Ok(()) };
        if open.is_empty() {
            return Err(failure);
        }
        open.sort_unstable();
        let ids = backquoted_list(open.iter().map(String::as_str));
        Err(failure.append(&format!("; these leases last until their end: {ids}")))
    }

    pub(super) fn no_secret(&self, path: &str) -> Error {
        let path = escape_name(path);
        Error::new(ErrorKind::NotFound, format!("{} has no secret `{path}`", self.server))
            .with_help(format!(
                "check the path, or create it: bao kv put {} key=value",
                shell_word(&path)
            ))
    }
}

impl fmt::Display for VaultClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl fmt::Debug for VaultClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultClient")
            .field("server", &self.server)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

/// Reads the addresses of a cluster.
fn addresses(text: Option<&SecretValue>) -> Result<Vec<Address>, Error> {
    let Some(text) = text else {
        return Err(Error::new(ErrorKind::InvalidConfig, "SECRETS_VAULT_ADDR is not set")
            .with_help("set it to the server's address, such as https://vault.example.com:8200"));
    };
    // Each is an address, which may hold a password.
    let parts = text.expose_str()?.split(',');
    parts.map(|part| Address::of(&SecretValue::from(part), "SECRETS_VAULT_ADDR")).collect()
}
