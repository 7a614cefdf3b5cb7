//! A real ZenML server.

use secrets_tests::{
    http::{ask, server},
    lookup::Case,
    stub_server::StubServer,
};
use serde_json::{Value, json};

/// The user that `cargo xtask` starts the server with.
const USER: (&str, &str) = ("ada", "SeNtInEl-zenml");

struct Zenml {
    url: String,
    headers: String,
}

impl Zenml {
    fn start() -> Option<Self> {
        let url = server("SECRETS_TEST_ZENML_URL")?;
        let form = format!("username={}&password={}", USER.0, USER.1);
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        let (status, token) = ask(&url, "POST", "/api/v1/login", headers, &form);
        assert_eq!(status, 200, "it logs in");
        let token = token["access_token"].as_str().expect("a token");
        let headers =
            format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
        Some(Self { url, headers })
    }

    fn keep(&self, name: &str, private: bool, values: &Value) {
        let secret = json!({ "name": name, "private": private, "values": values }).to_string();
        let (status, _) = ask(&self.url, "POST", "/api/v1/secrets", &self.headers, &secret);
        assert!(status == 200 || status == 409, "{status}");
    }

    fn hold(&self, name: &str, wanted: &Value, more: &[(&str, &str)]) {
        let mut all = vec![("SECRETS_ZENML_URL", self.url.as_str())];
        all.extend([("SECRETS_ZENML_USERNAME", USER.0), ("SECRETS_ZENML_PASSWORD", USER.1)]);
        all.extend(more);
        hold(name, wanted, &all);
    }
}

fn hold(name: &str, wanted: &Value, variables: &[(&str, &str)]) {
    let case = Case::unrecorded(json!({}));
    case.hold(&json!({ "type": "zenml", "id": name }), wanted, variables);
}

#[test]
fn secrets_are_read_by_name() {
    let Some(zenml) = Zenml::start() else { return };
    let values = json!({ "user": "app", "password": "SeNtInEl \"{{x}}\" é\n", "empty": "" });
    zenml.keep("tests-db", false, &values);
    zenml.keep("tests-db-2", false, &json!({ "user": "another" }));
    zenml.hold("tests-db", &json!({ "fields": values }), &[]);
    zenml.hold("tests-db", &json!({ "exists": true }), &[]);
    zenml.hold("tests-d", &json!({ "error": "NotFound" }), &[]);
    for name in ["tests-d", "a&name=equals:tests-db", "%", "contains:tests"] {
        zenml.hold(name, &json!({ "exists": false }), &[]);
    }
}

#[test]
fn of_a_private_and_a_shared_secret_the_private_one_is_read() {
    let Some(zenml) = Zenml::start() else { return };
    zenml.keep("tests-both", false, &json!({ "which": "shared" }));
    zenml.keep("tests-both", true, &json!({ "which": "private" }));
    zenml.hold("tests-both", &json!({ "fields": { "which": "private" } }), &[]);
}

#[test]
fn a_refused_login_is_reported() {
    let Some(zenml) = Zenml::start() else { return };
    let wrong = ("SECRETS_ZENML_PASSWORD", "SeNtInEl-wrong&password=SeNtInEl-zenml");
    zenml.hold("tests-db", &json!({ "error": "AccessDenied" }), &[wrong]);
    zenml.hold("tests-db", &json!({ "error": "AccessDenied" }), &[("SECRETS_ZENML_USERNAME", "")]);
    let api = format!("{}/api", zenml.url);
    zenml.hold("tests-db", &json!({ "error": "InvalidConfig" }), &[("SECRETS_ZENML_URL", &api)]);
}

#[test]
fn a_wrong_server_is_reported_and_an_expired_token_is_replaced_once() {
    hold("a", &json!({ "error": "InvalidConfig" }), &[]);
    let of = |stub: &StubServer, wanted: &str| {
        let url = stub.url();
        let all = [("SECRETS_ZENML_URL", url.as_str()), ("SECRETS_ZENML_PASSWORD", USER.1)];
        hold("a", &json!({ "error": wanted }), &all);
    };
    of(&StubServer::new(200, "", "<html>SeNtInEl-zenml</html>"), "InvalidConfig");
    of(&StubServer::new(500, "", "SeNtInEl"), "Unavailable");
    // One answer for all: the login, the list, and a secret.
    let all = |listed: &str, fetched: &str| {
        let list = format!(r#""items": [{{"id": "1", "name": "{listed}"}}]"#);
        let secret = format!(r#""name": "{fetched}", "body": {{"values": {{"k": "v"}}}}"#);
        StubServer::new(200, "", &format!(r#"{{"access_token": "t", {list}, {secret}}}"#))
    };
    of(&all("A", "a"), "NotFound");
    of(&all("a", "A"), "NotFound");
    // A server on this machine is not reached through a proxy.
    for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"] {
        let stub = all("a", "a");
        let variables = [("SECRETS_ZENML_URL", stub.url()), (proxy, "http://127.0.0.1:1".into())];
        let variables = variables.each_ref().map(|(name, text)| (*name, text.as_str()));
        hold("a", &json!({ "fields": { "k": "v" } }), &variables);
    }
    // Every answer is the login's, also to what comes after it.
    let login = r#"{"access_token": "SeNtInEl-token"}"#;
    let stub = StubServer::new(200, "", login);
    of(&stub, "Unavailable");
    assert_eq!(stub.requests().len(), 2);
    assert_eq!(stub.requests()[1].header("authorization"), Some("Bearer SeNtInEl-token"));
    assert_eq!(stub.requests()[0].body, "username=default&password=SeNtInEl-zenml");
}

#[test]
fn it_keeps_the_rules_of_backends() {
    let Some(zenml) = Zenml::start() else { return };
    let mut present = serde_json::Map::new();
    for number in 0..12 {
        let name = format!("rule-{number}");
        let values = json!({ "password": format!("SeNtInEl-{number}") });
        zenml.keep(&name, false, &values);
        present.insert(name, values);
    }
    let rules = json!({ "rules": { "present": present, "missing": "rule-missing" } });
    zenml.hold("-", &rules, &[]);
}
