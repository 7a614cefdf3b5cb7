use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

use aws_smithy_types::body::SdkBody;
use http_body_util::{LengthLimitError, Limited};

use crate::{
    backends::http::loopback::{is_metadata_service, is_of_this_machine},
    core::error::{Error, ErrorKind},
    rt::process_local::ProcessLocal,
};

/// More than any answer has: a batch of twenty secrets of 64 KiB each, however they are escaped.
const MAX_BYTES: usize = 16 << 20;

/// The process's one HTTP client: all requests to AWS share its connections.
///
/// Left to itself the SDK makes one for each of its clients, and each reads the system's certificates and
/// makes a new TLS handshake. Like the SDK's own it goes through the proxy that `HTTPS_PROXY` and the like name, but not
/// to a server on this machine or to its metadata services: a proxy would see what otherwise does not leave it.
pub(super) fn http_client() -> SharedHttpClient {
    static CLIENT: OnceLock<SharedHttpClient> = OnceLock::new();
    CLIENT.get_or_init(|| SharedHttpClient::new(OneClient::default())).clone()
}

/// The timeouts, and whether it is for servers on this machine.
type Key = (Option<Duration>, Option<Duration>, bool);

/// A pool of connections for each pair of timeouts that is asked for. A child of `fork` has pools of its own.
#[derive(Default)]
struct OneClient(Arc<ProcessLocal<Pools>>);

type Pools = Mutex<Vec<(Key, SharedHttpConnector)>>;

impl HttpClient for OneClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(OneConnector {
            pools: self.0.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Finds the pool at each request: the SDK keeps a connector, and the process may have been forked since.
struct OneConnector {
    pools: Arc<ProcessLocal<Pools>>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl OneConnector {
    fn connector(&self, is_local: bool) -> SharedHttpConnector {
        let key = (self.settings.connect_timeout(), self.settings.read_timeout(), is_local);
        let mut known = self.pools.get().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = known.iter().find(|(other, _)| *other == key) {
            return connector.clone();
        }
        let proxies = if is_local { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let mut builder = Connector::builder()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .proxy_config(proxies)
            .connector_settings(self.settings.clone());
        builder.set_sleep_impl(self.components.sleep_impl());
        let connector = SharedHttpConnector::new(builder.build());
        known.push((key, connector.clone()));
        connector
    }
}

impl HttpConnector for OneConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = request.uri();
        let is_local = is_of_this_machine(url) || is_metadata_service(url);
        let answer = self.connector(is_local).call(request);
        HttpConnectorFuture::new(async move { limited(answer.await?) })
    }
}

/// Limits the body of an answer. One that is announced as too long is not read at all.
fn limited(answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let length = answer.headers().get("content-length").and_then(|text| text.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(ConnectorError::user(Box::new(too_long())));
    }
    Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, MAX_BYTES))))
}

/// The error for an answer that is too long.
pub(super) fn too_long() -> Error {
    let message = format!("AWS sends an answer of more than {MAX_BYTES} bytes");
    Error::new(ErrorKind::Unavailable, message)
        .with_help("check that AWS_ENDPOINT_URL and the proxies lead to AWS")
}

/// Whether an error was caused by an answer that is too long.
pub(super) fn is_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl fmt::Debug for OneConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneConnector")
    }
}

impl fmt::Debug for OneClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneClient")
    }
}
