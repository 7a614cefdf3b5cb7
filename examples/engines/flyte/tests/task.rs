//! The program without Flyte around it: the task runs in its process, and describes itself.
#![cfg(unix)]
#![allow(clippy::unwrap_used, dead_code, reason = "a test ends at the first surprise, and does not need all of the sandbox")]

#[path = "../../tests/sandbox.rs"]
mod sandbox;

use sandbox::Sandbox;

const PROGRAM: &str = env!("CARGO_BIN_EXE_secrets-engines-flyte");

#[test]
fn a_task_returns_what_its_step_returns() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&mut sandbox.command(PROGRAM)), "10 rows as app-of-prod-db\n");
    sandbox.assert_has_no_secret();
}

#[test]
fn the_interface_is_that_of_the_task() {
    let sandbox = Sandbox::new();
    let interface = sandbox.run(sandbox.command(PROGRAM).arg("describe-interface"));
    assert!(interface.contains("\"pipeline\"") && interface.contains("\"rows\""), "{interface}");
}
