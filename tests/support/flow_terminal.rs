//! A terminal on which the program of a flow runs.

use std::process::{Child, Command};

use secrets_tests_terminal::{TerminalScreen, with_default_signals};

/// Whether the terminal is that of the program's session, so that the program gets a signal when it goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalOf {
    /// It is the controlling terminal.
    Session,
    /// It is a terminal like any file.
    Nobody,
}

/// A terminal of 80 columns and 24 rows.
#[derive(Debug)]
pub struct FlowTerminal {
    child: Child,
    screen: TerminalScreen,
}

/// How wide a terminal is.
pub const COLUMNS: usize = secrets_tests_terminal::COLUMNS as usize;

impl FlowTerminal {
    /// Starts a program, whose standard error is the terminal. Standard output is too, unless `change` changes it.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(program: &Command, of: TerminalOf, change: impl FnOnce(&mut Command)) -> Self {
        let (screen, side) = TerminalScreen::open();
        let program = with_default_signals(program);
        // It makes a session in its own process, and becomes the program.
        let mut command = Command::new("setsid");
        if of == TerminalOf::Session {
            command.arg("--ctty");
        }
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").current_dir(program.get_current_dir().unwrap());
        side.attach(&mut command);
        change(&mut command);
        Self { child: command.spawn().unwrap(), screen }
    }

    /// Types a text.
    ///
    /// # Panics
    ///
    /// If the terminal is gone.
    pub fn type_in(&mut self, text: &str) {
        self.screen.type_in(text);
    }

    /// Reads until this text appears, after the text that was waited for before.
    ///
    /// # Panics
    ///
    /// If the program ends before.
    pub fn wait_for(&mut self, text: &str) {
        self.screen.wait_for(text);
    }

    /// Reads until the program has ended. Returns the exit code, and all that was seen.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.screen.read_to_end();
        (self.child.wait().unwrap().code(), self.screen.seen().to_owned())
    }

    /// Closes the terminal, as a connection that breaks does. Returns the program's exit code when it has ended.
    pub fn close(self) -> Option<i32> {
        let Self { mut child, screen } = self;
        drop(screen);
        child.wait().unwrap().code()
    }
}
