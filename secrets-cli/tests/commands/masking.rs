//! `run --mask` and `mask`, on pipes and on terminals.

use std::{
    fs::File,
    io::Read,
    process::{Command, Stdio},
};

use secrets_tests_terminal::with_default_signals;

use crate::support::{CliOutput, Sandbox, terminal::Terminal};

const SECRETS: &str = env!("CARGO_BIN_EXE_secrets");

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--password=SeNtInEl-1"]);
    sandbox
}

/// The arguments of `run --mask` with a script.
fn masked(script: &str) -> [&str; 7] {
    ["run", "--mask", "db", "--", "sh", "-c", script]
}

fn on_terminal(sandbox: &Sandbox, script: &str) -> Terminal {
    on_changed_terminal(sandbox, script, |_| {})
}

fn on_changed_terminal(
    sandbox: &Sandbox,
    script: &str,
    change: impl FnOnce(&mut Command),
) -> Terminal {
    Terminal::start(sandbox, &[&[SECRETS], &masked(script)[..]].concat(), change)
}

fn run(script: &str) -> CliOutput {
    sandbox().run(masked(script))
}

#[test]
fn the_output_and_the_errors_of_a_program_are_masked() {
    let script = "echo $password; printf $password | base64; echo err $password >&2; exit 7";
    let output = run(script);
    assert_eq!((output.code, output.stderr.as_str()), (Some(7), "err ***\n"));
    assert_eq!(output.text(), "***\n***\n");
    let output = run("printf 'a\\377b'; printf SeNt");
    assert_eq!(output.stdout, b"a\xffbSeNt", "no byte is lost");
    let output = run("printf 'a SeNtInEl'; kill -9 $$");
    assert_eq!((output.code, output.text()), (Some(137), "a ***".into()));
}

#[test]
fn templates_of_variables_are_masked_encoded_as_a_whole() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--password=SeNt/InEl@1"]);
    sandbox.write("vars.env", "V=postgres://{{db.user}}:{{db.password|url}}@h/d\n");
    let script = "printf %s \"$U$V\" | base64 -w0";
    let url = "U=postgres://{{db.user}}:{{db.password|url}}@h/d";
    for source in [["--env", url], ["--env-file", "vars.env"]] {
        let arguments = [&["run", "--mask"], &source[..], &["--", "sh", "-c", script]].concat();
        let output = sandbox.run(arguments);
        assert_eq!((output.code, output.text().as_str()), (Some(0), "***"), "{output:?}");
    }
}

