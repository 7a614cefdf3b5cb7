//! A terminal on which a program runs, as the leader of its session.

use std::{
    fs::File,
    io::{Read, Write},
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::support::Sandbox;

pub struct Terminal {
    child: Child,
    /// The side of the person who types.
    person: File,
    seen: String,
    name: String,
}

impl Terminal {
    /// Starts a program. `change` changes its standard streams, all of which are the terminal before.
    pub fn start(sandbox: &Sandbox, program: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let person: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let side = || Stdio::from(terminal.try_clone().unwrap());
        // The command's own monitor makes a session of it.
        // The terminal belongs to the program before it begins, as with a shell: who changes its modes in the background
        // stops until then.
        let in_foreground = ["text", "sh", "-c", "stty echo </dev/tty; exec \"$@\"", "sh"];
        let mut command = sandbox.command(in_foreground.iter().chain(program));
        command.arg0("secrets-terminal").stdin(side()).stdout(side()).stderr(side());
        command.env("TERM", "dumb");
        change(&mut command);
        let terminal = Self {
            child: command.spawn().unwrap(),
            person: File::from(person),
            seen: String::new(),
            name: name.into_string().unwrap(),
        };
        terminal.resize(24, 80);
        terminal
    }

    /// Returns the path of the side on which the program runs.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.person, size).unwrap();
    }

    pub fn type_in(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until this text appears. Returns what came before it.
    pub fn wait_for(&mut self, text: &str) -> String {
        while !self.seen.contains(text) {
            assert!(self.read(), "there is no {text:?} in {:?}", self.seen);
        }
        let rest = self.seen.split_off(self.seen.find(text).unwrap() + text.len());
        std::mem::replace(&mut self.seen, rest)
    }

    /// Reads until the program has ended. Returns the exit code, and the rest of the output.
    pub fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.child.wait().unwrap().code(), self.seen)
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
