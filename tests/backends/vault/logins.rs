//! The ways to log in.

use secrets_runtime::{ErrorKind, Resolver, settings::variables};
use secrets_tests::cluster::Cluster;
use serde_json::{Value, json};

use super::setup::{Bao, refused, resolve};

/// An AppRole that may read one secret, with its role id.
fn approle(bao: &Bao, name: &str, more: &Value) -> String {
    bao.ask("SeNtInEl-openbao-root", "POST", "sys/auth/approle", &json!({ "type": "approle" }));
    bao.mount_kv(&format!("kv-{name}"), 1);
    bao.root("POST", &format!("kv-{name}/db"), &json!({ "x": "SeNtInEl" }));
    let policy = format!(r#"path "kv-{name}/*" {{ capabilities = ["read"] }}"#);
    bao.root("PUT", &format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
    let mut role = json!({ "token_policies": [name] });
    role.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    bao.root("POST", &format!("auth/approle/role/{name}"), &role);
    let id = bao.root("GET", &format!("auth/approle/role/{name}/role-id"), &Value::Null);
    id["data"]["role_id"].as_str().unwrap().to_owned()
}

fn secret_id(bao: &Bao, name: &str) -> String {
    let answer = bao.root("POST", &format!("auth/approle/role/{name}/secret-id"), &json!({}));
    answer["data"]["secret_id"].as_str().unwrap().to_owned()
}

/// A secret id in a wrapping.
fn wrapped(bao: &Bao, path: &str) -> String {
    let headers = "x-vault-token: SeNtInEl-openbao-root\r\nx-vault-wrap-ttl: 300s\r\n";
    let path = format!("/v1/{path}");
    let (status, answer) = secrets_tests::http::ask(&bao.url, "POST", &path, headers, "{}");
    assert_eq!(status, 200, "{answer}");
    answer["wrap_info"]["token"].as_str().unwrap().to_owned()
}

fn is_read(resolver: &Resolver, source: &str) {
    assert_eq!(resolve(resolver, &[source]).unwrap()[source]["x"], "SeNtInEl");
}

#[test]
fn an_approle_logs_in_once_and_again_when_its_token_has_ended() {
    let Some(bao) = Bao::start() else { return };
    let role_id = approle(&bao, "app-one", &json!({}));
    let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, &role_id);
    let resolver = builder
        .setting(&variables::VAULT_SECRET_ID, secret_id(&bao, "app-one"))
        .cache_ttl(std::time::Duration::ZERO)
        .build()
        .unwrap();
    let logins = || {
        let list = bao.root("GET", "auth/token/accessors?list=true", &Value::Null);
        let accessors = list["data"]["keys"].as_array().unwrap().clone();
        let of_it = accessors.iter().filter(|accessor| {
            let asked = json!({ "accessor": accessor });
            let (_, found) =
                bao.ask("SeNtInEl-openbao-root", "POST", "auth/token/lookup-accessor", &asked);
            found["data"]["meta"]["role_name"] == "app-one"
        });
        of_it.cloned().collect::<Vec<_>>()
    };
    let before = logins().len();
    for _ in 0..3 {
        is_read(&resolver, "kv-app-one/db");
    }
    let tokens = logins();
    assert_eq!(tokens.len(), before + 1, "one login");
    for accessor in tokens {
        bao.root("POST", "auth/token/revoke-accessor", &json!({ "accessor": accessor }));
    }
    is_read(&resolver, "kv-app-one/db");
    assert_eq!(logins().len(), 1);
    // Its own token is revoked.
    resolver.shutdown_blocking();
    assert_eq!(logins().len(), 0);
    is_read(&resolver, "kv-app-one/db");
}

#[test]
fn a_secret_id_may_be_in_a_file_and_a_wrong_one_is_refused() {
    let Some(bao) = Bao::start() else { return };
    let role_id = approle(&bao, "app-file", &json!({}));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret-id");
    let resolver = || {
        let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, &role_id);
        builder.setting(&variables::VAULT_SECRET_ID_FILE, &file).build().unwrap()
    };
    assert_eq!(refused(&resolver(), "kv-app-file/db", &["secret-id"]), ErrorKind::InvalidConfig);
    std::fs::write(&file, secret_id(&bao, "app-file") + "\n").unwrap();
    is_read(&resolver(), "kv-app-file/db");
    std::fs::write(&file, "SeNtInEl-wrong").unwrap();
    let words = ["refuses the login", "AppRole at auth/approle", "SECRETS_VAULT_SECRET_ID"];
    assert_eq!(refused(&resolver(), "kv-app-file/db", &words), ErrorKind::AccessDenied);
}

