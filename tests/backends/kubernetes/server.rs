//! A real API server, which `cargo xtask test kubernetes` builds and starts.

use std::{fs, path::Path, process::Command, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use secrets_runtime::{
    Declaration, Error, ErrorKind, FetchRequest, Payload, Resolver, ResolverBuilder, Secrets,
    conformance::{Subject, check_reading_blocking},
    settings::variables,
};
use secrets_tests::cluster::Cluster;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::answers::{FILE, answer, recorded};

/// A pod: the folder of its service account, and the variables that Kubernetes sets.
struct Pod {
    folder: TempDir,
    port: String,
}

impl Pod {
    fn new(cluster: &Cluster, namespace: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(cluster.certificate(), folder.path().join("ca.crt")).unwrap();
        fs::write(folder.path().join("namespace"), namespace).unwrap();
        let pod = Self { folder, port: cluster.port() };
        pod.set_token(token);
        pod
    }

    fn set_token(&self, token: &str) {
        fs::write(self.folder.path().join("token"), token).unwrap();
    }

    fn builder(&self) -> ResolverBuilder {
        Resolver::builder()
            .setting(&variables::KUBERNETES_SERVICE_HOST, "127.0.0.1")
            .setting(&variables::KUBERNETES_SERVICE_PORT, &self.port)
            .setting(&variables::KUBERNETES_DIR, self.folder.path())
            .default_backend("kubernetes")
            .cache_ttl(Duration::ZERO)
    }

    fn resolver(&self) -> Resolver {
        self.builder().build().unwrap()
    }
}

fn resolve(resolver: &Resolver, source: &str) -> Result<Secrets, Error> {
    let declared = Declaration::builder("step").source(source).unwrap().build();
    Ok(resolver.resolve_blocking(&declared)?.secrets)
}

fn text(secrets: &Secrets, group: &str, key: &str) -> String {
    secrets.get(group, key).unwrap().expose_str().unwrap().to_owned()
}

/// The kind of the error of a source, whose text has these words and no value.
#[track_caller]
fn refused(resolver: &Resolver, source: &str, words: &[&str]) -> ErrorKind {
    let error = resolve(resolver, source).map(drop).unwrap_err();
    let text = format!("{error} {:?} {error:?}", error.problems()[0].help());
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    assert!(!text.contains("SeNtInEl") && !text.contains("eyJ"), "a value is shown");
    error.kind()
}

#[test]
fn a_role_for_one_name_is_enough_to_read_it() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("one-name");
    cluster.namespace("another");
    cluster.secret("one-name", "db", &json!({ "password": "SeNtInEl-1", "tls.crt": "SeNtInEl-2" }));
    cluster.secret("one-name", "other", &json!({ "password": "SeNtInEl" }));
    cluster.secret("another", "db", &json!({ "password": "SeNtInEl" }));
    let token = cluster.account("one-name", "app", &["db", "to-come"]);
    let pod = Pod::new(&cluster, "one-name", &token);
    let resolver = pod.resolver();
    let found = resolve(&resolver, "db").unwrap();
    assert_eq!(text(&found, "db", "password"), "SeNtInEl-1");
    assert_eq!(text(&found, "db", "tls.crt"), "SeNtInEl-2");
    let (_, secret) = cluster.admin("GET", "/api/v1/namespaces/one-name/secrets/db", &Value::Null);
    let version = secret["metadata"]["resourceVersion"].as_str();
    assert_eq!(found.provenance("db").unwrap().version(), version);
    assert_eq!(
        text(&resolve(&resolver, "one-name/db").unwrap(), "one-name/db", "password"),
        "SeNtInEl-1"
    );
    let asked = Declaration::builder("step").request("db", "password").unwrap().build();
    assert!(resolver.resolve_blocking(&asked).unwrap().secrets.get("db", "password").is_ok());

    let words = ["`other`", "`one-name`", "resourceNames: [other]"];
    assert_eq!(refused(&resolver, "other", &words), ErrorKind::AccessDenied);
    assert_eq!(refused(&resolver, "another/db", &["`another`"]), ErrorKind::AccessDenied);
    assert_eq!(refused(&resolver, "nowhere/db", &["`nowhere`"]), ErrorKind::AccessDenied);
    let words = ["`to-come`", "kubectl -n one-name create secret generic to-come"];
    assert_eq!(refused(&resolver, "to-come", &words), ErrorKind::NotFound);
    let backend = resolver.backend("kubernetes").unwrap();
    let requests = ["db", "to-come", "other"].map(FetchRequest::named);
    let exists = backend.exists_blocking(&requests);
    assert!(matches!(exists[..], [Ok(true), Ok(false), Err(_)]), "{exists:?}");
}

