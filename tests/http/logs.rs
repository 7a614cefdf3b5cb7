//! No record of a log holds a credential or a value of Kubernetes, Prefect, Vault or ZenML, at any level, nor do several records that are
//! put together. A program of its own, as a process has one logger.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    fmt::Debug,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64ct::{Base64, Encoding};
use secrets_runtime::{Declaration, Error, Resolver, Secrets, settings::variables};
use secrets_tests::{
    cluster::Cluster,
    scripted_server::{Reply, ScriptedServer},
    stub_server::StubServer,
};
use serde_json::json;
use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};

const PASSWORD: &str = "SeNtInEl-password";

static RECORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn records() -> MutexGuard<'static, Vec<String>> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        records().push(record.args().to_string());
    }
    fn flush(&self) {}
}

/// Records the fields of spans and events.
struct Fields;

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        records().push(format!("{field}={value:?}"));
    }
}

struct Everything;

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn resolve(settings: &[(&variables::Variable, &str)], source: &str) -> Result<Secrets, Error> {
    let builder = settings
        .iter()
        .fold(Resolver::builder(), |builder, (variable, text)| builder.setting(variable, *text));
    let declaration = Declaration::builder("step").source(source)?.build();
    Ok(builder.build()?.resolve_blocking(&declaration)?.secrets)
}

fn zenml(server: &StubServer) -> Result<Secrets, Error> {
    let url = server.url().replace("//", "//user:SeNtInEl-user@");
    let settings = [(&variables::ZENML_URL, url.as_str()), (&variables::ZENML_PASSWORD, PASSWORD)];
    resolve(&settings, "zenml.db")
}

fn vault(server: &StubServer) -> Result<Secrets, Error> {
    let url = server.url().replace("//", "//user:SeNtInEl-user@");
    let settings = [
        (&variables::VAULT_ADDR, url.as_str()),
        (&variables::VAULT_ROLE_ID, "SeNtInEl-role-id"),
        (&variables::VAULT_SECRET_ID, PASSWORD),
    ];
    resolve(&settings, r#"{"id": "secret/db", "type": "vault", "options": {"kv": 1}}"#)
}

fn prefect(server: &StubServer) -> Result<Secrets, Error> {
    let url = server.url().replace("//", "//user:SeNtInEl-user@");
    let settings =
        [(&variables::PREFECT_API_URL, url.as_str()), (&variables::PREFECT_API_KEY, PASSWORD)];
    resolve(&settings, "prefect.db")
}

fn cloud(server: &StubServer) -> Result<Secrets, Error> {
    let url = server.url();
    let settings = [
        (&variables::PREFECT_BACKEND, "cloud"),
        (&variables::PREFECT_USE_LOCAL_SECRETS, "false"),
        (&variables::PREFECT_CLOUD_API, url.as_str()),
        (&variables::PREFECT_CLOUD_API_KEY, PASSWORD),
    ];
    resolve(&settings, "prefect.db")
}

fn kubernetes(server: &StubServer) -> Result<Secrets, Error> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "SeNtInEl-token").unwrap();
    let (url, folder) = (server.url(), folder.path().to_str().unwrap());
    let settings =
        [(&variables::KUBERNETES_URL, url.as_str()), (&variables::KUBERNETES_DIR, folder)];
    resolve(&settings, "kubernetes.prod/db")
}

