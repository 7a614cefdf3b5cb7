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
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};

use crate::{backends::http::plaintext::is_of_this_machine, rt::process_local::ProcessLocal};

/// The process's one HTTP client: all requests to AWS share its connections.
///
/// Left to itself the SDK makes one for each of its clients, and each reads the system's certificates and
/// makes a new TLS handshake. Like the SDK's own it goes through the proxy that `HTTPS_PROXY` and the like name, but not
/// to a server on this machine: a proxy would see what otherwise does not leave it.
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
        self.connector(is_of_this_machine(request.uri())).call(request)
    }
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
