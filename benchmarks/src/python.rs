//! Metaflow and boto3, in a Python that stays.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::setup::Setup;

/// Why rows with it are missing.
pub const MISSING: &str = "needs Python 3.11 or later with venv";

/// The process; it ends with this.
#[derive(Debug)]
pub struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it, if there is a Python.
    pub fn start(setup: &Setup) -> Result<Option<Self>, String> {
        let Some(mut command) = command(setup) else { return Ok(None) };
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("Python: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("Python has no pipes".to_owned());
        };
        Ok(Some(Self { child, input, output: BufReader::new(output) }))
    }

    /// The seconds that one resolution of `count` secrets takes.
    pub fn resolve(&mut self, how: &str, prefix: &str, count: usize) -> Result<f64, String> {
        let failed = |what: &dyn std::fmt::Display| format!("{how} in Python: {what}");
        writeln!(self.input, "{how} {prefix} {count}").map_err(|error| failed(&error))?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| failed(&error))?;
        line.trim().parse().map_err(|_| failed(&"it has ended; what it said is above"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Python with the program that resolves; with arguments it does so once.
pub fn command(setup: &Setup) -> Option<Command> {
    let mut command = setup.command(setup.python.as_ref()?);
    command.env("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "aws-secrets-manager");
    command.env("METAFLOW_USER", "benchmarks").env("METAFLOW_HOME", setup.scratch.join("nothing"));
    command.arg(setup.root.join("benchmarks/python/resolve.py"));
    Some(command)
}
