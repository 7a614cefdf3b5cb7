use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use reqwest::Method;

use crate::{
    backends::{
        http::{
            address::Address,
            client::{Header, Http},
        },
        vault::answer::VaultAnswer,
    },
    core::{
        error::{Error, ErrorKind},
        escape::{MAX_PERCENT_BYTES, write_percent},
        redacted_url::RedactedUrl,
        secret_value::SecretValue,
    },
};

/// How often a request is sent again that came before the server had the newest state.
const MAX_RETRIES_WHILE_BEHIND: u32 = 5;

/// How often a request that reads is sent again at which the server failed, as often as Vault's own client sends it again.
const MAX_RETRIES_AFTER_FAILURE: u32 = 2;

/// The servers of one cluster.
pub(super) struct VaultServer {
    pub http: Http,
    addresses: Vec<Address>,
    /// The place of the address to ask first: the one that has answered last.
    current: AtomicUsize,
    namespace: Option<String>,
    /// How this backend logs in, for errors.
    login: String,
}

/// A request to the API.
#[derive(Clone)]
pub(super) struct ApiRequest<'a> {
    pub method: Method,
    /// The path behind `/v1/`, encoded.
    pub path: String,
    pub body: Option<&'a [u8]>,
    /// Whether it only reads, so that it may be sent again.
    is_repeatable: bool,
}

impl<'a> ApiRequest<'a> {
    pub(super) fn new(method: Method, path: String, body: Option<&'a [u8]>) -> Self {
        let is_repeatable = method == Method::GET;
        Self { method, path, body, is_repeatable }
    }

    pub(super) fn get(path: String) -> Self {
        Self::new(Method::GET, path, None)
    }

    /// Returns a request that is not sent again, such as that for credentials which the engine makes.
    pub(super) fn get_once(path: String) -> Self {
        Self { is_repeatable: false, ..Self::get(path) }
    }
}

impl VaultServer {
    pub(super) fn new(http: Http, addresses: Vec<Address>, namespace: Option<String>) -> Self {
        let (current, login) = (AtomicUsize::new(0), "the token".to_owned());
        Self { http, addresses, current, namespace, login }
    }

    /// Sets how this backend logs in, for errors.
    pub(super) fn with_login(self, login: impl fmt::Display) -> Self {
        Self { login: login.to_string(), ..self }
    }

    /// Returns how this backend logs in.
    pub(super) fn login(&self) -> &str {
        &self.login
    }

