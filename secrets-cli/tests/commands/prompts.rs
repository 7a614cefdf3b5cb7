//! Prompts, on a pseudo-terminal.

use std::{
    io::Write,
    process::{Child, Command},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    termios::{LocalModes, tcgetattr},
};
use secrets_tests_terminal::{TerminalScreen, TerminalSide, with_default_signals};

use crate::support::Sandbox;

/// A run of the command on a terminal.
struct Session {
    child: Child,
    screen: TerminalScreen,
    /// The side of the program, kept open so that its modes can be read.
    side: TerminalSide,
}

impl Session {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::of(&sandbox.command(arguments))
    }

    fn of(command: &Command) -> Self {
        let (screen, side) = TerminalScreen::open();
        let mut command = with_default_signals(command);
        side.attach(&mut command);
        Self { child: command.spawn().unwrap(), screen, side }
    }

    /// Reads until this text appears.
    fn wait_for(&mut self, text: &str) {
        self.screen.wait_for(text);
    }

    fn type_in(&mut self, text: &str) {
        self.screen.type_in(text);
    }

    /// Waits for the end. Returns the exit code, and the output after the last `wait_for`.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let modes = tcgetattr(self.side.file()).unwrap().local_modes;
        let all = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        assert!(modes.contains(all), "the terminal is not as it was: {modes:?}");
        // This text marks the end of the program's output.
        self.side.file().write_all(b"[the end]").unwrap();
        (status.code(), self.screen.wait_for("[the end]"))
    }
}

#[test]
fn values_are_asked_for_and_not_shown() {
    let sandbox = Sandbox::new();
    let mut session = Session::start(&sandbox, &["register", "db", "--schema", "basic_auth"]);
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
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "username=app\npassword='SeNtInEl é'\n");
}

#[test]
fn an_answer_that_keeps_the_value_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl-1"]);
    sandbox.ok(["update", "db", "--a=SeNtInEl-2"]);
    let mut session = Session::start(&sandbox, &["update", "db"]);
    session.wait_for("new value of a (Enter keeps the current one): ");
    session.type_in("\n");
    session.wait_for("nothing was changed: `db` in local");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(sandbox.ok(["get", "db", "--previous", "--reveal"]), "a=SeNtInEl-1\n");
}

#[test]
fn without_values_a_person_is_asked_for_fields() {
    let sandbox = Sandbox::new();
    let mut session = Session::start(&sandbox, &["register", "db"]);
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
    assert_eq!(sandbox.ok(["get", "db", "a key", "--reveal"]), "SeNtInEl");
}

#[test]
fn a_plain_value_longer_than_a_line_of_a_terminal_is_asked_for() {
    let sandbox = Sandbox::new();
    let long = "SeNtInEl".repeat(1_000);
    let mut session = Session::start(&sandbox, &["register", "token", "--plain"]);
    session.wait_for("value of token: ");
    session.type_in(&long);
    session.type_in("\n");
    session.wait_for("registered `token`");
    assert_eq!(session.end().0, Some(0));
    assert!(sandbox.ok(["get", "token", "token", "--reveal"]) == long, "it is another one");
}

#[test]
fn ctrl_c_at_a_prompt_writes_nothing_and_restores_the_terminal() {
    for stop in ["\x03", "\x04"] {
        let sandbox = Sandbox::new();
        let mut session =
            Session::start(&sandbox, &["register", "db", "-i", "--schema", "basic_auth"]);
        session.wait_for("username: ");
        session.type_in("app\n");
        session.wait_for("password: ");
        session.type_in(stop);
        session.wait_for("nothing was changed");
        let (code, said) = session.end();
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(sandbox.ok(["list"]), "");
    }
}

#[test]
fn a_signal_at_a_prompt_acts_like_ctrl_c() {
    let sandbox = Sandbox::new();
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
        let mut session = Session::start(&sandbox, &["register", "db", "--plain"]);
        session.wait_for("value of db: ");
        kill_process(Pid::from_child(&session.child), signal).unwrap();
        session.wait_for("nothing was changed");
        assert_eq!(session.end().0, Some(130), "{signal:?}");
    }
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_does_not_end_a_prompt() {
    let sandbox = Sandbox::new();
    let arguments = ["register", "db", "--plain"];
    let command = sandbox.command_with_signals("--ignore-signal=HUP", &arguments);
    let mut session = Session::of(&command);
    session.wait_for("value of db: ");
    kill_process(Pid::from_child(&session.child), Signal::HUP).unwrap();
    session.type_in("SeNtInEl\n");
    session.wait_for("registered `db`");
    assert_eq!(session.end().0, Some(0));
}