#[test]
fn a_wrapped_secret_id_is_unwrapped_if_it_was_made_where_it_should_be() {
    let Some(bao) = Bao::start() else { return };
    let role_id = approle(&bao, "app-wrapped", &json!({}));
    let path = "auth/approle/role/app-wrapped/secret-id";
    let resolver = |token: &str, path: &str| {
        let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, &role_id);
        let builder = builder.setting(&variables::VAULT_SECRET_ID, token);
        builder.setting(&variables::VAULT_SECRET_ID_WRAPPING_PATH, path).build().unwrap()
    };
    let token = wrapped(&bao, path);
    let other = "auth/approle/role/another/secret-id";
    let words = ["was made at", "app-wrapped", "another"];
    let kind = refused(&resolver(&token, other), "kv-app-wrapped/db", &words);
    assert_eq!(kind, ErrorKind::AccessDenied);
    is_read(&resolver(&token, path), "kv-app-wrapped/db");
    let words = ["unwrapped already", "intercepted"];
    let kind = refused(&resolver(&token, path), "kv-app-wrapped/db", &words);
    assert_eq!(kind, ErrorKind::AccessDenied);
}

#[test]
fn a_token_that_was_given_is_never_revoked() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-given", 1);
    bao.root("POST", "kv-given/db", &json!({ "x": "SeNtInEl" }));
    let policy = r#"path "kv-given/*" { capabilities = ["read"] }"#;
    let token = bao.token("kv-given", policy, &json!({}));
    let resolver = bao.resolver(&token);
    is_read(&resolver, "kv-given/db");
    resolver.shutdown_blocking();
    is_read(&bao.resolver(&token), "kv-given/db");
}

#[test]
fn a_pod_logs_in_with_the_token_of_its_service_account_read_at_each_login() {
    // What OpenBao answers to a login, and to a read of KV of version 1.
    let answer = json!({
        "auth": { "client_token": "s.SeNtInEl", "lease_duration": 3600, "renewable": true },
        "data": { "x": "SeNtInEl" },
    });
    let stub = secrets_tests::stub_server::StubServer::new(200, "", &answer.to_string());
    let bao = Bao { url: stub.url() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let source = r#"{"id": "kv/db", "type": "vault", "options": {"kv": 1}}"#;
    for token in ["SeNtInEl-jwt-1", "SeNtInEl-jwt-2"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        let builder = bao.builder().setting(&variables::VAULT_AUTH, "kubernetes");
        let builder = builder.setting(&variables::VAULT_AUTH_MOUNT, "auth/cluster-a/");
        let builder = builder.setting(&variables::VAULT_ROLE, "app");
        let resolver = builder.setting(&variables::VAULT_JWT_FILE, &file).build().unwrap();
        assert_eq!(resolve(&resolver, &[source]).unwrap()["kv/db"]["x"], "SeNtInEl");
        let requests = stub.requests();
        let login = &requests[requests.len() - 2];
        assert!(login.line.starts_with("POST /v1/auth/cluster-a/login "), "{}", login.line);
        let body: Value = serde_json::from_str(&login.body).unwrap();
        assert_eq!(body, json!({ "jwt": token, "role": "app" }));
        assert!(login.headers.iter().all(|(name, _)| name != "x-vault-token"));
    }
}

/// Runs `openssl` in this folder.
fn openssl(folder: &std::path::Path, arguments: &[&str]) {
    let output = std::process::Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.expect("openssl is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_jwt_from_a_file_logs_in_and_one_for_another_audience_is_refused() {
    use base64ct::{Base64UrlUnpadded, Encoding};

    let Some(bao) = Bao::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), &["genrsa", "-out", "key.pem", "2048"]);
    openssl(folder.path(), &["rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    let public = std::fs::read_to_string(folder.path().join("public.pem")).unwrap();
    bao.ask("SeNtInEl-openbao-root", "POST", "sys/auth/jwt", &json!({ "type": "jwt" }));
    bao.root("POST", "auth/jwt/config", &json!({ "jwt_validation_pubkeys": [public] }));
    bao.mount_kv("kv-jwt", 1);
    bao.root("POST", "kv-jwt/db", &json!({ "x": "SeNtInEl" }));
    let policy = r#"path "kv-jwt/*" { capabilities = ["read"] }"#;
    bao.root("PUT", "sys/policies/acl/jwt", &json!({ "policy": policy }));
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
        "token_policies": ["jwt"],
    });
    bao.root("POST", "auth/jwt/role/app", &role);
    let file = folder.path().join("jwt");
    let sign = |audience: &str| {
        let encode = |json: Value| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let claims = json!({ "sub": "app", "aud": audience, "iat": now, "exp": now + 600 });
        let text = format!("{}.{}", encode(json!({ "alg": "RS256" })), encode(claims));
        std::fs::write(folder.path().join("text"), &text).unwrap();
        openssl(folder.path(), &["dgst", "-sha256", "-sign", "key.pem", "-out", "sig", "text"]);
        let signature = std::fs::read(folder.path().join("sig")).unwrap();
        let signature = Base64UrlUnpadded::encode_string(&signature);
        std::fs::write(&file, format!("{text}.{signature}\n")).unwrap();
    };
    let resolver = || {
        let builder = bao.builder().setting(&variables::VAULT_JWT_FILE, &file);
        builder.setting(&variables::VAULT_ROLE, "app").build().unwrap()
    };
    sign("vault");
    is_read(&resolver(), "kv-jwt/db");
    sign("another");
    let words = ["refuses the login", "jwt at auth/jwt as the role `app`", "audience"];
    assert_eq!(refused(&resolver(), "kv-jwt/db", &words), ErrorKind::AccessDenied);
}

