//! `cargo xtask servers`.

use std::{thread, time::Duration};

use crate::{
    report::Outcome,
    services::{ReadyService, Service},
    workspace::Workspace,
};

/// Starts tools and servers, prints lines that set their variables in a shell, and waits for Ctrl-C, which ends
/// the servers too. Returns false if a service cannot be started; a server that ends by itself is an error.
pub fn run(workspace: &Workspace, services: &[Service]) -> Result<bool, String> {
    let mut running = Vec::new();
    let mut missing = false;
    for service in services {
        match service.start(workspace) {
            Ok(ready) => {
                println!("export {}='{}'", service.variable(), ready.value);
                running.push(ready);
            }
            Err(Outcome::Skipped(why) | Outcome::Failed(why)) => {
                eprintln!("{}: {why}", service.name());
                missing = true;
            }
            Err(Outcome::Passed) => {}
        }
    }
    running.retain(|ready: &ReadyService| ready.server.is_some());
    if running.is_empty() {
        return Ok(!missing);
    }
    eprintln!("running until Ctrl-C");
    loop {
        thread::sleep(Duration::from_millis(500));
        if let Some(why) = running.iter_mut().find_map(|ready| ready.server.as_mut()?.ended()) {
            return Err(why);
        }
    }
}
