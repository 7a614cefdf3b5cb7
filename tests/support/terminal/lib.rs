//! Terminals on which tests run programs, and programs whose signals do what they do by default.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test ends at the first surprise"
)]

use std::{
    fs::File,
    io::{Read, Write},
    process::{Command, Stdio},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// How many columns and rows a terminal has at first.
pub const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// The side of a terminal at which a person looks and types.
#[derive(Debug)]
pub struct TerminalScreen {
    person: File,
    name: String,
    /// All that was seen.
    seen: String,
    /// How much of it was waited for.
    known: usize,
}

/// The side of a terminal on which programs run.
#[derive(Debug)]
pub struct TerminalSide(File);

impl TerminalScreen {
    /// Opens a terminal. Programs that are started get the other side alone: the terminal goes away with the screen.
    #[must_use]
    pub fn open() -> (Self, TerminalSide) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let person = openpt(flags).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let side = File::options().read(true).write(true).open(&name).unwrap();
        let screen = Self { person: File::from(person), name, seen: String::new(), known: 0 };
        screen.resize(ROWS, COLUMNS);
        (screen, TerminalSide(side))
    }

    /// Returns the path of the side on which programs run.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the size.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.person, size).unwrap();
    }

    /// Types a text.
    pub fn type_in(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until this text appears, after the text that was waited for before. Returns what came in between,
    /// with the text.
    ///
    /// # Panics
    /// If the programs end before.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen[self.known..].find(text) {
                let end = self.known + at + text.len();
                let found = self.seen[self.known..end].to_owned();
                self.known = end;
                return found;
            }
            assert!(self.read(), "there is no {text:?} in {:?}", &self.seen[self.known..]);
        }
    }

    /// Reads until no program has the other side any more.
    pub fn read_to_end(&mut self) {
        while self.read() {}
    }

    /// Returns all that was seen.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// Returns what was seen after the text that was waited for last.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.seen[self.known..]
    }

    fn read(&mut self) -> bool {
        // If the program waits for something else, the test fails instead of hanging.
        let minute = Timespec { tv_sec: 60, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.person, PollFlags::IN)], Some(&minute)).unwrap();
        assert_eq!(ready, 1, "nothing more comes after {:?}", self.rest());
        let mut bytes = [0; 4096];
        // When nobody has the other side any more, reading fails.
        let count = self.person.read(&mut bytes).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }
}

impl TerminalSide {
    /// Makes all standard streams of a program the terminal.
    pub fn attach(&self, command: &mut Command) {
        let side = || Stdio::from(self.0.try_clone().unwrap());
        command.stdin(side()).stdout(side()).stderr(side());
    }

    /// Returns the file, to look at the modes of the terminal and to write as a program.
    #[must_use]
    pub fn file(&mut self) -> &mut File {
        &mut self.0
    }
}

/// Returns a command that becomes this one, in which each signal does what it does by default. A program inherits which
/// signals are ignored, such as Ctrl-C by all that a shell has started in the background.
///
/// It has the arguments, the folder and the variables of `command`, and no others.
#[must_use]
pub fn with_default_signals(command: &Command) -> Command {
    let mut with = Command::new("env");
    with.arg("--default-signal").arg(command.get_program()).args(command.get_args()).env_clear();
    with.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        with.current_dir(folder);
    }
    with
}
