//! A terminal on which the program of a flow runs.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

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
    /// The side of the person who looks at it.
    person: File,
    /// All of it.
    seen: String,
    /// How much of it was waited for.
    known: usize,
}

/// How wide a terminal is.
pub const COLUMNS: usize = 80;

impl FlowTerminal {
    /// Starts a program, whose standard error is the terminal. Standard output is too, unless `change` changes it.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(program: &Command, of: TerminalOf, change: impl FnOnce(&mut Command)) -> Self {
        // The program must not have this side too: the terminal would never go away.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let person: OwnedFd = openpt(flags).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let ws_col = u16::try_from(COLUMNS).unwrap();
        let size = Winsize { ws_row: 24, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&person, size).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let side = || Stdio::from(terminal.try_clone().unwrap());
        // It makes a session in its own process, and becomes the program.
        let mut command = Command::new("setsid");
        if of == TerminalOf::Session {
            command.arg("--ctty");
        }
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").current_dir(program.get_current_dir().unwrap());
        command.stdin(side()).stdout(side()).stderr(side());
        change(&mut command);
        Self {
            child: command.spawn().unwrap(),
            person: File::from(person),
            seen: String::new(),
            known: 0,
        }
    }

    /// Types a text.
    ///
    /// # Panics
    ///
    /// If the terminal is gone.
    pub fn type_in(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until this text appears, after the text that was waited for before.
    ///
    /// # Panics
    ///
    /// If the program ends before.
    pub fn wait_for(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen[self.known..].find(text) {
                self.known += at + text.len();
                return;
            }
            assert!(self.read(), "there is no {text:?} in {:?}", self.seen);
        }
    }

    /// Reads until the program has ended. Returns the exit code, and all that was seen.
    pub fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.child.wait().unwrap().code(), self.seen)
    }

    /// Closes the terminal, as a connection that breaks does. Returns the program's exit code when it has ended.
    pub fn close(self) -> Option<i32> {
        let Self { mut child, person, .. } = self;
        drop(person);
        child.wait().unwrap().code()
    }

    fn read(&mut self) -> bool {
        // If the program waits for something else, the test fails instead of hanging.
        let minute = Timespec { tv_sec: 60, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.person, PollFlags::IN)], Some(&minute)).unwrap();
        assert_eq!(ready, 1, "nothing more comes after {:?}", self.seen);
        let mut bytes = [0; 4096];
        // When nobody has the other side any more, reading fails.
        let count = self.person.read(&mut bytes).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }
}
