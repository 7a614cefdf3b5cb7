//! HTTP for backends that have an API: one small client, on the I/O thread.

use std::{
    error::Error as StdError,
    fmt, io,
    sync::{Arc, OnceLock},
    time::Duration,
};

#[cfg(any(feature = "kubernetes", feature = "vault"))]
use reqwest::Certificate;
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
    redirect::Policy,
};
use tokio::sync::Semaphore;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    backends::http::proxies,
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        redacted_url::RedactedUrl,
        secret_value::SecretValue,
    },
    rt::process_local::ProcessLocal,
};

/// More than any answer with one secret has.
const MAX_BYTES: usize = 4 << 20;

/// How many requests of one client are under way at the same time.
const AT_ONCE: usize = 32;

/// A client. Certificates are checked against the system's; redirections are not followed, since a key would
/// go with them. It logs neither headers nor bodies.
#[derive(Clone)]
pub(in crate::backends) struct Http {
    /// A child of `fork` must not use the connections of its parent.
    pools: Arc<ProcessLocal<Pools>>,
    /// Whose API it is, for messages.
    service: &'static str,
    timeout: Duration,
    /// For how long a server may take to accept a connection, if it is less than that.
    connect_timeout: Option<Duration>,
    /// The certificates by which the server's must be signed, in place of the system's.
    #[cfg(any(feature = "kubernetes", feature = "vault"))]
    roots: Arc<[Certificate]>,
}

/// The connections of one process.
struct Pools {
    /// One for each [`Route`], created when it is first needed.
    clients: [OnceLock<Client>; 4],
    /// A request takes a permit.
    requests: Semaphore,
}

/// How a request reaches its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Route {
    is_tls: bool,
    is_proxied: bool,
}

/// What a server answered. The body may hold a secret.
#[derive(Debug)]
pub(in crate::backends) struct HttpAnswer {
    pub status: u16,
    pub body: SecretValue,
    /// Where it sends the caller to, if it does.
    pub location: Option<String>,
}

/// A header's name and value. The value may be a credential, and is never shown.
pub(in crate::backends) type Header<'a> = (&'static str, &'a [u8]);

impl Default for Pools {
    fn default() -> Self {
        Self { clients: Default::default(), requests: Semaphore::new(AT_ONCE) }
    }
}

impl Route {
    fn to(url: &str) -> Self {
        Self {
            is_tls: url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:")),
            is_proxied: proxies::intercept(url),
        }
    }

    /// Creates the client of the route. What needs no certificates does without them: a machine may have none.
    fn client(self, http: &Http) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .timeout(http.timeout)
            .user_agent(concat!("secrets-runtime/", env!("CARGO_PKG_VERSION")));
        if !self.is_proxied {
            builder = builder.no_proxy();
            // Without these features there is no TLS either.
            #[cfg(any(
                feature = "kubernetes",
                feature = "prefect",
                feature = "vault",
                feature = "zenml"
            ))]
            if !self.is_tls {
                builder = builder.tls_certs_only([]);
            }
        }
        if let Some(timeout) = http.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        #[cfg(any(feature = "kubernetes", feature = "vault"))]
        if !http.roots.is_empty() {
            builder = builder.tls_certs_only(http.roots.iter().cloned());
        }
        builder.build()
    }

    fn place(self) -> usize {
        usize::from(self.is_tls) + 2 * usize::from(self.is_proxied)
    }
}

impl Http {
    /// A client for which an attempt may take this long.
    pub(in crate::backends) fn new(service: &'static str, timeout: Duration) -> Self {
        Self {
            pools: Arc::default(),
            service,
            timeout,
            connect_timeout: None,
            #[cfg(any(feature = "kubernetes", feature = "vault"))]
            roots: Arc::default(),
        }
    }

