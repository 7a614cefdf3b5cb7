//! The Secrets of a Kubernetes cluster, through its API.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64ct::{Base64, Encoding};
use reqwest::Certificate;
use secrets_spec::{BuiltIn, check_id};
use zeroize::Zeroizing;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity,
    },
    backends::{
        bounded_tasks::run_bounded,
        http::{
            address::Address,
            client::{Header, Http, HttpAnswer},
        },
    },
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        escape::escape_name,
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
    settings::{Settings, backends::kubernetes::KubernetesSettings},
};

/// Where Kubernetes mounts a pod's service account.
const SERVICE_ACCOUNT_DIR: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How many requests of one call are under way at the same time.
const AT_ONCE: usize = 32;

/// The backend `kubernetes`: the Secrets of a cluster, through its API.
///
/// An id is a Secret's name, or `NAMESPACE/NAME`; without a namespace it is that of the pod. Each Secret is read with
/// `get`, so a role that permits `get` on these names alone is enough. In a pod it uses the service account, whose token is
/// read at each request. Elsewhere `SECRETS_KUBERNETES_URL` names the API, such as that of `kubectl proxy`.
///
/// A request's group is the Secret, and its key the field. For Secrets that are mounted as files, use the backend `file`.
#[derive(Debug)]
pub struct Kubernetes {
    api: Result<Arc<KubernetesApi>, Error>,
}

/// The API of a cluster.
#[derive(Debug)]
struct KubernetesApi {
    http: Http,
    url: Address,
    /// The folder of the service account.
    folder: PathBuf,
    /// Whether its token is sent.
    has_token: bool,
}

impl Kubernetes {
    /// Creates the backend of the cluster that the settings name.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        let api = KubernetesApi::new(&settings.kubernetes, settings.attempt_timeout());
        Self { api: api.map(Arc::new) }
    }
}

impl fmt::Display for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.api {
            Ok(api) => write!(f, "{api}"),
            Err(_) => f.write_str("a Kubernetes cluster"),
        }
    }
}

impl Backend for Kubernetes {
    fn kind(&self) -> &str {
        BuiltIn::Kubernetes.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    /// The key is left out: all fields of a Secret are one answer. A version is refused, and does not share it.
    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::new(request.id()).with_selector([version_of(request)])
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let api = match &self.api {
                Ok(api) => api.clone(),
                Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
            };
            let ids = requests.iter().map(current_id).collect();
            run_bounded(ids, AT_ONCE, move |id: Result<String, Error>| {
                let api = api.clone();
                async move { api.fetch(&id?).await }
            })
            .await
        })
    }
}

