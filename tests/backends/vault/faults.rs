//! Servers that are slow, lie, or answer what no Vault does.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering},
};

use secrets_runtime::{ErrorKind, Resolver, settings::variables};
use secrets_tests::{
    scripted_server::{Reply, ScriptedServer},
    stub_server::Request,
};
use serde_json::{Value, json};

use super::setup::{Bao, refused, resolve};

fn resolver(server: &ScriptedServer) -> Resolver {
    Bao { url: server.url() }.resolver("s.SeNtInEl")
}

/// What is asked for, behind `/v1/`.
fn path(request: &Request) -> &str {
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    path.strip_prefix("/v1/").unwrap_or(path)
}

/// What the server says of the mount `kv`.
fn mount() -> Reply {
    let data = json!({ "path": "kv/", "type": "kv", "options": { "version": "2" } });
    Reply::json(200, &json!({ "data": data }))
}

/// A secret of KV version 2.
fn secret() -> Reply {
    let metadata = json!({ "version": 1, "deletion_time": "", "destroyed": false });
    let data = json!({ "data": { "x": "SeNtInEl" }, "metadata": metadata });
    Reply::json(200, &json!({ "lease_id": "", "data": data }))
}

/// Names of so many secrets.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("kv/s{number}")).collect()
}

fn resolve_all(resolver: &Resolver, count: usize) -> Value {
    let names = names(count);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    resolve(resolver, &names).unwrap()
}

#[test]
fn the_secrets_of_a_call_are_read_in_one_round_trip() {
    const COUNT: usize = 30;
    let all = Arc::new(Barrier::new(COUNT));
    let server = ScriptedServer::new(move |request| match path(request) {
        asked if asked.starts_with("sys/internal/ui/mounts/") => mount(),
        // None is answered before all are asked for.
        _ => {
            all.wait();
            secret()
        }
    });
    let found = resolve_all(&resolver(&server), COUNT);
    assert_eq!(found.as_object().unwrap().len(), COUNT);
    let lines = server.lines();
    assert_eq!(lines.len(), COUNT + 1, "one request for the mount, and one for each secret");
    assert_eq!(lines.iter().filter(|line| line.contains("/sys/internal/ui/mounts/")).count(), 1);
}

#[test]
fn the_mounts_of_a_call_are_looked_up_side_by_side() {
    let all = Arc::new(Barrier::new(4));
    let server = ScriptedServer::new(move |request| {
        let asked = path(request).to_owned();
        match asked.strip_prefix("sys/internal/ui/mounts/") {
            Some(below) => {
                all.wait();
                let mount = format!("{}/", below.split('/').next().unwrap_or_default());
                let options = json!({ "version": "2" });
                Reply::json(
                    200,
                    &json!({ "data": { "path": mount, "type": "kv", "options": options } }),
                )
            }
            None => secret(),
        }
    });
    let sources = ["a/1", "b/1", "c/1", "d/1", "a/2", "b/2"];
    assert_eq!(resolve(&resolver(&server), &sources).unwrap().as_object().unwrap().len(), 6);
    assert_eq!(server.lines().len(), 10);
}

#[test]
fn a_server_is_asked_for_a_bounded_number_of_secrets_at_once() {
    let server = ScriptedServer::new(|request| match path(request) {
        asked if asked.starts_with("sys/") => mount(),
        _ => secret(),
    });
    assert_eq!(resolve_all(&resolver(&server), 100).as_object().unwrap().len(), 100);
    assert_eq!(server.lines().len(), 101);
    assert!(server.most_at_once() <= 32, "{}", server.most_at_once());
}

#[test]
fn a_token_that_ends_in_the_middle_is_replaced_by_one_login() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = logins.clone();
    let server = ScriptedServer::new(move |request| match path(request) {
        "auth/approle/login" => {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let auth =
                json!({ "client_token": format!("s.SeNtInEl-{number}"), "lease_duration": 3600 });
            Reply::json(200, &json!({ "auth": auth }))
        }
        asked if asked.starts_with("sys/") => mount(),
        // The first token has ended between the mount and the secrets.
        _ if request.header("x-vault-token") == Some("s.SeNtInEl-1") => {
            Reply::json(403, &json!({ "errors": ["permission denied"] }))
        }
        _ => secret(),
    });
    let bao = Bao { url: server.url() };
    let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role");
    let resolver = builder.setting(&variables::VAULT_SECRET_ID, "SeNtInEl-id").build().unwrap();
    assert_eq!(resolve_all(&resolver, 20).as_object().unwrap().len(), 20);
    assert_eq!(logins.load(Ordering::SeqCst), 2);
}