#[test]
fn an_empty_answer_keeps_the_current_value() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--password=old"]);
    let mut session = Session::start(&sandbox, &["update", "db"]);
    session.wait_for("new value of user");
    session.type_in("\n");
    session.wait_for("new value of password");
    session.type_in("SeNtInEl\n");
    session.wait_for("updated `db`");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "user=app\npassword=SeNtInEl\n");
}

#[test]
fn what_changes_while_an_update_asks_is_kept_and_what_it_would_replace_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "rot", "--a=1", "--b=1"]);
    let answer = |meanwhile: &[&str], a: &str, b: &str| {
        let mut session = Session::start(&sandbox, &["update", "rot"]);
        session.wait_for("new value of a");
        // No lock is held.
        sandbox.ok(["update", "rot"].iter().chain(meanwhile));
        session.type_in(&format!("{a}\n"));
        session.wait_for("new value of b");
        session.type_in(&format!("{b}\n"));
        let (code, said) = session.end();
        (code, said, sandbox.ok(["get", "rot", "--reveal"]))
    };
    let (code, _, now) = answer(&["--b=ROTATED", "--c=new"], "2", "");
    assert_eq!((code, now.as_str()), (Some(0), "a=2\nb=ROTATED\nc=new\n"));
    sandbox.ok(["update", "rot", "--remove", "c"]);
    for meanwhile in [&["--a=ROTATED"][..], &["--remove", "a"]] {
        let (code, said, now) = answer(meanwhile, "3", "4");
        assert_eq!(code, Some(5), "{said}");
        assert!(said.contains("the field `a` was changed by another program"), "{said}");
        assert!(!now.contains('3') && !now.contains('4'), "{now}");
        sandbox.ok(["update", "rot", "--remove", "b", "--a=1"]);
        sandbox.ok(["update", "rot", "--b=ROTATED"]);
    }
}

#[test]
fn a_plain_value_that_changes_while_an_update_asks_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "token", "--plain=1"]);
    for (meanwhile, code, now) in
        [(None, Some(0), "SeNtInEl"), (Some("--plain=ROTATED"), Some(5), "ROTATED")]
    {
        let mut session = Session::start(&sandbox, &["update", "token"]);
        session.wait_for("new value of token");
        if let Some(change) = meanwhile {
            sandbox.ok(["update", "token", change]);
        }
        session.type_in("SeNtInEl\n");
        assert_eq!(session.end().0, code);
        assert_eq!(sandbox.ok(["get", "token", "token", "--reveal"]), now);
    }
}

#[test]
fn a_secret_that_appears_disappears_or_changes_while_a_command_asks_is_left_alone() {
    let sandbox = Sandbox::new();
    let mut session = Session::start(&sandbox, &["register", "db", "--plain"]);
    session.wait_for("value of db: ");
    sandbox.ok(["register", "db", "--a=1"]);
    session.type_in("SeNtInEl\n");
    session.wait_for("already exists");
    assert_eq!(session.end().0, Some(5));

    let mut session = Session::start(&sandbox, &["delete", "db"]);
    session.wait_for("[y/N] ");
    sandbox.ok(["update", "db", "--a=2"]);
    session.type_in("y\n");
    session.wait_for("was changed by another program");
    assert_eq!(session.end().0, Some(5));
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "a=2\n");

    let mut session = Session::start(&sandbox, &["update", "db"]);
    session.wait_for("new value of a");
    sandbox.ok(["delete", "db", "--yes"]);
    session.type_in("SeNtInEl\n");
    assert_eq!(session.end().0, Some(3));
    assert_eq!(sandbox.ok(["list"]), "");
}

#[test]
fn a_missing_value_that_is_stored_while_it_is_asked_for_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app"]);
    sandbox.write("stack.toml", "a = '{{db.password}}'\n");
    let arguments = ["check", "--config", "stack.toml", "--register-missing"];
    for (meanwhile, code, expected) in [
        ("--port=1", 0, "user=app\nport=1\npassword=SeNtInEl\n"),
        ("--password=theirs", 5, "user=app\nport=1\npassword=theirs\n"),
    ] {
        let mut session = Session::start(&sandbox, &arguments);
        session.wait_for("db.password: ");
        sandbox.ok(["update", "db", meanwhile]);
        session.type_in("SeNtInEl\n");
        let (ended, said) = session.end();
        assert_eq!(ended, Some(code), "{said}");
        assert_eq!(sandbox.ok(["get", "db", "--reveal"]), expected);
        if code == 0 {
            sandbox.ok(["update", "db", "--remove", "password"]);
        }
    }
}

