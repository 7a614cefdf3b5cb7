//! HTTP for backends that have an API: one small blocking client, on threads that live as long as a call.

use std::{io::Read, sync::Arc, time::Duration};

use ureq::{
    Agent, Body, RequestBuilder,
    http::{HeaderValue, Response, header},
    tls::{RootCerts, TlsConfig},
};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    backends::http::plaintext::is_of_this_machine,
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
};

/// More than any answer with one secret has.
const MAX_BYTES: usize = 4 << 20;

/// A client. Certificates are checked against the system's; redirections are not followed, since a key would
/// go with them.
#[derive(Debug, Clone)]
pub(in crate::backends) struct Http {
    agent: Agent,
    /// Whose API it is, for messages.
    service: &'static str,
}

/// What a server answered. The body may hold a secret.
#[derive(Debug)]
pub(in crate::backends) struct HttpAnswer {
    pub status: u16,
    pub body: SecretValue,
}

/// A header's name and value. The value may be a credential, and is never shown.
pub(in crate::backends) type Header<'a> = (&'static str, &'a [u8]);

impl Http {
    /// A client for which an attempt may take this long.
    pub(in crate::backends) fn new(service: &'static str, timeout: Duration) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .user_agent(concat!("secrets-runtime/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), service }
    }

    /// Gets a resource.
    pub(in crate::backends) fn get(
        &self,
        url: &str,
        headers: &[Header<'_>],
    ) -> Result<HttpAnswer, Error> {
        let mut request = without_proxy_to_this_machine(self.agent.get(url), url);
        for (name, value) in headers {
            request = request.header(*name, self.header(value)?);
        }
        self.answer(request.call())
    }

    /// Posts a body of this type.
    pub(in crate::backends) fn post(
        &self,
        url: &str,
        headers: &[Header<'_>],
        content_type: &str,
        body: &[u8],
    ) -> Result<HttpAnswer, Error> {
        let request = self.agent.post(url).header(header::CONTENT_TYPE, content_type);
        let mut request = without_proxy_to_this_machine(request, url);
        for (name, value) in headers {
            request = request.header(*name, self.header(value)?);
        }
        self.answer(request.send(body))
    }

    fn header(&self, value: &[u8]) -> Result<HeaderValue, Error> {
        let mut value = HeaderValue::from_bytes(value).map_err(|_| {
            let message = format!("the key for {} holds a character that no key has", self.service);
            Error::new(ErrorKind::InvalidConfig, message).with_help("see that it has no line break")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<HttpAnswer, Error> {
        let mut answer = answer.map_err(|error| self.failed(&error))?;
        let status = answer.status().as_u16();
        let length = answer.body().content_length().and_then(|n| usize::try_from(n).ok());
        let mut reader = answer.body_mut().as_reader();
        let body = read(&mut reader, length).map_err(|error| self.broken(&error))?;
        Ok(HttpAnswer { status, body: SecretValue::from(body) })
    }

    fn broken(&self, error: &std::io::Error) -> Error {
        // The client's own errors come wrapped.
        match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(inner) => self.failed(inner),
            None if error.kind() == std::io::ErrorKind::TimedOut => self.late(),
            None => self.unavailable(&error.kind().to_string()),
        }
    }

    /// What kept the request from an answer. No address and no header is in it.
    fn failed(&self, error: &ureq::Error) -> Error {
        match error {
            ureq::Error::Timeout(_) => self.late(),
            ureq::Error::HostNotFound => self.unavailable("its host is not known"),
            ureq::Error::ConnectionFailed => self.unavailable("the connection failed"),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => self.late(),
            ureq::Error::Io(error) => self.unavailable(&error.kind().to_string()),
            ureq::Error::Rustls(error) => self.unavailable(&error.to_string()),
            ureq::Error::Tls(why) => self.unavailable(why),
            ureq::Error::BadUri(_) => Error::new(
                ErrorKind::InvalidConfig,
                format!("the address of {} is none", self.service),
            )
            .with_help("write https://HOST/PATH"),
            _ => self.unavailable("the request failed"),
        }
    }

    fn late(&self) -> Error {
        let message = format!("{} did not answer in time", self.service);
        Error::new(ErrorKind::Timeout, message)
            .with_help("try again, or allow it more time with SECRETS_ATTEMPT_TIMEOUT (seconds)")
    }

    fn unavailable(&self, why: &str) -> Error {
        let message = format!("{} cannot be reached: {why}", self.service);
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
                (ErrorKind::InvalidConfig, "answers from another address", "set that address")
            }
            _ => (ErrorKind::Unavailable, "failed", "try again, and see what it logs"),
        };
        Error::new(kind, format!("{service} {what} (HTTP status {status})")).with_help(help)
    }

    /// The error for an answer that is not what the API promises.
    pub(in crate::backends) fn unexpected(&self) -> Error {
        let message = format!("{} gave an answer that is not its API's", self.service);
        Error::new(ErrorKind::Unavailable, message).with_help("check the address")
    }
}

/// Sends a request to this machine without the proxy that the environment names: nothing warns about its way.
fn without_proxy_to_this_machine<B>(request: RequestBuilder<B>, url: &str) -> RequestBuilder<B> {
    match is_of_this_machine(url) {
        true => request.config().proxy(None).build(),
        false => request,
    }
}

/// Reads a body into one buffer: one that grows leaves copies behind.
fn read(from: &mut impl Read, length: Option<usize>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; length.unwrap_or(64 << 10).min(MAX_BYTES) + 1]);
    let mut used = 0;
    loop {
        if used == bytes.len() {
            if used > MAX_BYTES {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
            let mut larger = vec![0; (used * 2).min(MAX_BYTES + 1)];
            larger[..used].copy_from_slice(&bytes);
            bytes.zeroize();
            *bytes = larger;
        }
        match from.read(&mut bytes[used..]) {
            Ok(0) => break,
            Ok(count) => used += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(used);
    Ok(std::mem::take(&mut *bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client whose proxy does not exist.
    fn behind_a_proxy() -> Http {
        let proxy = ureq::Proxy::new("http://127.0.0.1:1").unwrap();
        let config = Agent::config_builder().proxy(Some(proxy)).build();
        Http { agent: config.new_agent(), service: "the service" }
    }

    #[test]
    fn a_proxy_does_not_see_what_is_for_this_machine() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                std::io::Write::write_all(&mut stream, answer).unwrap();
            }
        });
        let http = behind_a_proxy();
        assert_eq!(http.get(&url, &[]).unwrap().status, 200);
        assert_eq!(http.post(&url, &[], "text/plain", b"").unwrap().status, 200);
        server.join().unwrap();
        assert!(http.get("http://192.0.2.1/", &[]).is_err(), "what is elsewhere goes to the proxy");
    }

    #[test]
    fn a_body_of_any_length_is_read_and_a_huge_one_refused() {
        for length in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, MAX_BYTES] {
            for told in [None, Some(length), Some(3)] {
                let bytes = vec![b'x'; length];
                assert_eq!(read(&mut &bytes[..], told).unwrap(), bytes, "{length} {told:?}");
            }
        }
        assert!(read(&mut &vec![0; MAX_BYTES + 1][..], None).is_err());
    }
}
