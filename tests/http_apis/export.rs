//! `export = "process"` after requests over HTTP, whose threads would be in its way.
//!
//! It is a program without the test harness, whose thread would be in its way too. It starts itself again with a
//! server's settings.
#![cfg(unix)]

use std::{env, process::Command};

use secrets_runtime::{Error, get_secret_blocking, secrets};
use secrets_tests::stub_server::StubServer;

/// The variable that is set in the process which asks.
const ASKS: &str = "TEST_ASKS";

#[secrets(sources = ["prefect.password"], export = "process")]
fn exporting() -> Result<(), Error> {
    assert_eq!(env::var("password").as_deref(), Ok("SeNtInEl"));
    Ok(())
}

fn main() {
    if env::var_os(ASKS).is_some() {
        return ask();
    }
    let server = StubServer::new(200, "", r#"{"data": {"value": "SeNtInEl"}}"#);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(ASKS, "").env("PREFECT_API_URL", server.url()).env("HOME", "/nonexistent");
    assert!(command.status().expect("a process").success());
    assert_eq!(server.requests().len(), 51);
}

fn ask() {
    for number in 0..50 {
        get_secret_blocking(&format!("prefect.secret-{number}")).expect("it is found");
        // Its own secret is cached after the first time, so the request above is what was done last.
        exporting().expect("there is one thread");
        assert!(env::var_os("password").is_none());
    }
}
