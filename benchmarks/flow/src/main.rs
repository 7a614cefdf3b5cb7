//! Ten steps, one after the other, each of which reads a secret. With the argument `plain` the process is one of these
//! steps, without a flow around it.

use std::process::ExitCode;

use secrets_flow::Flow;
use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["app"])]
fn load() -> Result<(), Error> {
    current_context().secrets.get("app", "password").map(drop)
}

/// The steps. How many they are stands in the group `flow` too.
const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("plain") {
        return if load().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut flow = Flow::new("flow").step(NAMES[0], load);
    for names in NAMES.windows(2) {
        flow = flow.step(names[1], load).after(names[0]);
    }
    flow.main()
}
