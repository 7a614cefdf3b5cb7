use std::{
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};

/// The process's one HTTP client: all requests to AWS share its connections.
///
/// Left to itself the SDK makes one for each of its clients, and each reads the system's certificates and
/// makes a new TLS handshake. Like the SDK's own it goes through the proxy that `HTTPS_PROXY` and the like name.
pub(super) fn http_client() -> SharedHttpClient {
    static CLIENT: OnceLock<SharedHttpClient> = OnceLock::new();
    CLIENT.get_or_init(|| SharedHttpClient::new(OneClient::default())).clone()
}

type Timeouts = (Option<Duration>, Option<Duration>);

/// A pool of connections for each pair of timeouts that is asked for.
#[derive(Default)]
struct OneClient(Mutex<Vec<(Timeouts, SharedHttpConnector)>>);

impl HttpClient for OneClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = known.iter().find(|(other, _)| *other == timeouts) {
            return connector.clone();
        }
        let mut builder = Connector::builder()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .proxy_config(ProxyConfig::from_env())
            .connector_settings(settings.clone());
        builder.set_sleep_impl(components.sleep_impl());
        let connector = SharedHttpConnector::new(builder.build());
        known.push((timeouts, connector.clone()));
        connector
    }
}

impl fmt::Debug for OneClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneClient")
    }
}