#[test]
fn the_backend_keeps_the_rules_of_reading() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("rules");
    cluster.secret("rules", "db", &json!({ "user": "app", "password": "SeNtInEl" }));
    cluster.secret("rules", "empty", &json!({ "nothing": "" }));
    let token = cluster.account("rules", "app", &["db", "empty", "missing"]);
    let pod = Pod::new(&cluster, "rules", &token);
    let resolver = pod.resolver();
    let payload = |text: &str| Payload::Json(text.into());
    let subject = Subject {
        present: vec![
            ("db".to_owned(), payload(r#"{"password": "SeNtInEl", "user": "app"}"#)),
            ("empty".to_owned(), payload(r#"{"nothing": ""}"#)),
        ],
        missing: "missing".to_owned(),
    };
    check_reading_blocking(&*resolver.backend("kubernetes").unwrap(), &subject);
}

#[test]
fn a_token_that_is_not_valid_is_refused_and_its_file_is_read_at_each_request() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("tokens");
    cluster.secret("tokens", "db", &json!({ "password": "SeNtInEl" }));
    let token = cluster.account("tokens", "app", &["db"]);
    let pod = Pod::new(&cluster, "tokens", &token);
    let resolver = pod.resolver();
    assert!(resolve(&resolver, "db").is_ok());
    // Signed by the server's own key, or by another one.
    let other_key = pod.folder.path().join("other.key");
    openssl(&["genrsa", "-out", other_key.to_str().unwrap(), "2048"]);
    for bad in [
        signed(&token, &cluster.signing_key(), |claims| claims["exp"] = json!(1_600_000_000)),
        signed(&token, &cluster.signing_key(), |claims| claims["aud"] = json!(["elsewhere"])),
        signed(&token, &other_key, |_| ()),
        "SeNtInEl".to_owned(),
        token[..token.len() - 4].to_owned(),
    ] {
        pod.set_token(&bad);
        let words = ["the token is not valid, or has expired", "SECRETS_KUBERNETES_DIR"];
        assert_eq!(refused(&resolver, "db", &words), ErrorKind::AccessDenied);
    }
    pod.set_token(&signed(&token, &cluster.signing_key(), |_| ()));
    assert!(resolve(&resolver, "db").is_ok(), "what is signed here is as good as its own");
    // The account is deleted, and its tokens with it.
    let path = "/api/v1/namespaces/tokens/serviceaccounts/app";
    assert_eq!(cluster.admin("DELETE", path, &Value::Null).0, 200);
    // The server remembers for some seconds which tokens were good, so this is one that it has not seen.
    pod.set_token(&signed(&token, &cluster.signing_key(), |claims| claims["iat"] = json!(1)));
    assert_eq!(refused(&resolver, "db", &["has expired"]), ErrorKind::AccessDenied);
    // It is created again, with another identity.
    pod.set_token(&cluster.account("tokens", "app", &["db"]));
    assert!(resolve(&resolver, "db").is_ok());
}

#[test]
fn only_a_certificate_of_its_ca_is_taken() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("certificates");
    cluster.secret("certificates", "db", &json!({ "password": "SeNtInEl" }));
    let pod = Pod::new(&cluster, "certificates", &cluster.account("certificates", "app", &["db"]));
    assert!(resolve(&pod.resolver(), "db").is_ok());
    // Outside of a pod the address is a setting, and the folder has the rest.
    let outside = || {
        let url = format!("https://127.0.0.1:{}", cluster.port());
        let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, url);
        let builder = builder.setting(&variables::KUBERNETES_DIR, pod.folder.path());
        builder.default_backend("kubernetes").build().unwrap()
    };
    assert!(resolve(&outside(), "db").is_ok());
    let ca = pod.folder.path().join("ca.crt");
    let key = pod.folder.path().join("ca.key");
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=another",
        "-keyout",
        key.to_str().unwrap(),
        "-out",
        ca.to_str().unwrap(),
    ]);
    let words = ["cannot be reached", "certificate"];
    assert_eq!(refused(&pod.resolver(), "db", &words), ErrorKind::Unavailable);
    assert_eq!(refused(&outside(), "db", &words), ErrorKind::Unavailable);
    fs::write(&ca, "nothing").unwrap();
    assert_eq!(refused(&pod.resolver(), "db", &["has no certificate"]), ErrorKind::InvalidConfig);
    fs::remove_file(&ca).unwrap();
    assert_eq!(refused(&pod.resolver(), "db", &["cannot be read"]), ErrorKind::InvalidConfig);
}