/// A real API server, with TLS, if `cargo xtask` has started one.
fn real_kubernetes() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("logged");
    cluster.secret("logged", "db", &json!({ "k": "SeNtInEl-of-a-cluster" }));
    let token = cluster.account("logged", "app", &["db"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(cluster.certificate(), folder.path().join("ca.crt")).unwrap();
    std::fs::write(folder.path().join("token"), &token).unwrap();
    let (port, folder) = (cluster.port(), folder.path().to_str().unwrap());
    let settings = [
        (&variables::KUBERNETES_SERVICE_HOST, "127.0.0.1"),
        (&variables::KUBERNETES_SERVICE_PORT, port.as_str()),
        (&variables::KUBERNETES_DIR, folder),
    ];
    assert!(resolve(&settings, "kubernetes.logged/db").is_ok());
    // A JWT is three texts with dots between them, each of which is too long to be there by chance.
    for reading in readings(&records()) {
        assert!(token.split('.').all(|part| !reading.contains(part)), "the token was logged");
    }
}

/// A Vault that is logged in to with a wrapped secret id or a JWT, and whose leases are renewed and revoked.
fn leases_of_vault() {
    let server = ScriptedServer::new(|request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        let answer = match path.strip_prefix("/v1/").unwrap_or_default() {
            "sys/wrapping/lookup" => {
                json!({ "data": { "creation_path": "auth/approle/role/app/secret-id" } })
            }
            "sys/wrapping/unwrap" => json!({ "data": { "secret_id": "SeNtInEl-unwrapped" } }),
            "auth/approle/login" | "auth/jwt/login" | "auth/token/renew-self" => {
                let time = if path.ends_with("renew-self") { 3600 } else { 2 };
                let token = "s.SeNtInEl-of-a-login";
                json!({ "auth": { "client_token": token, "lease_duration": time, "renewable": true } })
            }
            "db/creds/app" => json!({
                "lease_id": "db/creds/app/1", "lease_duration": 1, "renewable": true,
                "data": { "username": "SeNtInEl-user", "password": "SeNtInEl-of-a-lease" },
            }),
            "sys/leases/renew" => {
                json!({ "lease_id": "db/creds/app/1", "lease_duration": 3600, "renewable": true })
            }
            "sys/leases/revoke" => json!({ "errors": ["SeNtInEl"] }),
            _ => json!({ "data": { "path": "db/", "type": "database", "options": null } }),
        };
        Reply::json(if path.ends_with("/revoke") { 403 } else { 200 }, &answer)
    });
    let folder = tempfile::tempdir().unwrap();
    let jwt = folder.path().join("jwt");
    std::fs::write(&jwt, "SeNtInEl.of.jwt").unwrap();
    let builder = || Resolver::builder().setting(&variables::VAULT_ADDR, server.url());
    let wrapped = builder()
        .setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role-id")
        .setting(&variables::VAULT_SECRET_ID, "SeNtInEl-wrapped")
        .setting(&variables::VAULT_SECRET_ID_WRAPPING_PATH, "auth/approle/role/app/secret-id");
    let with_jwt = builder().setting(&variables::VAULT_JWT_FILE, &jwt);
    for (number, builder) in (1..).zip([wrapped, with_jwt]) {
        let resolver = builder.build().unwrap();
        let declared = Declaration::builder("step").source("vault.db/creds/app").unwrap().build();
        let step = resolver.resolve_blocking(&declared).unwrap();
        let renewals = || server.lines().iter().filter(|line| line.ends_with("/renew")).count();
        while renewals() < number {
            std::thread::yield_now();
        }
        drop(step);
        resolver.shutdown_blocking();
    }
    assert!(server.lines().iter().any(|line| line.ends_with("/revoke-self")));
}

/// What a person can put together: the records one after another, their letters alone, the last word of each, and the
/// bytes that are written in hex.
fn readings(records: &[String]) -> [String; 4] {
    let letters =
        |text: &String| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let last = |text: &String| text.rsplit(' ').next().unwrap_or_default().to_owned();
    let words = records.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    let bytes = words.filter(|word| word.len() == 2).filter_map(|w| u8::from_str_radix(w, 16).ok());
    [
        records.concat(),
        records.iter().map(letters).collect(),
        records.iter().map(last).collect(),
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned(),
    ]
}

#[test]
fn a_finer_log_shows_no_credential_and_no_value() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Everything).unwrap();

    // One answer to all that ZenML's and Prefect's APIs are asked.
    let secret = r#""name": "db", "body": {"values": {"k": "SeNtInEl-zenml-value-of-many-rows"}}"#;
    let list = r#""items": [{"id": "1", "name": "db"}]"#;
    let answer = format!(r#"{{"access_token": "SeNtInEl-token", {list}, {secret}}}"#);
    assert!(zenml(&StubServer::new(200, "", &answer)).is_ok());
    let answer = r#"{"auth": {"client_token": "SeNtInEl-token", "lease_duration": 60}, "data": {"k": "SeNtInEl-vault-value-of-many-rows"}}"#;
    assert!(vault(&StubServer::new(200, "", answer)).is_ok());
    let answer = r#"{"data": {"value": "SeNtInEl-prefect-value-of-many-rows"}}"#;
    assert!(prefect(&StubServer::new(200, "", answer)).is_ok());
    let value = Base64::encode_string(b"SeNtInEl-kubernetes-value-of-many-rows");
    let answer = json!({ "metadata": { "name": "db" }, "data": { "k": value } }).to_string();
    assert!(kubernetes(&StubServer::new(200, "", &answer)).is_ok());
    real_kubernetes();
    leases_of_vault();
    let answer = r#"{"data": {"secret_value": "SeNtInEl-cloud-value-of-many-rows"}}"#;
    assert!(cloud(&StubServer::new(200, "", answer)).is_ok());
    // Servers that refuse, and repeat what they were sent.
    for (status, body) in
        [(401, "SeNtInEl"), (403, r#"{"detail": "SeNtInEl-password"}"#), (500, "SeNtInEl")]
    {
        let server = StubServer::new(status, "x-echo: SeNtInEl\r\n", body);
        let first = [zenml(&server), vault(&server), kubernetes(&server)];
        for asked in first.into_iter().chain([prefect(&server), cloud(&server)]) {
            let error = asked.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("SeNtInEl"), "{status}");
        }
    }
    let records = records().clone();
    assert!(!records.is_empty(), "the client logs something");
    for reading in readings(&records) {
        // The other one is the value of Kubernetes as its server sends it.
        for value in ["SeNtInEl", "U2VOdEluRW"] {
            assert!(!reading.contains(value), "a credential or a value was logged");
        }
    }
}
