//! What Vault refuses, and what is said of it.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener},
    thread,
};

use secrets_runtime::{ErrorKind, settings::variables};
use secrets_tests::stub_server::StubServer;
use serde_json::{Value, json};

use super::setup::{Bao, refused, resolve};

#[test]
fn a_missing_right_a_bad_token_and_a_mount_that_is_not_there_are_told_apart() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-denied", 2);
    bao.root("POST", "kv-denied/data/db", &json!({ "data": { "x": "SeNtInEl" } }));
    let policy = r#"path "kv-denied/data/other" { capabilities = ["read"] }"#;
    let token = bao.token("kv-denied", policy, &json!({}));
    let resolver = bao.resolver(&token);
    let words = ["may not use `kv-denied/db`", "capability", "`kv-denied/data/db`"];
    assert_eq!(refused(&resolver, "kv-denied/db", &words), ErrorKind::AccessDenied);
    let words = ["may not use `nowhere/db`, or there is no such mount"];
    assert_eq!(refused(&resolver, "nowhere/db", &words), ErrorKind::AccessDenied);
    let words = ["the token is not valid, or has expired"];
    let bad = bao.resolver("s.SeNtInEl-bad");
    assert_eq!(refused(&bad, "kv-denied/db", &words), ErrorKind::AccessDenied);
    // Without the default policy nobody can tell a good token.
    let poor = bao.token("kv-denied-poor", policy, &json!({ "no_default_policy": true }));
    let words = ["may not use `nowhere/db`, or there is no such mount, or the token is not valid"];
    assert_eq!(refused(&bao.resolver(&poor), "nowhere/db", &words), ErrorKind::AccessDenied);
}

#[test]
fn one_look_up_is_enough_for_all_secrets_of_a_call() {
    let Some(bao) = Bao::start() else { return };
    // What the server tells of its mounts takes no use, and the look-up takes one.
    let policy = r#"path "none" { capabilities = ["deny"] }"#;
    let token = bao.token("kv-uses", policy, &json!({ "num_uses": 3 }));
    let error = resolve(&bao.resolver(&token), &["nowhere/a", "nothing/b"]).unwrap_err();
    assert!(error.problems().iter().all(|it| it.kind() == ErrorKind::AccessDenied), "{error}");
    let lookup = bao.root("POST", "auth/token/lookup", &json!({ "token": token }));
    assert_eq!(lookup["data"]["num_uses"], 2, "{lookup}");
}

#[test]
fn a_namespace_that_is_not_there_stops_a_chain() {
    let Some(bao) = Bao::start() else { return };
    let resolver = bao
        .builder()
        .setting(&variables::VAULT_TOKEN, "SeNtInEl-openbao-root")
        .setting(&variables::VAULT_NAMESPACE, "no-such")
        .default_backend("vault,env")
        .build()
        .unwrap();
    let words = ["no such namespace", "SECRETS_VAULT_NAMESPACE"];
    assert_eq!(refused(&resolver, "secret/db", &words), ErrorKind::InvalidConfig);
}

#[test]
fn a_namespace_has_secrets_of_its_own() {
    let Some(bao) = Bao::start() else { return };
    let _ = bao.ask("SeNtInEl-openbao-root", "POST", "sys/namespaces/team-a", &Value::Null);
    let _ = bao.ask(
        "SeNtInEl-openbao-root",
        "POST",
        "team-a/sys/mounts/kv",
        &json!({ "type": "kv", "options": { "version": "1" } }),
    );
    bao.root("POST", "team-a/kv/db", &json!({ "x": "SeNtInEl-a" }));
    let builder = bao.builder().setting(&variables::VAULT_TOKEN, "SeNtInEl-openbao-root");
    let resolver = builder.setting(&variables::VAULT_NAMESPACE, "team-a").build().unwrap();
    assert_eq!(resolve(&resolver, &["kv/db"]).unwrap()["kv/db"]["x"], "SeNtInEl-a");
}

/// A server that answers everything alike.
fn stubbed(status: u16, headers: &str, body: &str) -> (secrets_runtime::Resolver, StubServer) {
    let stub = StubServer::new(status, headers, body);
    let bao = Bao { url: stub.url() };
    (bao.resolver("s.SeNtInEl"), stub)
}

#[test]
fn a_server_that_is_sealed_throttles_or_fails_is_said_to_do_so() {
    let secret = "SeNtInEl of postgres://vault@db.internal:5432";
    for (status, body, kind, word) in [
        (503, json!({ "errors": ["Vault is sealed"] }), ErrorKind::Unavailable, "is sealed"),
        (501, json!({ "errors": ["x"] }), ErrorKind::Unavailable, "is not initialised"),
        (429, json!({ "errors": ["rate limit quota exceeded"] }), ErrorKind::Throttled, "fewer"),
        (500, json!({ "errors": [secret] }), ErrorKind::Unavailable, "failed"),
        (200, json!([secret]), ErrorKind::Unavailable, "not from its API"),
        (200, json!({ "data": secret }), ErrorKind::Unavailable, "not from its API"),
    ] {
        let (resolver, _stub) = stubbed(status, "", &body.to_string());
        assert_eq!(refused(&resolver, "secret/db", &[word]), kind, "{status}");
    }
    for body in ["", "{\"data\": {\"SeNtInEl\"", "<html>SeNtInEl</html>"] {
        let (resolver, _stub) = stubbed(200, "", body);
        assert_eq!(refused(&resolver, "secret/db", &[]), ErrorKind::Unavailable);
    }
}

