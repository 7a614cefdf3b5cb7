//! Servers that refuse, fail or are missing: each is its own kind of error, and none shows the key.

use secrets_tests::{lookup::Case, stub_server::StubServer};
use serde_json::json;

const KEY: (&str, &str) = ("PREFECT_API_KEY", "SeNtInEl-key");

fn hold(url: &str, wanted: &str, more: &[(&str, &str)]) {
    let case = Case::unrecorded(json!({}));
    let mut all = vec![("PREFECT_API_URL", url), KEY];
    all.extend(more);
    case.hold(&json!({ "type": "prefect", "id": "a" }), &json!({ "error": wanted }), &all);
}

#[test]
fn a_status_is_its_kind_of_error() {
    for (status, body, wanted) in [
        (200, r#"{"data": {"value": null}}"#, "Unavailable"),
        (200, "<html>SeNtInEl</html>", "InvalidConfig"),
        (401, r#"{"detail": "SeNtInEl-key"}"#, "AccessDenied"),
        (403, "", "AccessDenied"),
        (404, r#"{"detail": "Block document not found"}"#, "NotFound"),
        (404, r#"{"detail": "Not Found"}"#, "InvalidConfig"),
        (404, "", "InvalidConfig"),
        (418, "", "Unavailable"),
        (429, "", "Throttled"),
        (500, "SeNtInEl", "Unavailable"),
        (504, "", "Timeout"),
    ] {
        hold(&StubServer::new(status, "", body).url(), wanted, &[]);
    }
}

#[test]
fn a_key_is_sent_where_it_belongs_and_nowhere_else() {
    let other = StubServer::new(200, "", r#"{"data": {"value": "SeNtInEl"}}"#);
    let redirects = StubServer::new(307, &format!("location: {}/x\r\n", other.url()), "");
    hold(&redirects.url(), "InvalidConfig", &[]);
    assert_eq!(redirects.requests()[0].header("authorization"), Some("Bearer SeNtInEl-key"));
    assert!(other.requests().is_empty());
}

#[test]
fn a_closed_port_and_a_silent_server_are_different_errors() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = port.local_addr().unwrap();
    // It listens, and never answers.
    hold(&format!("http://{free}"), "Timeout", &[("SECRETS_ATTEMPT_TIMEOUT", "0.2")]);
    drop(port);
    hold(&format!("http://{free}"), "Unavailable", &[]);
    hold("http://no-such-host.invalid", "Unavailable", &[]);
    // It speaks no TLS.
    hold(&StubServer::new(200, "", "").url().replace("http:", "https:"), "Unavailable", &[]);
    for wrong in ["no address", "ftp://host", "http://", "http://[x"] {
        hold(wrong, "InvalidConfig", &[]);
    }
    hold("http://127.0.0.1:1", "InvalidConfig", &[("PREFECT_API_KEY", "SeNtInEl\nkey")]);
}