#[test]
fn kubectl_proxy_serves_a_laptop() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.secret("default", "laptop", &json!({ "password": "SeNtInEl" }));
    let url = cluster.proxy();
    let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, url);
    let resolver = builder.default_backend("kubernetes").build().unwrap();
    let found = resolve(&resolver, "laptop").unwrap();
    assert_eq!(text(&found, "laptop", "password"), "SeNtInEl");
    // Who may do everything is told that a namespace has no such Secret, whether there is such a namespace or not.
    let words = ["`nowhere`", "`db`"];
    assert_eq!(refused(&resolver, "nowhere/db", &words), ErrorKind::NotFound);
}

#[test]
fn many_secrets_and_large_ones_are_read() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("many");
    let names: Vec<String> = (0..50).map(|number| format!("s{number}")).collect();
    for name in &names {
        cluster.secret("many", name, &json!({ "x": format!("SeNtInEl-{name}") }));
    }
    cluster.secret("many", "large", &json!({ "x": "y".repeat(60_000), "z": "SeNtInEl" }));
    cluster.secret("many", "too-large", &json!({ "x": "SeNtInEl".repeat(100_000) }));
    cluster.create(
        "/api/v1/namespaces/many/secrets",
        &json!({ "metadata": { "name": "bytes" }, "data": { "x": "//4=" } }),
    );
    let mut permitted: Vec<&str> = names.iter().map(String::as_str).collect();
    permitted.extend(["large", "too-large", "bytes"]);
    let pod = Pod::new(&cluster, "many", &cluster.account("many", "app", &permitted));
    let resolver = pod.resolver();
    let builder = Declaration::builder("step");
    let declared = names.iter().fold(builder, |builder, name| builder.source(name).unwrap());
    let found = resolver.resolve_blocking(&declared.build()).unwrap().secrets;
    assert!(names.iter().all(|name| text(&found, name, "x") == format!("SeNtInEl-{name}")));
    assert_eq!(text(&resolve(&resolver, "large").unwrap(), "large", "x").len(), 60_000);
    let bytes = resolve(&resolver, "bytes").unwrap().get("bytes", "x").unwrap();
    assert_eq!(bytes.expose_bytes(), b"\xff\xfe");
    assert_eq!(refused(&resolver, "too-large", &["65536"]), ErrorKind::InvalidValue);
}

/// What is asked for each record: a token, and a path.
fn questions(cluster: &Cluster) -> Vec<(&'static str, (u16, String))> {
    cluster.namespace("prod");
    cluster.create(
        "/api/v1/namespaces/prod/secrets",
        &json!({
            "metadata": { "name": "db" }, "type": "Opaque",
            "data": { "password": "U2VOdEluRWwtcGFzc3dvcmQ=", "empty": "", "bytes": "//4=" },
        }),
    );
    let token = cluster.account("prod", "recorded", &["db", "missing"]);
    let ended =
        signed(&token, &cluster.signing_key(), |claims| claims["exp"] = json!(1_600_000_000));
    let secret = |name: &str| format!("/api/v1/namespaces/prod/secrets/{name}");
    let as_admin = |path: &str| secrets_tests::http::request(cluster.proxy(), "GET", path, "", "");
    let too_new = secret("").trim_end_matches('/').to_owned() + "?resourceVersion=999999999";
    let html = secrets_tests::http::request(
        cluster.proxy(),
        "GET",
        &secret("db"),
        "accept: text/html\r\n",
        "",
    );
    vec![
        ("secret", cluster.ask(&token, &secret("db"))),
        ("missing", cluster.ask(&token, &secret("missing"))),
        ("forbidden", cluster.ask(&token, &secret("other"))),
        ("other-namespace", cluster.ask(&token, "/api/v1/namespaces/nowhere/secrets/db")),
        ("ended-token", cluster.ask(&ended, &secret("db"))),
        ("no-token", cluster.ask("SeNtInEl", &secret("db"))),
        ("no-such-namespace", as_admin("/api/v1/namespaces/nowhere/secrets/db")),
        ("timeout", as_admin(&too_new)),
        ("expired", expired(cluster)),
        ("not-acceptable", html),
        ("no-such-path", as_admin("/api/v1/namespaces/prod/sectrets/db")),
        ("not-the-api", as_admin("/apis/nothing.example/v1/secrets/db")),
    ]
}

