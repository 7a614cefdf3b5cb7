use std::fs;

use crate::{
    http::{free_port, request},
    sandbox::{PASSWORD, Sandbox, USER, tool},
};

/// Whether a journal has a text, in one of the ways in which it is written.
fn has(journal: &str, text: &str) -> bool {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    let journal = journal.replace(' ', "");
    [text, &hex, &numbers.join(",")].iter().any(|form| journal.contains(form))
}

/// Restate's own server: it registers the service, calls it, and keeps a journal of the call.
#[test]
fn the_journal_has_what_the_step_returns() {
    let Some(server) = tool("SECRETS_TEST_RESTATE_SERVER") else { return };
    let sandbox = Sandbox::new();
    let [service, ingress, admin, fabric] = [(); 4].map(|()| free_port());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_restate"));
    let _service = sandbox.start(command.env("PORT", service.to_string()));

    let address = |port: u16| format!("127.0.0.1:{port}");
    let mut command = sandbox.command(server);
    command
        .args(["--node-name", "one", "--base-dir"])
        .arg(sandbox.engine().join("store"))
        .env("RESTATE_LISTEN_MODE", "tcp")
        .env("RESTATE_BIND_ADDRESS", address(fabric))
        .env("RESTATE_ADVERTISED_ADDRESS", format!("http://{}", address(fabric)))
        .env("RESTATE_ADMIN__BIND_ADDRESS", address(admin))
        .env("RESTATE_INGRESS__BIND_ADDRESS", address(ingress))
        .env("DO_NOT_TRACK", "1");
    let mut server = sandbox.start(&mut command);
    let passed = |port: u16, line: &str, body: &str| {
        request(port, line, body).ok().filter(|(status, _)| (200..300).contains(status))
    };
    server.wait_for(|| passed(admin, "GET /health", ""));
    let deployment = format!(r#"{{"uri":"http://127.0.0.1:{service}"}}"#);
    server.wait_for(|| passed(admin, "POST /deployments", &deployment));
    let (_, answer) = server.wait_for(|| passed(ingress, "POST /Loader/load", "10"));
    assert_eq!(answer, "\"10 rows as app-of-prod-db\"");
    fs::write(sandbox.engine().join("answer.json"), answer).unwrap();

    let query = r#"{"query":"SELECT * FROM sys_journal"}"#;
    let (_, journal) = server.wait_for(|| passed(admin, "POST /query", query));
    assert!(journal.contains("\"load\""), "{journal}");
    // It shows what was stored as bytes.
    assert!(has(&journal, USER) && !has(&journal, PASSWORD), "{journal}");
    fs::write(sandbox.engine().join("journal.json"), journal).unwrap();
    drop(server);
    sandbox.assert_has_no_secret();
}