#[test]
fn only_yes_confirms_a_deletion() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    for (answer, said) in
        [("\n", "nothing was deleted"), ("n\n", "nothing was deleted"), ("y\n", "deleted `db`")]
    {
        assert_eq!(sandbox.ok(["list"]), "db\n");
        let mut session = Session::start(&sandbox, &["delete", "db"]);
        session.wait_for("[y/N] ");
        session.type_in(answer);
        session.wait_for(said);
        assert_eq!(session.end().0, Some(0));
    }
    assert_eq!(sandbox.ok(["list"]), "");
    for name in ["a", "b"] {
        sandbox.ok(["register", name, "--x=SeNtInEl"]);
    }
    // Several secrets need one confirmation.
    let mut session = Session::start(&sandbox, &["delete", "a", "b"]);
    session.wait_for("delete `a`, `b` from local, with their previous versions? [y/N] ");
    session.type_in("y\n");
    session.wait_for("deleted `b`");
    assert_eq!(session.end().0, Some(0));
    assert_eq!(sandbox.ok(["list"]), "");
}

#[test]
fn the_program_of_run_has_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--DB=SeNtInEl"]);
    let mut session =
        Session::start(&sandbox, &["run", "db", "--", "sh", "-c", "test -t 0 && echo a terminal"]);
    session.wait_for("a terminal");
    assert_eq!(session.end().0, Some(0));
}

#[test]
fn the_missing_values_of_a_configuration_are_asked_for_and_stored() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app"]);
    sandbox.write("secrets.toml", "[sources.api]\nid = 'team/api'\n");
    sandbox.write("stack.toml", "a = '{{db.user}} {{db.password}}'\nb = ['{{api.token}}']\n");
    let arguments = ["check", "--config", "stack.toml", "--register-missing"];
    let mut session = Session::start(&sandbox, &arguments);
    session.wait_for("api.token: ");
    session.type_in("SeNtInEl-1\n");
    session.wait_for("db.password: ");
    session.type_in("SeNtInEl-2\n");
    session.wait_for("ok  db/password");
    let (code, said) = session.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("SeNtInEl"), "{said}");
    assert_eq!(sandbox.ok(["get", "team/api", "token", "--reveal"]), "SeNtInEl-1");
    assert_eq!(sandbox.ok(["get", "db", "user", "--reveal"]), "app");
}

#[test]
fn a_value_at_a_terminal_ends_its_line() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--lines=a\nb"]);
    sandbox.ok(["register", "token", "--plain=SeNtInEl"]);
    sandbox.write("ended", "SeNtInEl\n");
    sandbox.ok(["register", "ended", "--plain=@ended"]);
    for (name, key, shown) in [
        ("db", "user", "app\r\n"),
        ("db", "lines", "a\r\nb\r\n"),
        ("token", "token", "SeNtInEl\r\n"),
        ("ended", "ended", "SeNtInEl\r\n"),
    ] {
        let session = Session::start(&sandbox, &["get", name, key, "--reveal"]);
        let (code, seen) = session.end();
        assert_eq!((code, seen), (Some(0), format!("{shown}[the end]")));
    }
    // A pipe gets the bytes alone, whatever standard error is.
    assert_eq!(sandbox.ok(["get", "db", "user", "--reveal"]), "app");
    let script = "exec \"$0\" run token -- sh -c '\"$0\" get db user --reveal | wc -c' \"$0\"";
    let secrets = env!("CARGO_BIN_EXE_secrets");
    let arguments = ["run", "db", "--", "sh", "-c", script, secrets];
    let mut session = Session::start(&sandbox, &arguments);
    session.wait_for("3\r\n");
    assert_eq!(session.end().0, Some(0));
}

#[test]
fn a_value_that_was_typed_on_the_command_line_is_noted() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "SeNtInEl");
    for (arguments, noted) in [
        (&["register", "a", "--password=SeNtInEl"][..], true),
        (&["register", "b", "--plain=SeNtInEl"], true),
        (&["update", "a", "--password=@@SeNtInEl"], true),
        (&["register", "c", "--password=@file"], false),
        (&["register", "d", "--plain=@file"], false),
        (&["register", "e", "--from-json=in.json"], false),
        (&["register", "f", "--password="], false),
    ] {
        sandbox.write("in.json", r#"{"a": "SeNtInEl"}"#);
        let (code, said) = Session::start(&sandbox, arguments).end();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said.contains("can see a command line"), noted, "{arguments:?}: {said}");
        assert!(!said.contains("SeNtInEl"), "{said}");
    }
    // A script is not told.
    assert_eq!(sandbox.run(["register", "g", "--a=SeNtInEl"]).stderr.lines().count(), 1);
}