#[test]
fn a_pod_of_a_real_cluster_logs_in_and_the_cluster_reviews_its_token() {
    let (Some(bao), Some(cluster)) = (Bao::start(), Cluster::start()) else { return };
    cluster.namespace("vault-login");
    let [reviewer, app, other] =
        ["reviewer", "app", "other"].map(|name| cluster.account("vault-login", name, &[]));
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "metadata": { "name": "vault-login" },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "system:auth-delegator" },
        "subjects": [{ "kind": "ServiceAccount", "namespace": "vault-login", "name": "reviewer" }],
    });
    cluster.create(&format!("/apis/{group}/v1/clusterrolebindings"), &binding);
    let root = "SeNtInEl-openbao-root";
    bao.ask(root, "POST", "sys/auth/cluster", &json!({ "type": "kubernetes" }));
    let config = json!({
        "kubernetes_host": format!("https://127.0.0.1:{}", cluster.port()),
        "kubernetes_ca_cert": std::fs::read_to_string(cluster.certificate()).unwrap(),
        "token_reviewer_jwt": reviewer, "disable_local_ca_jwt": true,
    });
    bao.root("POST", "auth/cluster/config", &config);
    bao.mount_kv("kv-cluster", 1);
    bao.root("POST", "kv-cluster/db", &json!({ "x": "SeNtInEl" }));
    let policy = r#"path "kv-cluster/*" { capabilities = ["read"] }"#;
    bao.root("PUT", "sys/policies/acl/cluster", &json!({ "policy": policy }));
    let role = json!({
        "bound_service_account_names": ["app"], "token_policies": ["cluster"],
        "bound_service_account_namespaces": ["vault-login"],
    });
    bao.root("POST", "auth/cluster/role/app", &role);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let resolver = |token: &str, role: &str| {
        std::fs::write(&file, token).unwrap();
        let builder = bao.builder().setting(&variables::VAULT_AUTH, "kubernetes");
        let builder = builder.setting(&variables::VAULT_AUTH_MOUNT, "cluster");
        let builder = builder.setting(&variables::VAULT_ROLE, role);
        builder.setting(&variables::VAULT_JWT_FILE, &file).build().unwrap()
    };
    // The cluster takes a moment to take note of the reviewer's right.
    let start = std::time::Instant::now();
    while resolve(&resolver(&app, "app"), &["kv-cluster/db"]).is_err() {
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "it logs in");
    }
    is_read(&resolver(&app, "app"), "kv-cluster/db");
    let words =
        ["refuses the login", "kubernetes at auth/cluster as the role", "SECRETS_VAULT_ROLE"];
    for (token, role) in [(other.as_str(), "app"), (&app, "none"), ("SeNtInEl.x.y", "app")] {
        let kind = refused(&resolver(token, role), "kv-cluster/db", &words);
        assert_eq!(kind, ErrorKind::AccessDenied, "{role}");
    }
}