#[test]
fn what_goes_to_one_place_stays_in_its_order() {
    let sandbox = sandbox();
    let script = "for i in 1 2 3; do echo out $i; echo err $i $password >&2; done";
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = sandbox.command(masked(script));
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(text, "out 1\nerr 1 ***\nout 2\nerr 2 ***\nout 3\nerr 3 ***\n");
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let sandbox = sandbox();
    for (script, code) in
        [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
    {
        let mut command = with_default_signals(&sandbox.command(masked(script)));
        assert_eq!(command.output().unwrap().status.code(), Some(code), "{script}");
        assert_eq!(on_terminal(&sandbox, script).end().0, Some(code), "{script}");
    }
    let missing = ["run", "--mask", "db", "--", "no-such-program"];
    let output = sandbox.run(missing);
    assert_eq!(output.code, Some(127));
    assert_eq!(output.stderr, "error: no-such-program: there is no such program\n");
    let (code, text) =
        Terminal::start(&sandbox, &[&[SECRETS], &missing[..]].concat(), |_| {}).end();
    assert!(
        code == Some(127) && text.contains("no-such-program: there is no such program"),
        "{text}"
    );
    let folder = ["run", "--mask", "db", "--", "/"];
    assert_eq!(sandbox.run(folder).code, Some(126));
}

#[test]
fn it_ends_with_its_child_and_not_with_a_grandchild() {
    // The grandchild has the pipes until the test ends it.
    let output = run("sleep 600 & echo $!; echo $password");
    let text = output.text();
    let (pid, rest) = text.split_once('\n').unwrap();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    assert_eq!((output.code, rest), (Some(0), "***\n"));
}

#[test]
fn a_closed_output_ends_for_its_reader_and_for_the_program() {
    let sandbox = sandbox();
    // The program closes its output, and runs until its input ends.
    let mut command = sandbox.command(masked("echo $password; exec >&-; read x; exit 5"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "***\n");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    // Nobody reads what the program writes without an end.
    let mut command = sandbox.command(["run", "--mask", "db", "--", "yes"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn on_a_terminal_the_program_has_a_terminal_of_the_same_size() {
    let sandbox = sandbox();
    let script = "read x; test -t 0 && test -t 1 && test -t 2 && stty size; echo $password; \
                  trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.01; done";
    let mut terminal = on_terminal(&sandbox, script);
    terminal.type_in("go\r");
    terminal.wait_for("24 80\r\n");
    assert_eq!(terminal.wait_for("ready\r\n"), "***\r\nready\r\n");
    terminal.resize(44, 99);
    assert_eq!(terminal.end(), (Some(3), "44 99\r\n".to_owned()));
}

#[test]
fn a_prompt_is_seen_before_its_line_ends_and_an_echo_is_masked() {
    let sandbox = sandbox();
    let mut terminal = on_terminal(&sandbox, "printf 'name S'; read x; echo \"<$x>\"");
    terminal.wait_for("name S");
    terminal.type_in("SeNtInEl-1\r");
    let (code, text) = terminal.end();
    assert_eq!((code, text.as_str()), (Some(0), "***\r\n<***>\r\n"));
}

#[test]
fn ctrl_c_reaches_the_program() {
    let sandbox = sandbox();
    // A shell that has not begun to `read` would miss the signal.
    let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.01; done";
    let mut terminal = on_terminal(&sandbox, script);
    terminal.wait_for("ready\r\n");
    terminal.type_in("\x03");
    let (code, text) = terminal.end();
    assert!(code == Some(9) && text.contains("caught"), "{text}");
    // Where standard input is a pipe, the terminal itself sends the signal.
    let (reader, writer) = std::io::pipe().unwrap();
    // A process that a shell starts at this very moment would miss the signal.
    let script = "echo ready; exec cat";
    let mut terminal = on_changed_terminal(&sandbox, script, |command| {
        command.stdin(reader);
    });
    assert_eq!(terminal.wait_for("ready\r\n"), "ready\r\n", "the line end is not doubled");
    terminal.type_in("\x03");
    assert_eq!(terminal.end().0, Some(130));
    drop(writer);
}

#[test]
fn only_what_is_a_terminal_becomes_one() {
    let sandbox = sandbox();
    let path = sandbox.path().join("errors");
    let script = "test -t 1 && ! test -t 2 && echo out $password; echo err $password >&2";
    let terminal = on_changed_terminal(&sandbox, script, |command| {
        command.stderr(File::create(&path).unwrap());
    });
    assert_eq!(terminal.end(), (Some(0), "out ***\r\n".to_owned()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "err ***\n");
}

/// What it wrote there would pass the mask.
#[cfg(target_os = "linux")]
#[test]
fn the_program_has_no_descriptor_of_the_terminal_outside() {
    let sandbox = sandbox();
    let script = "for fd in /proc/$$/fd/*; do echo $(readlink $fd).; done; echo the end";
    let mut terminal = on_terminal(&sandbox, script);
    let text = terminal.wait_for("the end");
    let outside = format!("{}.", terminal.name());
    assert!(text.contains("/dev/pts/") && !text.contains(&outside), "{outside} in {text}");
    terminal.end();
}

/// Runs a program that stops, where there is no shell that could continue it.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_nobody_could_continue_does_not_stop() {
    let sandbox = sandbox();
    let script = "kill -STOP $$; echo it goes on; exit 3";
    let command = format!("{SECRETS} run --mask db -- sh -c '{script}'");
    let in_a_script = format!("{command}; exit $?");
    let cases: [&[&str]; 2] = [
        &[&["setsid", "-w", SECRETS], &masked(script)[..]].concat(),
        &["setsid", "-w", "sh", "-c", &in_a_script],
    ];
    for program in cases {
        let (code, text) = Terminal::start(&sandbox, program, |_| {}).end();
        assert!(code == Some(3) && text.contains("it goes on"), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_parent_that_ignores_what_its_children_do_changes_nothing() {
    let sandbox = sandbox();
    let script = format!(
        "exec env --ignore-signal=CHLD {SECRETS} run --mask db -- sh -c 'echo out; exit 3'"
    );
    let mut terminal = Terminal::start(&sandbox, &["sh", "-c", &script], |_| {});
    terminal.wait_for("out\r\n");
    assert_eq!(terminal.end().0, Some(3));
    let on_a_file = format!("{script} > out 2>&1");
    assert_eq!(Terminal::start(&sandbox, &["sh", "-c", &on_a_file], |_| {}).end().0, Some(3));
    assert_eq!(std::fs::read_to_string(sandbox.path().join("out")).unwrap(), "out\n");
}

/// The environment of the monitor has every secret.
#[cfg(target_os = "linux")]
#[test]
fn the_monitor_writes_no_core_file_and_the_program_has_the_limit_of_the_caller() {
    let sandbox = sandbox();
    // The monitor takes its own limit back after the program has started.
    let script =
        "ulimit -S -c; until grep \"core file size  *0 \" /proc/$PPID/limits; do sleep 0.01; done";
    let script = format!(
        "ulimit -S -c $(ulimit -H -c); ulimit -S -c; exec {SECRETS} run --mask db -- sh -c '{script}'"
    );
    let mut terminal = Terminal::start(&sandbox, &["sh", "-c", &script], |_| {});
    let caller = terminal.wait_for("\r\n");
    let program = terminal.wait_for("\r\n");
    assert_eq!(program, caller);
    let (code, limits) = terminal.end();
    assert_eq!(code, Some(0));
    assert_eq!(limits.split_whitespace().nth(4), Some("0"), "{limits}");
}

#[test]
fn ctrl_z_stops_the_job_and_fg_continues_it() {
    // Not every machine has bash.
    if Command::new("bash").arg("-c").arg("true").output().is_err() {
        return;
    }
    let sandbox = sandbox();
    const PROMPT: &str = "the prompt: ";
    let bash = ["bash", "--norc", "--noediting", "-i"];
    let mut terminal = Terminal::start(&sandbox, &bash, |command| {
        command.env("PS1", PROMPT);
    });
    // Only one process: a shell that starts another one at the very moment does not stop.
    let script = "echo rea''dy; while read x; do echo \\$x; done; echo the en''d";
    terminal.wait_for(PROMPT);
    terminal.type_in(&format!("{SECRETS} run --mask db -- sh -c \"{script}\"\r"));
    terminal.wait_for("ready\r\n");
    terminal.type_in("\x1a");
    terminal.wait_for("Stopped");
    terminal.wait_for(PROMPT);
    terminal.type_in("echo 'the shell' is here; fg\r");
    terminal.wait_for("the shell is here");
    terminal.type_in("SeNtInEl-1\r");
    terminal.wait_for("***\r\n***\r\n");
    terminal.type_in("\x04");
    terminal.wait_for("the end\r\n");
    // What is typed before the shell has the terminal again is still for the program.
    terminal.wait_for(PROMPT);
    terminal.type_in("stty -a; echo the mo''des; exit 4\r");
    assert!(terminal.wait_for("the modes").contains(" icanon"), "the terminal is as it was");
    assert_eq!(terminal.end().0, Some(4));
}

#[test]
fn signals_are_passed_on() {
    let sandbox = sandbox();
    let script = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let mut command = with_default_signals(&sandbox.command(masked(script)));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 6]).unwrap();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!((child.wait().unwrap().code(), text.as_str()), (Some(9), "caught\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_output_passes_in_little_memory() {
    let sandbox = sandbox();
    // The program reads what its parent has used at most.
    let script = "head -c 100000000 /dev/zero; echo $password; grep VmHWM /proc/$PPID/status >&2";
    let mut command = sandbox.command(masked(script));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut count, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        match out.read(&mut buffer).unwrap() {
            0 => break,
            read => count += read,
        }
    }
    let output = CliOutput::new(child.wait_with_output().unwrap());
    assert_eq!(count, 100_000_000 + "***\n".len());
    let most = output.stderr.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok());
    assert!(most.is_some_and(|kilobytes| kilobytes < 64_000), "{output:?}");
}

#[test]
fn the_filter_masks_its_input() {
    let sandbox = sandbox();
    let output = sandbox.run_with_stdin(["mask", "db"], b"a SeNtInEl-1 b\xff\nSeNtI");
    assert_eq!((output.code, output.stdout.as_slice()), (Some(0), &b"a *** b\xff\nSeNtI"[..]));
    let output = sandbox.run_with_stdin(["mask", "--sources", "[\"db\"]"], b"SeNtInEl-1");
    assert_eq!(output.text(), "***");
    sandbox.run(["mask"]).assert_fails(2);
    sandbox.run(["mask", "missing"]).assert_fails(3);
    let mut command = sandbox.command(["mask"]);
    command.env("SECRETS_WITH", "secrets:sources=[\"db\"]").stdin(Stdio::null());
    assert!(command.status().unwrap().success());
}

#[test]
fn a_number_of_fewer_than_six_digits_is_not_masked() {
    let sandbox = Sandbox::new();
    sandbox.write("db.json", r#"{"port": 54321, "pin": "54322", "account": 543210}"#);
    sandbox.ok(["register", "db", "--from-json", "db.json"]);
    let output = sandbox.run(masked("echo $port $pin $account"));
    assert_eq!(output.text(), "54321 *** ***\n");
    assert_eq!(output.stderr.matches("db/port").count(), 1, "{}", output.stderr);
    let output = sandbox.run_with_stdin(["mask", "db"], b"54321 54322 543210");
    assert_eq!(output.text(), "54321 *** ***");
}

#[test]
fn a_secret_that_is_not_masked_is_named_once() {
    let sandbox = sandbox();
    sandbox.ok(["register", "web", "--user=admin", "--pin=123", "--password=SeNtInEl-2"]);
    let output =
        sandbox.run(["run", "--mask", "web", "--", "sh", "-c", "echo $user $pin $password"]);
    assert_eq!(output.text(), "admin 123 ***\n");
    for name in ["web/user", "web/pin"] {
        assert_eq!(output.stderr.matches(name).count(), 1, "{output:?}");
    }
    assert!(!output.stderr.contains("web/password"), "{output:?}");
}