#[test]
fn a_read_at_which_the_server_fails_is_sent_again_at_most_twice() {
    for (status, failures) in [(500, 1), (500, 2), (502, 2), (504, 2), (500, 3)] {
        let count = AtomicUsize::new(0);
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/") => mount(),
            _ if count.fetch_add(1, Ordering::SeqCst) < failures => {
                Reply::json(status, &json!({ "errors": ["SeNtInEl"] }))
            }
            _ => secret(),
        });
        if failures <= 2 {
            assert_eq!(resolve_all(&resolver(&server), 1)["kv/s0"]["x"], "SeNtInEl");
            assert_eq!(server.lines().len(), 2 + failures);
        } else {
            let error = refused(&resolver(&server), "kv/s0", &["failed"]);
            assert_eq!(error, ErrorKind::Unavailable);
            assert_eq!(server.lines().len(), 4);
        }
    }
}

#[test]
fn what_may_have_made_a_lease_is_not_sent_again() {
    for status in [500, 502, 504] {
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/") => {
                Reply::json(200, &json!({ "data": { "path": "database/", "type": "database" } }))
            }
            _ => Reply::json(status, &json!({ "errors": ["SeNtInEl"] })),
        });
        assert!(resolve(&resolver(&server), &["database/creds/app"]).is_err());
        assert_eq!(server.lines()[1..], ["GET /v1/database/creds/app"], "{status}");
    }
}

#[test]
fn a_lease_waits_for_one_answer_about_its_token() {
    let server = ScriptedServer::new(|request| match path(request) {
        "auth/token/lookup-self" => Reply::json(500, &json!({ "errors": ["SeNtInEl"] })),
        asked if asked.starts_with("sys/internal/") => {
            Reply::json(200, &json!({ "data": { "path": "database/", "type": "database" } }))
        }
        "database/creds/app" => {
            let user = json!({ "username": "SeNtInEl", "password": "SeNtInEl" });
            let id = "database/creds/app/1";
            Reply::json(200, &json!({ "lease_id": id, "lease_duration": 60, "data": user }))
        }
        _ => Reply::json(204, &json!({})),
    });
    let found = resolve(&resolver(&server), &["database/creds/app"]).unwrap();
    assert_eq!(found["database/creds/app"]["username"], "SeNtInEl");
    let lines = server.lines();
    assert_eq!(lines.iter().filter(|it| it.ends_with("/auth/token/lookup-self")).count(), 1);
}

#[test]
fn a_login_at_which_the_server_fails_is_not_sent_again() {
    let server = ScriptedServer::new(|_| Reply::json(500, &json!({ "errors": ["SeNtInEl"] })));
    let bao = Bao { url: server.url() };
    let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role");
    let resolver = builder.setting(&variables::VAULT_SECRET_ID, "SeNtInEl-id").build().unwrap();
    assert_eq!(refused(&resolver, "kv/s0", &["failed"]), ErrorKind::Unavailable);
    assert_eq!(server.lines(), ["POST /v1/auth/approle/login"]);
}

#[test]
fn a_server_that_cannot_be_asked_is_asked_once_for_all_secrets_of_a_call() {
    for status in [429, 501, 503] {
        let server = ScriptedServer::new(move |_| Reply::json(status, &json!({})));
        let names = names(10);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = resolve(&resolver(&server), &names).unwrap_err();
        assert_eq!(error.problems().len(), 10);
        assert_eq!(server.lines().len(), 1, "{status}");
    }
}