    /// Sends a request: to the server that has answered last, and to the others of the cluster if it is away or sealed. One
    /// that does not answer in time is passed over only by what reads.
    pub(super) async fn send(
        &self,
        request: &ApiRequest<'_>,
        token: Option<&SecretValue>,
    ) -> Result<VaultAnswer, Error> {
        let count = self.addresses.len();
        let mut place = self.current.load(Ordering::Relaxed) % count;
        let (mut others, mut tries, mut hops) = (count - 1, 0, 0);
        loop {
            let answer = self.send_to(place, request, token).await;
            let is_away = match &answer {
                Err(error) => match error.kind() {
                    ErrorKind::Unavailable => true,
                    // It may have done what does more than read.
                    ErrorKind::Timeout => request.is_repeatable,
                    _ => false,
                },
                Ok((answer, _)) => answer.status == 503,
            };
            if is_away || answer.as_ref().is_err_and(|it| it.kind() == ErrorKind::Timeout) {
                // Later requests begin with the next one, unless another request has found that out.
                let next = (place + 1) % count;
                let order = Ordering::Relaxed;
                let _ = self.current.compare_exchange(place, next, order, order);
            }
            match answer {
                _ if is_away && others > 0 => {
                    (place, others) = ((place + 1) % count, others - 1);
                }
                Ok((answer, location)) if (300..400).contains(&answer.status) => {
                    hops += 1;
                    let next =
                        location.as_deref().and_then(|location| self.place_of(place, location));
                    match next {
                        Some(next) if hops <= count => place = next,
                        _ => return Err(self.redirected(location.as_deref())),
                    }
                }
                Ok((answer, _)) if tries < max_retries(answer.status, request) => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50) * tries).await;
                }
                Ok((answer, _)) => {
                    if !is_away {
                        self.current.store(place, Ordering::Relaxed);
                    }
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn send_to(
        &self,
        place: usize,
        request: &ApiRequest<'_>,
        token: Option<&SecretValue>,
    ) -> Result<(VaultAnswer, Option<String>), Error> {
        let url = format!("{}/v1/{}", self.addresses[place].to_send_to(), request.path);
        let mut headers: Vec<Header<'_>> = vec![("x-vault-request", b"true")];
        // Sent to the server that it is for.
        headers.extend(token.map(|token| ("x-vault-token", token.expose_bytes())));
        let namespace = self.namespace.as_deref();
        headers.extend(namespace.map(|namespace| ("x-vault-namespace", namespace.as_bytes())));
        let method = request.method.clone();
        let answer = self.http.request(method, &url, &headers, request.body).await?;
        Ok((VaultAnswer { status: answer.status, body: answer.body }, answer.location))
    }

    /// Returns the place of the server that a redirection leads to, if it is one of the cluster, by the same scheme.
    fn place_of(&self, from: usize, location: &str) -> Option<usize> {
        let wanted = origin(location)?;
        let (scheme, _) = origin(self.addresses[from].to_send_to())?;
        self.addresses.iter().position(|address| {
            origin(address.to_send_to()).is_some_and(|known| known == wanted && known.0 == scheme)
        })
    }

    fn redirected(&self, location: Option<&str>) -> Error {
        let server = location
            .and_then(origin)
            .map(|(scheme, host)| format!(" `{}`", RedactedUrl(&format!("{scheme}://{host}"))));
        let message = format!(
            "{self} sends requests to another server{}, which SECRETS_VAULT_ADDR does not name",
            server.unwrap_or_default()
        );
        Error::new(ErrorKind::InvalidConfig, message).with_help(
            "if it is of the same cluster, add its address after a comma; the token is sent nowhere else",
        )
    }
}

impl fmt::Display for VaultServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Vault server at ")?;
        for (place, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{address}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for VaultServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultServer")
            .field("addresses", &self.addresses)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Returns how often a request with this answer is sent again. A failure while the server changes something, such as a password that
/// another client rotates, is over a moment later.
fn max_retries(status: u16, request: &ApiRequest<'_>) -> u32 {
    match status {
        412 => MAX_RETRIES_WHILE_BEHIND,
        // What does more than read may have been done.
        500 | 502 | 504 if request.is_repeatable => MAX_RETRIES_AFTER_FAILURE,
        _ => 0,
    }
}

/// Returns the scheme and the host with its port, in lower case and without a user.
fn origin(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some((scheme.to_ascii_lowercase(), host.to_ascii_lowercase()))
}

/// Returns a path with each of its parts encoded once.
pub(super) fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(MAX_PERCENT_BYTES * path.len());
    for (place, part) in path.split('/').enumerate() {
        if place > 0 {
            text.push('/');
        }
        write_percent(part, &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(addresses: &[&str]) -> VaultServer {
        let address = |url: &&str| Address::of(&SecretValue::from(*url), "X").unwrap();
        let http = Http::new("Vault", Duration::from_secs(1));
        VaultServer::new(http, addresses.iter().map(address).collect(), None)
    }

    #[test]
    fn a_redirection_leads_only_to_a_server_of_the_cluster_by_the_same_scheme() {
        let server = server(&["https://a:8200", "https://user:SeNtInEl@b:8200", "http://c:8200"]);
        assert_eq!(server.place_of(0, "https://b:8200/v1/secret/data/db"), Some(1));
        assert_eq!(server.place_of(0, "HTTPS://B:8200/v1/x"), Some(1));
        for elsewhere in [
            "http://b:8200/v1/x",
            "http://c:8200/v1/x",
            "https://b/v1/x",
            "https://b:8201/v1/x",
            "https://b:8200.example.org/v1/x",
            "https://b:8200@example.org/v1/x",
            "https://example.org",
            "/v1/x",
            "",
        ] {
            assert_eq!(server.place_of(0, elsewhere), None, "{elsewhere}");
        }
        let error = server.redirected(Some("https://user:SeNtInEl@evil.example/v1/x?y"));
        assert!(error.to_string().contains("`https://evil.example`"), "{error}");
        assert!(!format!("{error} {server} {server:?}").contains("SeNtInEl"));
    }

    #[test]
    fn each_part_of_a_path_is_encoded_once() {
        assert_eq!(encoded("secret/a b/é%2F"), "secret/a%20b/%C3%A9%252F");
    }
}
