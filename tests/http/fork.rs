//! A process that forks while it holds leases. Its child neither uses nor ends them, nor the token that they hang on.
//!
//! It is a program without the test harness, which has threads of its own. It starts itself again for the process that
//! forks, so that the server is not in it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    env,
    process::{Command, exit},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use fork::{Fork, fork, waitpid};
use secrets_runtime::{
    __testing::ManualClock, Context, Declaration, Resolver, settings::variables,
};
use secrets_tests::{
    leasing_backend::LeasingBackend,
    scripted_server::{Reply, ScriptedServer},
    stub_server::Request,
};
use serde_json::json;

/// The variable that is set in the process which forks, to the address of the server.
const ASKS: &str = "TEST_ASKS";

const SOURCE: &str = "vault.db/creds/app";
const GROUP: &str = "db/creds/app";

fn main() {
    if let Ok(url) = env::var(ASKS) {
        of_a_backend();
        of_vault(&url);
        return;
    }
    let (logins, leases) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = ScriptedServer::new(move |request| answer(request, &logins, &leases));
    let mut command = Command::new(env::current_exe().unwrap());
    assert!(command.env(ASKS, server.url()).status().unwrap().success());
    let ended: Vec<(String, String)> = server.requests().iter().filter_map(ending).collect();
    // The child that has used nothing has ended nothing; then the other child, and then the parent, have ended their own.
    let expected = [
        ("s.SeNtInEl-2", r#"{"lease_id":"db/creds/app/2"}"#),
        ("s.SeNtInEl-2", ""),
        ("s.SeNtInEl-1", r#"{"lease_id":"db/creds/app/1"}"#),
        ("s.SeNtInEl-1", ""),
    ];
    assert_eq!(ended, expected.map(|(token, body)| (token.to_owned(), body.to_owned())));
}

fn answer(request: &Request, logins: &AtomicUsize, leases: &AtomicUsize) -> Reply {
    let next = |count: &AtomicUsize| count.fetch_add(1, Ordering::SeqCst) + 1;
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let data = match path.strip_prefix("/v1/").unwrap_or_default() {
        "auth/approle/login" => {
            let token = format!("s.SeNtInEl-{}", next(logins));
            json!({ "auth": { "client_token": token, "lease_duration": 7200, "renewable": true } })
        }
        "db/creds/app" => {
            let number = next(leases);
            let data = json!({ "username": format!("SeNtInEl-{number}") });
            json!({
                "lease_id": format!("db/creds/app/{number}"), "lease_duration": 3600,
                "renewable": true, "data": data,
            })
        }
        "sys/leases/revoke" | "auth/token/revoke-self" => return Reply::new(204, "", ""),
        _ => json!({ "data": { "path": "db/", "type": "database", "options": null } }),
    };
    Reply::json(200, &data)
}

/// The token and the body of a request that ends something.
fn ending(request: &Request) -> Option<(String, String)> {
    let token = request.header("x-vault-token").unwrap_or_default().to_owned();
    request.line.contains("revoke").then(|| (token, request.body.clone()))
}

fn begin(resolver: &Resolver, source: &str) -> Context {
    let declared = Declaration::builder("step").source(source).unwrap().build();
    resolver.resolve_blocking(&declared).unwrap()
}

fn user(step: &Context) -> String {
    step.secrets.get(GROUP, "username").unwrap().expose_str().unwrap().to_owned()
}

/// Runs a child to its end, which must not panic.
fn in_a_child(work: impl FnOnce()) {
    match fork().unwrap() {
        Fork::Child => {
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // What belongs to the parent is not dropped by the end of `main`.
            exit(i32::from(worked.is_err()));
        }
        Fork::Parent(child) => assert_eq!(waitpid(child).unwrap(), 0, "the child has panicked"),
    }
}

fn of_a_backend() {
    let (backend, clock) = (LeasingBackend::new(Duration::from_secs(3000)), ManualClock::new());
    let resolver = backend.builder(&clock).build().unwrap();
    let step = begin(&resolver, "db");
    // What the backend records in the child is the child's alone.
    let (copy, held) = (resolver.clone(), step.clone());
    in_a_child(|| {
        drop((step.clone(), held));
        clock.advance(Duration::from_secs(2000));
        assert_eq!(backend.log(), (1, 0, vec![]));
        let own = begin(&copy, "db");
        assert_eq!(own.secrets.get("db", "db").unwrap().expose_str().unwrap(), "SeNtInEl-2");
        drop(own);
        copy.shutdown_blocking();
        assert_eq!(backend.log(), (2, 0, vec!["lease-2".to_owned()]));
    });
    assert_eq!(backend.log(), (1, 0, vec![]));
    clock.advance(Duration::from_secs(2000));
    assert_eq!(backend.log(), (1, 1, vec![]), "the parent goes on with it");
    drop(step);
    resolver.shutdown_blocking();
    assert_eq!(backend.log(), (1, 1, vec!["lease-1".to_owned()]));
}

fn of_vault(url: &str) {
    let builder = Resolver::builder()
        .setting(&variables::VAULT_ADDR, url)
        .setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role")
        .setting(&variables::VAULT_SECRET_ID, "SeNtInEl-id");
    let mut resolver = Some(builder.build().unwrap());
    let mut step = resolver.as_ref().map(|resolver| begin(resolver, SOURCE));
    assert_eq!(step.as_ref().map(user).as_deref(), Some("SeNtInEl-1"));
    in_a_child(|| {
        drop(step.take());
        drop(resolver.take());
    });
    let (resolver, step) = (resolver.unwrap(), step.unwrap());
    in_a_child(|| {
        assert_eq!(user(&begin(&resolver, SOURCE)), "SeNtInEl-2", "it has a user of its own");
        assert_eq!(user(&step), "SeNtInEl-1");
        resolver.shutdown_blocking();
    });
    assert_eq!(user(&begin(&resolver, SOURCE)), "SeNtInEl-1");
    drop(step);
    resolver.shutdown_blocking();
}