#[test]
fn a_given_token_that_ends_in_the_middle_is_said_to_have_ended() {
    // What OpenBao says of a token that is not valid, and what Vault says.
    for error in
        ["permission denied", "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]
    {
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/") => mount(),
            _ => Reply::json(403, &json!({ "errors": [error] })),
        });
        let resolver = resolver(&server);
        // The server has just told this token of the mount.
        let words = ["may not use `kv/db`, or it has just ended"];
        assert_eq!(refused(&resolver, "kv/db", &words), ErrorKind::AccessDenied);
        assert_eq!(server.lines().len(), 2, "nothing is looked up");
        // Later on it is looked up.
        let words = ["the token is not valid, or has expired"];
        assert_eq!(refused(&resolver, "kv/db", &words), ErrorKind::AccessDenied);
        assert_eq!(server.lines().last().unwrap(), "GET /v1/auth/token/lookup-self");
    }
}

#[test]
fn an_answer_of_ten_megabytes_is_not_read() {
    const LONG: usize = 10 << 20;
    let body = format!(r#"{{"data": {{"data": {{"x": "SeNtInEl-{}"}}}}}}"#, "x".repeat(LONG));
    let announced = Reply::new(200, "", &body);
    let chunked = Reply::raw(format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    ));
    let until_closed = Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}"));
    for reply in [announced, chunked, until_closed] {
        let server = ScriptedServer::new(move |_| reply.clone());
        let words = ["an answer of more than", "check its address"];
        assert_eq!(refused(&resolver(&server), "kv/db", &words), ErrorKind::Unavailable);
    }
}

#[test]
fn an_answer_that_ends_early_is_no_answer() {
    let body = r#"{"data": {"data": {"x": "SeNtInEl"}, "metadata": {"version": 1}}}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let cuts = [
        // The body is shorter than it was announced.
        format!("{head}content-length: {}\r\n\r\n{}", body.len(), &body[..40]),
        // A chunk is.
        format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{}", body.len(), &body[..40]),
        // The JSON is, in a body that is complete.
        format!("{head}content-length: 40\r\n\r\n{}", &body[..40]),
        // The head is.
        "HTTP/1.1 200 OK\r\ncontent-le".to_owned(),
        String::new(),
    ];
    for cut in cuts {
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/") => mount(),
            _ => Reply::raw(cut.clone()),
        });
        assert_eq!(refused(&resolver(&server), "kv/db", &[]), ErrorKind::Unavailable);
    }
}

#[test]
fn a_content_type_does_not_make_an_answer_of_vault() {
    for (headers, body) in [
        ("content-type: text/html\r\n", "<html>SeNtInEl</html>"),
        ("content-type: application/json\r\n", "<html>SeNtInEl</html>"),
        ("content-type: application/json; charset=utf-16\r\n", "\u{feff}S\0e\0N\0t\0I\0n\0E\0l"),
        ("content-type: application/octet-stream\r\n", "\u{1f}\u{8b}SeNtInEl"),
        ("content-type: application/json\r\n", r#""SeNtInEl""#),
        ("content-type: application/json\r\n", "null"),
        ("content-type: application/json\r\n", r#"{"data": {"data": ["SeNtInEl"]}}"#),
        ("content-type: application/json\r\n", r#"{"data": {"data": {"x": "SeNtInEl"}}}"#),
    ] {
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/") => mount(),
            _ => Reply::new(200, headers, body),
        });
        let kind = refused(&resolver(&server), "kv/db", &["not from its API"]);
        assert_eq!(kind, ErrorKind::Unavailable, "{headers}{body}");
    }
}

#[test]
fn credentials_are_not_sent_where_a_redirection_leads() {
    let thief = ScriptedServer::new(|_| Reply::json(200, &json!({})));
    let host = thief.url().replace("http://", "");
    for location in [
        format!("http://{host}/v1/auth/approle/login"),
        format!("https://{host}/v1/auth/approle/login"),
        format!("//{host}/v1/auth/approle/login"),
        format!("http://127.0.0.1:1@{host}/v1/x"),
        "/v1/elsewhere".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let headers = format!("location: {location}\r\n");
            let server = ScriptedServer::new(move |_| Reply::new(status, &headers, ""));
            let bao = Bao { url: server.url() };
            let builder = bao.builder().setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role");
            let builder = builder.setting(&variables::VAULT_SECRET_ID, "SeNtInEl-id");
            let kind = refused(&builder.build().unwrap(), "kv/db", &["another server"]);
            assert_eq!(kind, ErrorKind::InvalidConfig, "{status} {location}");
        }
    }
    assert_eq!(thief.requests().len(), 0);
}

