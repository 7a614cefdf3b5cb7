//! Secrets of a Kubernetes cluster, from a stub that answers as a real API server does.

use secrets_runtime::{Declaration, ErrorKind, Resolver, ResolverBuilder, settings::variables};
use secrets_tests::stub_server::StubServer;
use serde_json::json;

fn builder(stub: &StubServer) -> ResolverBuilder {
    let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, stub.url());
    builder.default_backend("kubernetes")
}

fn declared(source: &str) -> Declaration {
    Declaration::builder("step").source(source).unwrap().build()
}

/// `kubectl get secret db -o json`: `SeNtInEl-password`, an empty field, and two bytes that are not UTF-8.
fn secret() -> StubServer {
    let body = json!({
        "kind": "Secret", "apiVersion": "v1",
        "metadata": { "name": "db", "namespace": "prod", "resourceVersion": "4711" },
        "data": { "password": "U2VOdEluRWwtcGFzc3dvcmQ=", "empty": "", "bytes": "//4=" },
        "type": "Opaque",
    });
    StubServer::new(200, "content-type: application/json\r\n", &body.to_string())
}

#[test]
fn the_fields_of_a_secret_are_decoded() {
    let stub = secret();
    let resolver = builder(&stub).build().unwrap();
    let secrets = resolver.resolve_blocking(&declared("prod/db")).unwrap().secrets;
    let get = |key: &str| secrets.get("prod/db", key).unwrap();
    assert_eq!(get("password").expose_str().unwrap(), "SeNtInEl-password");
    assert_eq!(get("empty").expose_bytes(), b"");
    assert_eq!(get("bytes").expose_bytes(), b"\xff\xfe");
    assert_eq!(secrets.provenance("prod/db").unwrap().version(), Some("4711"));
    let requests = stub.requests();
    assert!(requests[0].line.starts_with("GET /api/v1/namespaces/prod/secrets/db "));
    assert!(requests[0].headers.iter().all(|(name, _)| name != "authorization"));
    // A request: the Secret and the field.
    let asked = Declaration::builder("step").request("prod/db", "password").unwrap().build();
    let secrets = resolver.resolve_blocking(&asked).unwrap().secrets;
    assert!(secrets.get("prod/db", "password").is_ok());
}

#[test]
fn a_service_account_has_a_namespace_and_its_token_is_read_each_time() {
    let stub = secret();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("namespace"), "prod").unwrap();
    let builder = builder(&stub).setting(&variables::KUBERNETES_DIR, folder.path());
    let resolver = builder.cache_ttl(std::time::Duration::ZERO).build().unwrap();
    for token in ["SeNtInEl-1", "SeNtInEl-2"] {
        std::fs::write(folder.path().join("token"), token).unwrap();
        resolver.resolve_blocking(&declared("db")).unwrap();
        let last = stub.requests().pop().unwrap();
        assert!(last.line.starts_with("GET /api/v1/namespaces/prod/secrets/db "), "{}", last.line);
        let bearer = format!("Bearer {token}");
        assert!(last.headers.contains(&("authorization".to_owned(), bearer)));
    }
}

#[test]
fn reasons_become_kinds_and_no_text_of_the_server_is_shown() {
    for (status, reason, kind, help) in [
        (404, "NotFound", ErrorKind::NotFound, "kubectl -n prod create secret generic db"),
        (403, "Forbidden", ErrorKind::AccessDenied, "resourceNames: [db]"),
        (401, "Unauthorized", ErrorKind::AccessDenied, "the token is not valid"),
        (429, "TooManyRequests", ErrorKind::Throttled, "try again"),
        (504, "Timeout", ErrorKind::Timeout, "try again"),
        (500, "InternalError", ErrorKind::Unavailable, "API server"),
        (503, "ServiceUnavailable", ErrorKind::Unavailable, "API server"),
    ] {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
            "message": "SeNtInEl", "code": status,
        });
        let stub = StubServer::new(status, "", &body.to_string());
        let error = builder(&stub).build().unwrap().resolve_blocking(&declared("prod/db"));
        let error = error.unwrap_err();
        let text = format!("{error} {:?}", error.problems()[0].help());
        assert_eq!(error.kind(), kind, "{text}");
        assert!(text.contains(help) && !text.contains("SeNtInEl"), "{text}");
    }
}

#[test]
fn a_404_that_is_not_the_apis_is_not_a_missing_secret() {
    for body in ["", "<html>404 page not found</html>", r#"{"message": "SeNtInEl"}"#] {
        let stub = StubServer::new(404, "", body);
        let error = builder(&stub).build().unwrap().resolve_blocking(&declared("prod/db"));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{body}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("not the API of Kubernetes") && !text.contains("SeNtInEl"), "{text}");
    }
}

#[test]
fn an_answer_that_is_not_of_the_secret_is_refused() {
    for body in [
        json!({ "metadata": { "name": "other" }, "data": { "x": "U2VOdEluRWw=" } }),
        json!({ "metadata": { "name": "db" }, "data": { "x": "no base64: SeNtInEl" } }),
        json!(["SeNtInEl"]),
    ] {
        let stub = StubServer::new(200, "", &body.to_string());
        let error = builder(&stub).build().unwrap().resolve_blocking(&declared("prod/db"));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(!format!("{error:?}").contains("SeNtInEl"));
    }
}

#[test]
fn outside_of_a_pod_the_address_is_asked_for() {
    let host = &variables::KUBERNETES_SERVICE_HOST;
    let resolver = Resolver::builder().setting(host, "").default_backend("kubernetes");
    let error = resolver.build().unwrap().resolve_blocking(&declared("db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.problems()[0].help().unwrap().contains("SECRETS_KUBERNETES_URL"));
}