impl KubernetesApi {
    fn new(settings: &KubernetesSettings, timeout: Duration) -> Result<Self, Error> {
        let folder = settings.dir.clone().unwrap_or_else(|| SERVICE_ACCOUNT_DIR.into());
        let http = Http::new("the API of Kubernetes", timeout);
        if let Some(url) = &settings.url {
            let url = Address::of(url, "SECRETS_KUBERNETES_URL")?;
            // The token is for the cluster, and not for whatever address is set.
            let has_token = settings.dir.is_some();
            // A cluster has a CA of its own; what another server has may be known to the system.
            let has_roots = has_token && folder.join("ca.crt").exists();
            let http = if has_roots { http.with_roots(roots(&folder)?) } else { http };
            return Ok(Self { http, url, folder, has_token });
        }
        let Some(host) = &settings.host else {
            let message = "this is not a pod: KUBERNETES_SERVICE_HOST is not set";
            return Err(Error::new(ErrorKind::InvalidConfig, message).with_help(
                "elsewhere, set SECRETS_KUBERNETES_URL to the address of `kubectl proxy`",
            ));
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let port = settings.port.as_deref().unwrap_or("443");
        let url = SecretValue::from(format!("https://{host}:{port}"));
        let url = Address::of(&url, "KUBERNETES_SERVICE_HOST")?;
        let http = http.with_roots(roots(&folder)?);
        Ok(Self { http, url, folder, has_token: true })
    }

    async fn fetch(&self, id: &str) -> Result<Fetched, Error> {
        if let Some(flaw) = check_id(Some(BuiltIn::Kubernetes.name()), id) {
            let flaw = flaw.explain(id);
            return Err(Error::new(ErrorKind::InvalidSource, flaw.message())
                .with_help(flaw.help().unwrap_or("write NAMESPACE/NAME")));
        }
        let (namespace, name) = match id.split_once('/') {
            Some((namespace, name)) => (namespace.to_owned(), name),
            None => (self.namespace()?, id),
        };
        let url = self.url.to_send_to();
        // Both have only characters that need no encoding.
        let url = format!("{url}/api/v1/namespaces/{namespace}/secrets/{name}");
        let bearer = if self.has_token { Some(self.bearer()?) } else { None };
        let mut headers: Vec<Header<'_>> = vec![("accept", b"application/json")];
        headers.extend(bearer.as_ref().map(|bearer| ("authorization", bearer.as_slice())));
        let answer = self.http.get(&url, &headers).await?;
        if answer.status != 200 {
            return Err(self.refused(&answer, &namespace, name));
        }
        self.fields(&answer, &namespace, name).map(|fetched| fetched.with_name(id))
    }

    /// Reads the fields of a Secret, which are base64.
    fn fields(&self, answer: &HttpAnswer, namespace: &str, name: &str) -> Result<Fetched, Error> {
        let object = Json { form: Form::Object, value: answer.body.clone() };
        let metadata = member(&object, "metadata").ok_or_else(|| self.http.unexpected())?;
        let is_another = text(&metadata, "namespace").is_some_and(|found| found != namespace);
        if is_another || text(&metadata, "name").as_deref() != Some(name) {
            return Err(self.http.unexpected());
        }
        // A Secret may have none.
        let data = match member(&object, "data") {
            None => Vec::new(),
            Some(data) if data.form == Form::Null => Vec::new(),
            Some(data) if data.form == Form::Object => {
                json::object(&data.value).map_err(|_| self.http.unexpected())?
            }
            Some(_) => return Err(self.http.unexpected()),
        };
        let mut fields = Vec::with_capacity(data.len());
        for (key, value) in data {
            // Decoded into the value that the step gets.
            let bytes = value.value.expose_str().ok().and_then(|it| Base64::decode_vec(it).ok());
            fields.push((key, SecretValue::from(bytes.ok_or_else(|| self.http.unexpected())?)));
        }
        let fetched = Fetched::fields(fields);
        Ok(match text(&metadata, "resourceVersion") {
            Some(version) => fetched.with_version(version),
            None => fetched,
        })
    }

    /// Returns the namespace of the pod; elsewhere that which `kubectl` has by default.
    fn namespace(&self) -> Result<String, Error> {
        let text = match read(&self.folder, "namespace") {
            Ok(text) => text,
            Err(_) if !self.has_token => return Ok("default".to_owned()),
            Err(error) => return Err(error),
        };
        let name = String::from_utf8_lossy(text.trim_ascii()).into_owned();
        // It becomes a part of the path.
        match check_id(Some(BuiltIn::Kubernetes.name()), &format!("{name}/any")) {
            None => Ok(name),
            Some(_) => {
                let (file, name) = (self.folder.join("namespace"), escape_name(&name));
                let message = format!("{} has no name of a namespace: `{name}`", file.display());
                Err(Error::new(ErrorKind::InvalidConfig, message)
                    .with_help("check SECRETS_KUBERNETES_DIR, or write NAMESPACE/NAME"))
            }
        }
    }

    /// Returns the header with the token, which is read each time.
    fn bearer(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let token = read(&self.folder, "token")?;
        let token = token.trim_ascii();
        // Without a token the API answers to anybody, and says that a right is missing.
        if token.is_empty() {
            let message = format!("{} is empty", self.folder.join("token").display());
            return Err(Error::new(ErrorKind::InvalidConfig, message)
                .with_help("mount the service account's token, or set SECRETS_KUBERNETES_DIR"));
        }
        Credential::of_file(token, &self.folder.join("token")).bearer("the service account's token")
    }

    /// Returns why there is no Secret, by the reason of the `Status`. Its message is not printed.
    fn refused(&self, answer: &HttpAnswer, namespace: &str, name: &str) -> Error {
        let status = Json { form: Form::Object, value: answer.body.clone() };
        let reason = text(&status, "reason").unwrap_or_default();
        let (namespace, name) = (escape_name(namespace), escape_name(name));
        // Of a path that it does not serve it says so without a kind.
        let details = member(&status, "details");
        let is_of_an_object = details.is_none_or(|details| text(&details, "kind").is_some());
        let (kind, what, help) = match (reason.as_str(), answer.status) {
            // Another server has its own 404, which says nothing about a Secret.
            ("NotFound", 404) if is_of_an_object => (
                ErrorKind::NotFound,
                format!("there is no Secret `{name}` in the namespace `{namespace}`"),
                format!(
                    "check the namespace, or create the Secret: kubectl -n {namespace} create secret generic {name} --from-literal=key=value"
                ),
            ),
            ("Forbidden", _) | (_, 403) => (
                ErrorKind::AccessDenied,
                format!("the Secret `{name}` of the namespace `{namespace}` may not be read"),
                format!(
                    "give the service account a role with the verb get on secrets, resourceNames: [{name}]"
                ),
            ),
            ("Unauthorized", _) | (_, 401) => (
                ErrorKind::AccessDenied,
                "the token is not valid, or has expired".to_owned(),
                "check the service account, and SECRETS_KUBERNETES_DIR".to_owned(),
            ),
            ("TooManyRequests", _) | (_, 429) => (
                ErrorKind::Throttled,
                "it asks for fewer requests".to_owned(),
                "try again later".to_owned(),
            ),
            ("Timeout" | "ServerTimeout", _) | (_, 504) => {
                (ErrorKind::Timeout, "it did not answer in time".to_owned(), "try again".to_owned())
            }
            ("Gone", 410) => (
                ErrorKind::Deleted,
                format!("the Secret `{name}` of the namespace `{namespace}` is not there any more"),
                "create it again".to_owned(),
            ),
            // Of a state that the server does not keep any more.
            ("Expired", 410) => (
                ErrorKind::Unavailable,
                "the state that was asked for is no longer available".to_owned(),
                "try again".to_owned(),
            ),
            ("ServiceUnavailable" | "InternalError", _) | (_, 500..) => (
                ErrorKind::Unavailable,
                "it failed".to_owned(),
                "try again, and see the state of the API server".to_owned(),
            ),
            (_, 400 | 404..=406) => (
                ErrorKind::InvalidConfig,
                "what answers there is not the API of Kubernetes".to_owned(),
                "check the address".to_owned(),
            ),
            (_, status) => return self.http.refused(status),
        };
        Error::new(kind, format!("{what} ({self}, HTTP status {})", answer.status)).with_help(help)
    }
}

impl fmt::Display for KubernetesApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the API of Kubernetes at {}", self.url)
    }
}