#[test]
fn a_redirection_to_another_scheme_of_a_known_server_is_not_followed() {
    // The address of this cluster that has TLS is known, and the one that answers is without.
    let server =
        ScriptedServer::new(|_| Reply::new(307, "location: https://127.0.0.1:1/v1/kv/db\r\n", ""));
    let cluster = Bao { url: format!("{},https://127.0.0.1:1", server.url()) };
    let kind = refused(&cluster.resolver("s.SeNtInEl"), "kv/db", &["another server"]);
    assert_eq!(kind, ErrorKind::InvalidConfig);
}

#[test]
fn servers_that_redirect_to_each_other_are_not_asked_for_ever() {
    let other = Arc::new(std::sync::OnceLock::<String>::new());
    let known = other.clone();
    let first = ScriptedServer::new(move |_| {
        Reply::new(307, &format!("location: {}/v1/x\r\n", known.get().unwrap()), "")
    });
    let back = format!("location: {}/v1/x\r\n", first.url());
    let second = ScriptedServer::new(move |_| Reply::new(307, &back, ""));
    other.set(second.url()).unwrap();
    let cluster = Bao { url: format!("{},{}", first.url(), second.url()) };
    let kind = refused(&cluster.resolver("s.SeNtInEl"), "kv/db", &["another server"]);
    assert_eq!(kind, ErrorKind::InvalidConfig);
    assert!(first.requests().len() + second.requests().len() <= 6);
}

#[test]
fn what_a_lying_server_says_of_a_mount_and_a_lease_is_bounded() {
    // A mount that the path is not below of.
    let elsewhere = json!({ "data": { "path": "sys/", "type": "kv", "options": null } });
    let server = ScriptedServer::new(move |_| Reply::json(200, &elsewhere));
    assert_eq!(refused(&resolver(&server), "kv/db", &["not from its API"]), ErrorKind::Unavailable);
    for time in [json!(u64::MAX), json!(-1), json!("SeNtInEl"), json!(1e300), Value::Null] {
        let server = ScriptedServer::new(move |request| match path(request) {
            asked if asked.starts_with("sys/internal/") => {
                let data = json!({ "path": "db/", "type": "database", "options": null });
                Reply::json(200, &json!({ "data": data }))
            }
            "auth/token/lookup-self" => {
                Reply::json(200, &json!({ "data": { "ttl": time, "renewable": true } }))
            }
            "sys/leases/revoke" => Reply::new(204, "", ""),
            _ => Reply::json(
                200,
                &json!({
                    "lease_id": "db/creds/app/\u{1b}[31m7f3a", "lease_duration": time, "renewable": true,
                    "data": { "username": "SeNtInEl-user", "password": "SeNtInEl-password" },
                }),
            ),
        });
        let resolver = resolver(&server);
        let found = resolve(&resolver, &["db/creds/app"]).unwrap();
        assert_eq!(found["db/creds/app"]["username"], "SeNtInEl-user");
        resolver.shutdown_blocking();
        assert_eq!(server.lines().last().unwrap(), "POST /v1/sys/leases/revoke");
    }
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_until_the_deadline() {
    // Nobody sends anything: it waits until the test has ended.
    let (_end, ended) = std::sync::mpsc::channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    let server = ScriptedServer::new(move |_| {
        let _ = ended.lock().map(|ended| ended.recv());
        Reply::raw("")
    });
    let bao = Bao { url: server.url() };
    let builder = bao.builder().setting(&variables::VAULT_TOKEN, "s.SeNtInEl");
    let resolver = builder.setting(&variables::ATTEMPT_TIMEOUT, "0.3").build().unwrap();
    assert_eq!(refused(&resolver, "kv/db", &["did not answer"]), ErrorKind::Timeout);
}