/// A list that goes on from a state which the server does not keep any more.
fn expired(cluster: &Cluster) -> (u16, String) {
    cluster.secret("prod", "one-more", &json!({}));
    let list = |more: &str| {
        let path = format!("/api/v1/namespaces/prod/secrets?limit=1{more}");
        secrets_tests::http::request(cluster.proxy(), "GET", &path, "", "")
    };
    let first: Value = serde_json::from_str(&list("").1).unwrap();
    let place = first["metadata"]["continue"].as_str().unwrap();
    // Something new, up to which etcd forgets what was before.
    let (_, new) = cluster.admin(
        "POST",
        "/api/v1/namespaces/prod/secrets",
        &json!({ "metadata": { "generateName": "new-" } }),
    );
    let revision = json!({ "revision": new["metadata"]["resourceVersion"] });
    let (status, _) = secrets_tests::http::ask(
        cluster.etcd(),
        "POST",
        "/v3/kv/compaction",
        "",
        &revision.to_string(),
    );
    assert_eq!(status, 200);
    list(&format!("&continue={place}"))
}

/// An answer without what is another in each run.
fn settled((status, body): (u16, String)) -> Value {
    let Ok(mut body) = serde_json::from_str::<Value>(&body) else {
        return json!({ "status": status, "body": body });
    };
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        let replaced = [
            ("uid", "8f0e7e1c-3c0c-4b5e-9a53-2d0c1c6f0a11"),
            ("resourceVersion", "4711"),
            ("creationTimestamp", "2026-11-29T12:00:00Z"),
            ("continue", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"),
        ];
        for (name, text) in replaced {
            if let Some(value) = metadata.get_mut(name) {
                *value = json!(text);
            }
        }
    }
    if body["reason"] == "Timeout" {
        // It says at which version it is.
        body["message"] = json!("Timeout: Too large resource version: 999999999, current: 4711");
    }
    json!({ "status": status, "body": body })
}

/// Writes the records if `RECORD` is set, and compares them otherwise.
#[test]
fn the_server_answers_as_it_is_recorded() {
    let Some(cluster) = Cluster::start() else { return };
    let answers: Map<String, Value> = questions(&cluster)
        .into_iter()
        .map(|(name, answer)| (name.to_owned(), settled(answer)))
        .collect();
    if std::env::var_os("RECORD").is_some() {
        let (_, version) = cluster.admin("GET", "/version", &Value::Null);
        let of = format!("kube-apiserver {}", version["gitVersion"].as_str().unwrap());
        let records = json!({ "recorded_of": of, "answers": answers });
        fs::write(FILE, format!("{records:#}\n")).unwrap();
    }
    assert_eq!(recorded()["answers"], Value::Object(answers));
    assert_eq!(answer("secret").0, 200);
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("openssl is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A token with other claims, signed with this key.
fn signed(token: &str, key: &Path, change: impl FnOnce(&mut Value)) -> String {
    let mut parts = token.split('.');
    let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let claims = Base64UrlUnpadded::decode_vec(claims).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    change(&mut claims);
    let claims = Base64UrlUnpadded::encode_string(claims.to_string().as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let [text, signature] = ["text", "signature"].map(|name| folder.path().join(name));
    fs::write(&text, format!("{head}.{claims}")).unwrap();
    openssl(&[
        "dgst",
        "-sha256",
        "-sign",
        key.to_str().unwrap(),
        "-out",
        signature.to_str().unwrap(),
        text.to_str().unwrap(),
    ]);
    let signature = Base64UrlUnpadded::encode_string(&fs::read(&signature).unwrap());
    format!("{head}.{claims}.{signature}")
}