/// Returns the version that a request asks for, unless it is the current one.
fn version_of<'a>(request: &FetchRequest<'a>) -> Option<&'a str> {
    request.version_id().or(request.stage_unless_current())
}

/// Returns the id of a request for the current version.
fn current_id(request: &FetchRequest<'_>) -> Result<String, Error> {
    match version_of(request) {
        None => Ok(request.id().to_owned()),
        Some(_) => {
            let message = "Kubernetes has the current version of a Secret only";
            Err(Error::new(ErrorKind::NotSupported, message)
                .with_help("remove the version, or read the secret from another backend"))
        }
    }
}

/// Reads a file of the service account, which is replaced now and then.
fn read(folder: &Path, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = folder.join(name);
    fs::read(&path).map(Zeroizing::new).map_err(|error| {
        let message = format!("the service account's {} cannot be read", path.display());
        Error::new(ErrorKind::InvalidConfig, message)
            .with_help("mount the service account's token, or set SECRETS_KUBERNETES_DIR")
            .with_cause(error)
    })
}

/// Reads the certificates of the cluster's CA.
fn roots(folder: &Path) -> Result<Vec<Certificate>, Error> {
    let pem = read(folder, "ca.crt")?;
    let roots = Certificate::from_pem_bundle(&pem).ok().filter(|roots| !roots.is_empty());
    roots.ok_or_else(|| {
        let message = format!("{} has no certificate", folder.join("ca.crt").display());
        Error::new(ErrorKind::InvalidConfig, message).with_help("check SECRETS_KUBERNETES_DIR")
    })
}

fn member(object: &Json, name: &str) -> Option<Json> {
    let members = json::object(&object.value).ok()?;
    members.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Returns a text that is not a secret, such as a name.
fn text(object: &Json, name: &str) -> Option<String> {
    let found = member(object, name).filter(|found| found.form == Form::Text)?;
    found.value.expose_str().ok().map(str::to_owned)
}
