//! Secrets of a Kubernetes cluster, from a stub that answers as a real API server has answered.

use secrets_runtime::{
    Declaration, ErrorKind, FetchRequest, Resolver, ResolverBuilder, settings::variables,
};
use secrets_tests::{
    scripted_server::{Reply, ScriptedServer},
    stub_server::StubServer,
};
use serde_json::json;

use super::answers::{answer, stub};

fn builder(stub: &StubServer) -> ResolverBuilder {
    let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, stub.url());
    builder.default_backend("kubernetes")
}

fn declared(source: &str) -> Declaration {
    Declaration::builder("step").source(source).unwrap().build()
}

#[test]
fn the_fields_of_a_secret_are_decoded() {
    let stub = stub("secret");
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
fn a_version_is_refused_and_does_not_share_the_answer_to_the_current_one() {
    let stub = stub("secret");
    let resolver = builder(&stub).build().unwrap();
    let backend = resolver.backend("kubernetes").unwrap();
    let db = FetchRequest::named("prod/db");
    let current = [db, db.with_version_stage("AWSCURRENT"), db.with_key("password")];
    assert!(backend.fetch_blocking(&current).iter().all(Result::is_ok));
    assert!(current.iter().all(|request| backend.identity(request) == backend.identity(&db)));
    let asked = stub.requests().len();
    for request in [
        db.with_version_id("4711"),
        db.with_version_stage("AWSPREVIOUS"),
        db.with_key("password").with_group_version(Some("3")),
    ] {
        assert_ne!(backend.identity(&request), backend.identity(&db), "{request:?}");
        let error = backend.fetch_blocking(&[request]).remove(0).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
        assert!(error.problems()[0].help().is_some(), "{error}");
    }
    assert_eq!(stub.requests().len(), asked);
}

#[test]
fn a_service_account_has_a_namespace_and_its_token_is_read_each_time() {
    let stub = stub("secret");
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

#[track_caller]
fn is_refused(stub: &StubServer, kind: ErrorKind, words: &[&str]) {
    let error = builder(stub).build().unwrap().resolve_blocking(&declared("prod/db"));
    let error = error.unwrap_err();
    let text = format!("{error} {:?} {error:?}", error.problems()[0].help());
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    for shown in ["SeNtInEl", "system:", "continue", "resource version"] {
        assert!(!text.contains(shown), "{text}");
    }
}

#[test]
fn files_of_a_service_account_that_cannot_be_are_refused_before_anything_is_sent() {
    let server = stub("secret");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let is_refused = |source: &str, words: &[&str]| {
        let builder = builder(&server).setting(&variables::KUBERNETES_DIR, folder.path());
        let error = builder.build().unwrap().resolve_blocking(&declared(source)).unwrap_err();
        let text = format!("{error} {:?} {error:?}", error.problems()[0].help());
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{text}");
        assert!(
            words.iter().all(|word| text.contains(word)) && !text.contains("SeNtInEl"),
            "{text}"
        );
    };
    is_refused("prod/db", &["token cannot be read"]);
    for empty in ["", "\n"] {
        write("token", empty);
        is_refused("prod/db", &["token is empty"]);
    }
    write("token", "SeNtInEl-1\nSeNtInEl-2");
    is_refused("prod/db", &["the service account's token in ", "/token has a line break"]);
    write("token", "SeNtInEl");
    is_refused("db", &["namespace cannot be read"]);
    for namespace in ["", "prod/secrets/other", "../prod", "Prod", "prod?x", "pro\u{1b}[31md"] {
        write("namespace", namespace);
        is_refused("db", &["has no name of a namespace", "NAMESPACE/NAME"]);
    }
    write("ca.crt", "nothing");
    is_refused("prod/db", &["has no certificate"]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn reasons_become_kinds_and_no_text_of_the_server_is_shown() {
    for (name, kind, words) in [
        ("missing", ErrorKind::NotFound, &["kubectl -n prod create secret generic db"][..]),
        ("no-such-namespace", ErrorKind::NotFound, &["`prod`", "`db`"]),
        ("forbidden", ErrorKind::AccessDenied, &["resourceNames: [db]"]),
        ("other-namespace", ErrorKind::AccessDenied, &["resourceNames: [db]"]),
        ("ended-token", ErrorKind::AccessDenied, &["the token is not valid"]),
        ("no-token", ErrorKind::AccessDenied, &["the token is not valid"]),
        ("timeout", ErrorKind::Timeout, &["try again"]),
        ("expired", ErrorKind::Unavailable, &["try again"]),
        ("not-acceptable", ErrorKind::InvalidConfig, &["check the address"]),
        ("no-such-path", ErrorKind::InvalidConfig, &["not the API of Kubernetes"]),
        ("not-the-api", ErrorKind::InvalidConfig, &["not the API of Kubernetes"]),
    ] {
        is_refused(&stub(name), kind, words);
    }
    // What the server was not brought to say, in the form that it has.
    let (_, status) = answer("forbidden");
    for (code, reason, kind, word) in [
        (410, "Gone", ErrorKind::Deleted, "is not there any more"),
        (429, "TooManyRequests", ErrorKind::Throttled, "try again"),
        (504, "ServerTimeout", ErrorKind::Timeout, "try again"),
        (500, "InternalError", ErrorKind::Unavailable, "API server"),
        (503, "ServiceUnavailable", ErrorKind::Unavailable, "API server"),
        (400, "BadRequest", ErrorKind::InvalidConfig, "check the address"),
        (405, "MethodNotAllowed", ErrorKind::InvalidConfig, "check the address"),
    ] {
        let mut status = status.clone();
        status["reason"] = reason.into();
        status["message"] = "SeNtInEl".into();
        status["code"] = code.into();
        is_refused(&StubServer::new(code, "", &status.to_string()), kind, &[word]);
    }
}

#[test]
fn the_secrets_of_a_call_are_read_in_one_round_trip() {
    const COUNT: usize = 30;
    let all = std::sync::Barrier::new(COUNT);
    let (_, secret) = answer("secret");
    let server = ScriptedServer::new(move |request| {
        // None is answered before all are asked for.
        all.wait();
        let name = request.line.split([' ', '/']).find(|part| part.starts_with("db-"));
        let mut secret = secret.clone();
        secret["metadata"]["name"] = name.unwrap_or_default().into();
        Reply::json(200, &secret)
    });
    let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, server.url());
    let resolver = builder.default_backend("kubernetes").build().unwrap();
    let sources: Vec<String> = (0..COUNT).map(|number| format!("prod/db-{number}")).collect();
    let builder = Declaration::builder("step");
    let declared = sources.iter().fold(builder, |builder, source| builder.source(source).unwrap());
    let found = resolver.resolve_blocking(&declared.build()).unwrap().secrets;
    assert_eq!(found.groups().count(), COUNT);
    assert_eq!(server.lines().len(), COUNT);
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
        json!({ "metadata": { "name": "db", "namespace": "other" }, "data": { "x": "U2VOdEluRWw=" } }),
        json!({ "metadata": { "name": "db" }, "data": ["SeNtInEl"] }),
        json!({ "metadata": { "name": "db" }, "data": "SeNtInEl" }),
        json!({ "metadata": { "name": "db" }, "data": { "x": 7 } }),
        json!({ "metadata": { "name": "db" }, "data": { "x": { "y": "SeNtInEl" } } }),
        json!({ "metadata": "SeNtInEl" }),
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
fn a_secret_may_have_no_data() {
    for body in [
        json!({ "metadata": { "name": "db" } }),
        json!({ "metadata": { "name": "db" }, "data": null }),
        json!({ "metadata": { "name": "db" }, "data": {} }),
    ] {
        let stub = StubServer::new(200, "", &body.to_string());
        let resolver = builder(&stub).build().unwrap();
        let secrets = resolver.resolve_blocking(&declared("prod/db")).unwrap().secrets;
        assert_eq!(secrets.entries().count(), 0);
    }
}

#[test]
fn hostile_answers_are_refused_and_not_shown() {
    let secret = answer("secret").1.to_string();
    let long =
        format!(r#"{{"metadata": {{"name": "db"}}, "x": "SeNtInEl{}"}}"#, "x".repeat(10 << 20));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for reply in [
        Reply::new(200, "", &long),
        Reply::raw(format!("{head}\r\n{long}")),
        // Cut, with a length and without one.
        Reply::raw(format!("{head}content-length: {}\r\n\r\n{}", secret.len(), &secret[..90])),
        Reply::raw(format!("{head}\r\n{}", &secret[..90])),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-le"),
        Reply::raw(""),
        Reply::new(200, "content-type: text/html\r\n", "<html>SeNtInEl</html>"),
        Reply::new(200, "content-type: application/vnd.kubernetes.protobuf\r\n", "k8s\0SeNtInEl"),
        Reply::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n\xff\xfeSeNtInEl".to_vec()),
        Reply::new(200, "", "null"),
        // Nested, and with a key twice.
        Reply::new(200, "", &"[".repeat(1 << 20)),
        Reply::new(200, "", r#"{"metadata": {"name": "db"}, "data": {"x": "U2VO", "x": "U2VO"}}"#),
        Reply::new(200, "", r#"{"metadata": {"name": "db"}, "data": {}, "data": {"x": "U2VO"}}"#),
    ] {
        let server = ScriptedServer::new(move |_| reply.clone());
        let builder = Resolver::builder().setting(&variables::KUBERNETES_URL, server.url());
        let resolver = builder.default_backend("kubernetes").build().unwrap();
        let error = resolver.resolve_blocking(&declared("prod/db")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!format!("{error:?}").contains("SeNtInEl"));
    }
}

#[test]
fn a_token_is_not_sent_where_a_redirection_leads() {
    let thief = ScriptedServer::new(|_| Reply::json(200, &answer("secret").1));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "SeNtInEl").unwrap();
    for location in [thief.url(), thief.url().replace("http:", "https:"), "/elsewhere".to_owned()] {
        for status in [301, 302, 307, 308] {
            let stub = StubServer::new(status, &format!("location: {location}/x\r\n"), "");
            let builder = builder(&stub).setting(&variables::KUBERNETES_DIR, folder.path());
            let error = builder.build().unwrap().resolve_blocking(&declared("prod/db"));
            assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidConfig, "{status} {location}");
        }
    }
    assert_eq!(thief.requests().len(), 0);
}

#[test]
fn outside_of_a_pod_the_address_is_asked_for() {
    let host = &variables::KUBERNETES_SERVICE_HOST;
    let resolver = Resolver::builder().setting(host, "").default_backend("kubernetes");
    let error = resolver.build().unwrap().resolve_blocking(&declared("db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.problems()[0].help().unwrap().contains("SECRETS_KUBERNETES_URL"));
}
