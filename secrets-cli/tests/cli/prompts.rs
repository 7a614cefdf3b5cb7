//! Prompts, on a terminal of the test's own.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Stdio},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::bench::Bench;

/// The command on a terminal.
struct Session {
    child: Child,
    /// The person's side.
    person: File,
    /// The program's side, kept open so that its modes can be looked at.
    terminal: File,
    seen: String,
}

impl Session {
    fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let person: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let side = || Stdio::from(terminal.try_clone().unwrap());
        let mut command = bench.command(arguments);
        command.stdin(side()).stdout(side()).stderr(side());
        let child = command.spawn().unwrap();
        Self { child, person: File::from(person), terminal, seen: String::new() }
    }

    /// Reads until this is there.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            self.read(text);
        }
        let end = self.seen.find(text).unwrap() + text.len();
        self.seen.drain(..end);
    }

    fn read(&mut self, wanted: &str) {
        // Nobody waits for a program that waits for something else.
        let minute = Timespec { tv_sec: 60, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.person, PollFlags::IN)], Some(&minute)).unwrap();
        assert_eq!(ready, 1, "there is no {wanted:?} in {:?}", self.seen);
        let mut bytes = [0; 4096];
        let count = self.person.read(&mut bytes).unwrap();
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }

    fn type_in(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end; gives the exit code and what was said after the last `wait_for`.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        let all = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        assert!(modes.contains(all), "the terminal is not as it was: {modes:?}");
        // Something of our own marks the end of what the program said.
        self.terminal.write_all(b"[the end]").unwrap();
        while !self.seen.contains("[the end]") {
            self.read("[the end]");
        }
        (status.code(), self.seen)
    }
}

#[test]
fn values_are_asked_for_and_not_shown() {
    let bench = Bench::new();
    let mut session = Session::start(&bench, &["register", "db", "--schema", "basic_auth"]);
    session.wait_for("username: ");
    session.type_in("apq\x7fp\n");
    session.wait_for("password: ");
    session.type_in("\n");
    session.wait_for("a value is needed");
    session.wait_for("password: ");
    session.type_in("***\n");
    session.wait_for("password: ");
    session.type_in("wrong\x15SeNtInEl é\n");
    session.wait_for("registered `db`");
    let (code, said) = session.end();
    assert_eq!(code, Some(0));
    assert!(!said.contains("SeNtInEl"), "{said}");
    assert_eq!(bench.ok(["get", "db", "--reveal"]), "username=app\npassword='SeNtInEl é'\n");
}

#[test]
fn without_values_a_person_is_asked_for_fields() {
    let bench = Bench::new();
    let mut session = Session::start(&bench, &["register", "db"]);
    for (key, value) in [("user", "app"), ("a key", "SeNtInEl")] {
        session.wait_for("name of a field (Enter when done): ");
        session.type_in(&format!("{key}\n"));
        session.wait_for(&format!("value of {key}: "));
        session.type_in(&format!("{value}\n"));
    }
    session.wait_for("done): ");
    session.type_in("\n");
    session.wait_for("registered `db`");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(bench.ok(["get", "db", "a key", "--reveal"]), "SeNtInEl");
}

#[test]
fn a_plain_value_longer_than_a_line_of_a_terminal_is_asked_for() {
    let bench = Bench::new();
    let long = "SeNtInEl".repeat(1_000);
    let mut session = Session::start(&bench, &["register", "token", "--plain"]);
    session.wait_for("value of token: ");
    session.type_in(&long);
    session.type_in("\n");
    session.wait_for("registered `token`");
    assert_eq!(session.end().0, Some(0));
    assert!(bench.ok(["get", "token", "token", "--reveal"]) == long, "it is another one");
}

#[test]
fn ctrl_c_at_a_prompt_writes_nothing_and_gives_the_terminal_back() {
    for stop in ["\x03", "\x04"] {
        let bench = Bench::new();
        let mut session =
            Session::start(&bench, &["register", "db", "-i", "--schema", "basic_auth"]);
        session.wait_for("username: ");
        session.type_in("app\n");
        session.wait_for("password: ");
        session.type_in(stop);
        session.wait_for("nothing was changed");
        let (code, said) = session.end();
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(bench.ok(["list"]), "");
    }
}

#[test]
fn a_signal_at_a_prompt_is_ctrl_c() {
    let bench = Bench::new();
    let mut session = Session::start(&bench, &["register", "db", "--plain"]);
    session.wait_for("value of db: ");
    let id = rustix::process::Pid::from_child(&session.child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    session.wait_for("nothing was changed");
    assert_eq!(session.end().0, Some(130));
}

#[test]
fn update_leaves_what_is_answered_with_nothing() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--user=app", "--password=old"]);
    let mut session = Session::start(&bench, &["update", "db"]);
    session.wait_for("new value of user");
    session.type_in("\n");
    session.wait_for("new value of password");
    session.type_in("SeNtInEl\n");
    session.wait_for("updated `db`");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(bench.ok(["get", "db", "--reveal"]), "user=app\npassword=SeNtInEl\n");
}

#[test]
fn delete_asks_and_only_yes_is_yes() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--a=SeNtInEl"]);
    for (answer, said) in
        [("\n", "nothing was changed"), ("no\n", "nothing was changed"), ("y\n", "deleted `db`")]
    {
        assert_eq!(bench.ok(["list"]), "db\n");
        let mut session = Session::start(&bench, &["delete", "db"]);
        session.wait_for("[y/N] ");
        session.type_in(answer);
        session.wait_for(said);
        assert_eq!(session.end().0, Some(0));
    }
    assert_eq!(bench.ok(["list"]), "");
    for name in ["a", "b"] {
        bench.ok(["register", name, "--x=SeNtInEl"]);
    }
    // Several are asked about once.
    let mut session = Session::start(&bench, &["delete", "a", "b"]);
    session.wait_for("delete `a`, `b` from local, with their previous versions? [y/N] ");
    session.type_in("y\n");
    session.wait_for("deleted `b`");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(bench.ok(["list"]), "");
}

#[test]
fn the_program_of_run_has_the_terminal() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--DB=SeNtInEl"]);
    let mut session =
        Session::start(&bench, &["run", "db", "--", "sh", "-c", "test -t 0 && echo a terminal"]);
    session.wait_for("a terminal");
    assert_eq!(session.end().0, Some(0));
}

#[test]
fn what_a_configuration_lacks_is_asked_for_and_kept() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--user=app"]);
    bench.write("secrets.toml", "[sources.api]\nid = 'team/api'\n");
    bench.write("stack.toml", "a = '{{db.user}} {{db.password}}'\nb = ['{{api.token}}']\n");
    let arguments = ["check", "--config", "stack.toml", "--register-missing"];
    let mut session = Session::start(&bench, &arguments);
    session.wait_for("api.token: ");
    session.type_in("SeNtInEl-1\n");
    session.wait_for("db.password: ");
    session.type_in("SeNtInEl-2\n");
    session.wait_for("ok  db/password");
    let (code, said) = session.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("SeNtInEl"), "{said}");
    assert_eq!(bench.ok(["get", "team/api", "token", "--reveal"]), "SeNtInEl-1");
    assert_eq!(bench.ok(["get", "db", "user", "--reveal"]), "app");
}