    /// A client for which a server that does not accept a connection in this time is away.
    pub(in crate::backends) fn with_connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: Some(timeout), ..self }
    }

    /// A client that takes only certificates which these have signed.
    #[cfg(any(feature = "kubernetes", feature = "vault"))]
    pub(in crate::backends) fn with_roots(self, roots: Vec<Certificate>) -> Self {
        Self { roots: roots.into(), ..self }
    }

    /// Sends a request, with a body of JSON if there is one. It runs on the I/O thread.
    pub(in crate::backends) async fn request(
        &self,
        method: Method,
        url: &str,
        headers: &[Header<'_>],
        body: Option<&[u8]>,
    ) -> Result<HttpAnswer, Error> {
        let mut headers = self.headers(headers)?;
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = |client: &Client| {
            let request = client.request(method, url).headers(headers);
            match body {
                Some(body) => request.body(body.to_vec()),
                None => request,
            }
        };
        self.send(url, request).await
    }

    /// Gets a resource. It runs on the I/O thread.
    pub(in crate::backends) async fn get(
        &self,
        url: &str,
        headers: &[Header<'_>],
    ) -> Result<HttpAnswer, Error> {
        let headers = self.headers(headers)?;
        self.send(url, |client| client.get(url).headers(headers)).await
    }

    /// Posts a body of this type. It runs on the I/O thread.
    pub(in crate::backends) async fn post(
        &self,
        url: &str,
        headers: &[Header<'_>],
        content_type: &'static str,
        body: &[u8],
    ) -> Result<HttpAnswer, Error> {
        let mut headers = self.headers(headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.send(url, |client| client.post(url).headers(headers).body(body.to_vec())).await
    }

    fn headers(&self, headers: &[Header<'_>]) -> Result<HeaderMap, Error> {
        let mut map = HeaderMap::with_capacity(headers.len() + 1);
        for (name, value) in headers {
            let mut value = HeaderValue::from_bytes(value).map_err(|_| {
                // What is set is checked where it is known where it comes from.
                let message = format!(
                    "the header `{name}` for {} would contain a character that a header cannot contain",
                    self.service
                );
                Error::new(ErrorKind::InvalidConfig, message)
                    .with_help("check that no setting of this backend has a line break")
            })?;
            value.set_sensitive(true);
            map.insert(HeaderName::from_static(name), value);
        }
        Ok(map)
    }

    async fn send(
        &self,
        url: &str,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<HttpAnswer, Error> {
        let (route, pools) = (Route::to(url), self.pools.get());
        // The semaphore is never closed; without a permit nothing is lost but the bound.
        let _permit = pools.requests.acquire().await.ok();
        let place = &pools.clients[route.place()];
        if place.get().is_none() {
            let client = route.client(self).map_err(|error| self.failed(&error, url))?;
            // Another task may have been faster.
            let _ = place.set(client);
        }
        let Some(client) = place.get() else {
            return Err(self.unreachable(url, "it has no client"));
        };
        let sent = request(client).send().await;
        let answer = sent.map_err(|error| self.failed(&error, url))?;
        let status = answer.status().as_u16();
        let location = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        let location = location.map(str::to_owned);
        let body = self.body(answer, url).await?;
        Ok(HttpAnswer { status, body: SecretValue::from(body), location })
    }

    /// Reads a body into one buffer: one that grows leaves copies behind.
    async fn body(&self, mut answer: Response, url: &str) -> Result<Vec<u8>, Error> {
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
        if length.is_some_and(|length| length > MAX_BYTES) {
            return Err(self.too_long());
        }
        let mut body = Zeroizing::new(Vec::with_capacity(length.unwrap_or(64 << 10)));
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(&error, url))? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(self.too_long());
            }
            append(&mut body, &chunk);
        }
        Ok(std::mem::take(&mut *body))
    }

    /// What kept the request from an answer. Of the address it has the server alone, without a user; no path and no header
    /// is in it.
    fn failed(&self, error: &reqwest::Error, url: &str) -> Error {
        // Nothing was sent to it.
        if error.is_timeout() && error.is_connect() && self.connect_timeout.is_some() {
            return self.unreachable(url, "it does not accept the connection in time");
        }
        if error.is_timeout() {
            return self.timeout_error();
        }
        if error.is_builder() && error.url().is_none() && error.source().is_none() {
            return self.unreachable(url, "the request cannot be built");
        }
        let mut last: &dyn StdError = error;
        while let Some(source) = last.source() {
            if last.to_string() == "dns error" {
                return self.unreachable(url, "its host is not known");
            }
            last = source;
        }
        let text = last.to_string();
        // The words of rustls for an answer that is not a record of TLS, such as one of HTTP.
        if text.contains("InvalidContentType") {
            return self.unreachable(url, "the server does not speak TLS").with_help(
                "write the port where it speaks TLS, or http:// in the address if it has no TLS",
            );
        }
        match last.downcast_ref::<io::Error>() {
            Some(io) if io.kind() == io::ErrorKind::TimedOut => self.timeout_error(),
            Some(io) if io.get_ref().is_none() => self.unreachable(url, &io.kind().to_string()),
            _ if std::ptr::addr_eq(last, error) => self.unreachable(url, "the request failed"),
            _ => self.unreachable(url, &escape_name(&text)),
        }
    }

    fn timeout_error(&self) -> Error {
        let message = format!("{} did not answer in time", self.service);
        Error::new(ErrorKind::Timeout, message)
            .with_help("try again, or allow it more time with SECRETS_ATTEMPT_TIMEOUT (seconds)")
    }

    fn too_long(&self) -> Error {
        let message = format!("{} sends an answer of more than {MAX_BYTES} bytes", self.service);
        Error::new(ErrorKind::Unavailable, message).with_help("check its address")
    }

    /// Returns the error of a server at this address. Only its scheme, host and port are shown.
    fn unreachable(&self, url: &str, why: &str) -> Error {
        let end = url.find("://").and_then(|at| Some(at + 3 + url.get(at + 3..)?.find('/')?));
        let server = RedactedUrl(&url[..end.unwrap_or(url.len())]).to_string();
        let server = (server != RedactedUrl::HIDDEN).then(|| format!(" at {server}"));
        let message =
            format!("{}{} cannot be reached: {why}", self.service, server.unwrap_or_default());
        Error::new(ErrorKind::Unavailable, message)
            .with_help("see that it runs, and that its address is right")
    }

    /// Returns the error for a status that the caller does not know.
    pub(in crate::backends) fn refused(&self, status: u16) -> Error {
        let service = self.service;
        let (kind, what, help) = match status {
            401 => (ErrorKind::AccessDenied, "does not accept the credentials", "check the key"),
            403 => (ErrorKind::AccessDenied, "does not permit it", "give the key this right"),
            408 | 504 => (ErrorKind::Timeout, "did not answer in time", "try again"),
            429 => (ErrorKind::Throttled, "asks for fewer requests", "try again later"),
            300..=399 => {
                (ErrorKind::InvalidConfig, "redirects to another address", "set that address")
            }
            _ => (ErrorKind::Unavailable, "failed", "try again, and see what it logs"),
        };
        Error::new(kind, format!("{service} {what} (HTTP status {status})")).with_help(help)
    }

    /// The error for an answer that is not what the API promises.
    pub(in crate::backends) fn unexpected(&self) -> Error {
        let message = format!("{} returned an answer that is not from its API", self.service);
        Error::new(ErrorKind::Unavailable, message).with_help("check the address")
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("service", &self.service).finish_non_exhaustive()
    }
}

/// Appends to a buffer. Where it is too small, a larger one takes its place, and it is wiped.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    if body.capacity() - body.len() < chunk.len() {
        let mut larger = Vec::with_capacity((body.len() + chunk.len()).max(2 * body.capacity()));
        larger.extend_from_slice(body);
        body.zeroize();
        **body = larger;
    }
    body.extend_from_slice(chunk);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_is_too_small_is_replaced() {
        let mut body = Zeroizing::new(Vec::with_capacity(4));
        let mut wanted = Vec::new();
        for length in [0, 1, 3, 1, 100, 1 << 16] {
            let chunk = vec![b'x'; length];
            append(&mut body, &chunk);
            wanted.extend(chunk);
            assert_eq!(*body, wanted);
        }
    }

    #[test]
    fn each_route_has_a_client_of_its_own() {
        let routes = [(false, false), (true, false), (false, true), (true, true)];
        let places = routes.map(|(is_tls, is_proxied)| Route { is_tls, is_proxied }.place());
        assert_eq!(places, [0, 1, 2, 3]);
        assert!(Route::to("HTTPS://127.0.0.1/").is_tls && !Route::to("http://127.0.0.1/").is_tls);
    }
}