#[test]
fn a_server_that_is_behind_is_asked_again() {
    let (resolver, stub) = stubbed(412, "", "{}");
    assert_eq!(refused(&resolver, "secret/db", &["newest state"]), ErrorKind::Unavailable);
    assert!(stub.requests().len() > 3);
}

#[test]
fn the_token_is_not_sent_where_a_redirection_leads() {
    let thief = StubServer::new(200, "", "{}");
    let location = format!("location: {}/v1/x\r\n", thief.url());
    let (resolver, _stub) = stubbed(307, &location, "");
    let words = ["another server", "SECRETS_VAULT_ADDR"];
    assert_eq!(refused(&resolver, "secret/db", &words), ErrorKind::InvalidConfig);
    assert_eq!(thief.requests().len(), 0);
}

#[test]
fn a_redirection_to_a_server_of_the_cluster_is_followed() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-leader", 1);
    bao.root("POST", "kv-leader/db", &json!({ "x": "SeNtInEl" }));
    let location = format!("location: {}/v1/x\r\n", bao.url);
    let standby = StubServer::new(307, &location, "");
    let cluster = Bao { url: format!("{}, {}", standby.url(), bao.url) };
    let found = resolve(&cluster.resolver("SeNtInEl-openbao-root"), &["kv-leader/db"]).unwrap();
    assert_eq!(found["kv-leader/db"]["x"], "SeNtInEl");
    assert_eq!(standby.requests().len(), 1, "the leader is asked from then on");
    // And one that is sealed or away is passed over.
    let sealed = StubServer::new(503, "", r#"{"errors": ["Vault is sealed"]}"#);
    let cluster = Bao { url: format!("http://127.0.0.1:9,{},{}", sealed.url(), bao.url) };
    let found = resolve(&cluster.resolver("SeNtInEl-openbao-root"), &["kv-leader/db"]).unwrap();
    assert_eq!(found["kv-leader/db"]["x"], "SeNtInEl");
}

#[test]
fn settings_that_cannot_work_are_refused_when_the_backend_is_used() {
    let bao = Bao { url: "http://127.0.0.1:9".to_owned() };
    let skip = bao.builder().setting(&variables::VAULT_TOKEN, "s.SeNtInEl");
    let skip = skip.setting(&variables::VAULT_SKIP_VERIFY, "true").build().unwrap();
    let words = ["VAULT_SKIP_VERIFY", "SECRETS_VAULT_CACERT"];
    assert_eq!(refused(&skip, "secret/db", &words), ErrorKind::InvalidConfig);
    let none = bao.builder().setting(&variables::VAULT_AUTH, "approle").build().unwrap();
    assert_eq!(
        refused(&none, "secret/db", &["SECRETS_VAULT_ROLE_ID", "approle"]),
        ErrorKind::InvalidConfig
    );
    let away = bao.resolver("s.SeNtInEl");
    let words = ["at http://127.0.0.1:9 cannot be reached: connection refused"];
    assert_eq!(refused(&away, "secret/db", &words), ErrorKind::Unavailable);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "nothing").unwrap();
    let ca = bao.builder().setting(&variables::VAULT_TOKEN, "s.SeNtInEl");
    let ca = ca.setting(&variables::VAULT_CACERT, &file).build().unwrap();
    assert_eq!(refused(&ca, "secret/db", &["has no certificate"]), ErrorKind::InvalidConfig);
}

#[test]
fn a_server_without_tls_is_said_to_have_none() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // The thread ends with the process of the test.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    });
    let bao = Bao { url: format!("https://user:SeNtInEl@127.0.0.1:{port}") };
    let server =
        format!("at https://127.0.0.1:{port} cannot be reached: the server does not speak TLS");
    let words = [server.as_str(), "http://"];
    assert_eq!(refused(&bao.resolver("s.SeNtInEl"), "secret/db", &words), ErrorKind::Unavailable);
}

#[test]
fn the_version_before_is_not_missing_where_the_newest_one_is_refused() {
    let mut options = secrets_runtime::Options::default();
    options.version_stage = Some("AWSPREVIOUS".to_owned());
    options.kv = Some(2);
    let request = [secrets_runtime::FetchRequest::new("kv/db", &options)];
    let metadata = json!({ "data": { "data": null, "metadata": { "version": 1 } } });
    for (status, body, kind) in [
        (403, json!({ "errors": ["1 error occurred"] }), ErrorKind::AccessDenied),
        (429, json!({ "errors": ["rate limit quota exceeded"] }), ErrorKind::Throttled),
        (503, json!({ "errors": ["Vault is sealed"] }), ErrorKind::Unavailable),
        (404, json!({ "errors": ["namespace not found"] }), ErrorKind::InvalidConfig),
        (404, json!({ "errors": [] }), ErrorKind::NotFound),
        (404, metadata, ErrorKind::NotFound),
    ] {
        let (resolver, _stub) = stubbed(status, "", &body.to_string());
        let backend = resolver.backend("vault").unwrap();
        let error = backend.fetch_blocking(&request).pop().unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error}");
    }
}
