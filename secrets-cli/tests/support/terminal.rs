//! A terminal on which a program runs, as the leader of its session.

use std::{
    os::unix::process::CommandExt,
    process::{Child, Command},
};

use secrets_tests_terminal::TerminalScreen;

use crate::support::Sandbox;

pub struct Terminal {
    child: Child,
    screen: TerminalScreen,
}

impl Terminal {
    /// Starts a program. `change` changes its standard streams, all of which are the terminal before.
    pub fn start(sandbox: &Sandbox, program: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let (screen, side) = TerminalScreen::open();
        // The command's own monitor makes a session of it.
        // The terminal belongs to the program before it begins, as with a shell: who changes its modes in the background
        // stops until then.
        let in_foreground = "stty echo </dev/tty; exec \"$@\"";
        // The run of the tests may ignore signals, as by Ctrl-C in the background of a shell.
        let in_foreground = ["text", "env", "--default-signal", "sh", "-c", in_foreground, "sh"];
        let mut command = sandbox.command(in_foreground.iter().chain(program));
        command.arg0("secrets-terminal");
        side.attach(&mut command);
        command.env("TERM", "dumb");
        change(&mut command);
        Self { child: command.spawn().unwrap(), screen }
    }

    /// Returns the path of the side on which the program runs.
    pub fn name(&self) -> &str {
        self.screen.name()
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        self.screen.resize(rows, columns);
    }

    pub fn type_in(&mut self, text: &str) {
        self.screen.type_in(text);
    }

    /// Reads until this text appears. Returns what came before it, with the text.
    pub fn wait_for(&mut self, text: &str) -> String {
        self.screen.wait_for(text)
    }

    /// Reads until the program has ended. Returns the exit code, and the rest of the output.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.screen.read_to_end();
        (self.child.wait().unwrap().code(), self.screen.rest().to_owned())
    }
}
