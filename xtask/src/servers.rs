//! `cargo xtask servers`.

use std::{thread, time::Duration};

use crate::{
    need::{Need, Provided},
    report::Outcome,
    workspace::Workspace,
};

/// Makes tools and servers ready, prints the lines that tell a shell where they are, and stays until Ctrl-C
/// ends it and the servers with it. False if one could not be had, or a server has ended by itself.
pub fn run(workspace: &Workspace, needs: &[Need]) -> Result<bool, String> {
    let mut running = Vec::new();
    let mut missing = false;
    for need in needs {
        match need.provide(workspace) {
            Ok(provided) => {
                println!("export {}='{}'", need.variable(), provided.value);
                running.push(provided);
            }
            Err(Outcome::Skipped(why) | Outcome::Failed(why)) => {
                eprintln!("{}: {why}", need.name());
                missing = true;
            }
            Err(Outcome::Passed) => {}
        }
    }
    running.retain(|provided: &Provided| provided.server.is_some());
    if running.is_empty() {
        return Ok(!missing);
    }
    eprintln!("running until Ctrl-C");
    loop {
        thread::sleep(Duration::from_millis(500));
        if let Some(why) = running.iter_mut().find_map(|provided| provided.server.as_mut()?.ended())
        {
            return Err(why);
        }
    }
}
