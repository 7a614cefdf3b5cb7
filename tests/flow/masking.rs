//! The output of a step is masked, whatever happens to the step.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox};

fn step(sandbox: &FlowSandbox, what: &str) -> FlowOutput {
    FlowOutput::of(sandbox.command("behaviour", &["step", "secret"]).env("DO_SECRET", what))
}

#[test]
fn both_outputs_and_those_of_children_are_masked() {
    let output = step(&FlowSandbox::new(), "");
    assert_eq!(output.stdout, "in one piece: ***\nin a child: ***\n");
    assert_eq!(output.stderr, "on the other output: ***\n***\n");
}

#[test]
fn the_last_words_of_a_step_are_masked_and_not_lost() {
    let sandbox = FlowSandbox::new();
    let panicked = step(&sandbox, "panic");
    assert_eq!(panicked.code, Some(101));
    assert!(panicked.stderr.contains("\nwith ***\n"), "{panicked:?}");
    let exited = step(&sandbox, "exit");
    assert_eq!(exited.code, Some(7));
    assert!(exited.stdout.ends_with("before the end ***\n"), "{exited:?}");
    // The standard library has not written `before the end`, which had no line break.
    let aborted = step(&sandbox, "abort");
    assert_eq!(aborted.code, None);
    assert!(aborted.stdout.ends_with("in a child: ***\n"), "{aborted:?}");
}

#[test]
fn lines_of_both_outputs_stay_in_order_in_one_file() {
    let sandbox = FlowSandbox::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command: Command = sandbox.command("behaviour", &["step", "secret"]);
    command.stdout(Stdio::from(writer.try_clone().unwrap())).stderr(Stdio::from(writer));
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(text, "in one piece: ***\non the other output: ***\nin a child: ***\n***\n");
}

#[test]
fn a_step_can_export_to_its_process() {
    let output = FlowSandbox::new().run("behaviour", &["step", "exporting"]);
    assert_eq!(output.ok(), "exported: ***\n");
}

#[test]
fn a_child_that_is_left_holds_nothing_up() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["step", "b"]);
    // It has the step's outputs, and lives on.
    command.env("DO_B", "shell (sleep 600 & echo $! > child) ; echo started");
    let output = FlowOutput::of(&mut command);
    assert!(output.stdout.starts_with("started\n"), "{output:?}");
    let pid = std::fs::read_to_string(sandbox.path().join("child")).unwrap();
    let killed = Command::new("kill").arg(pid.trim()).status().unwrap();
    assert!(killed.success(), "it has lived on");
}

#[test]
fn a_child_that_never_stops_to_write_holds_nothing_up() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["step", "b"]);
    command.env("DO_B", "shell yes & yes & yes & yes &");
    let output = FlowOutput::of(&mut command);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("the shell ended with"), "the step's own lines are there");
}

/// Returns a command that may not do what root alone may, such as to read the memory of any process.
fn unprivileged(command: &Command) -> Command {
    let mut with = Command::new(command.get_program());
    if rustix::process::geteuid().is_root() {
        with = Command::new("setpriv");
        with.arg("--bounding-set=-all").arg(command.get_program());
    }
    with.args(command.get_args()).env_clear().stdin(Stdio::null());
    with.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    with.current_dir(command.get_current_dir().unwrap());
    with
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_the_process_that_masks_cannot_be_read() {
    let sandbox = FlowSandbox::new();
    let mut command = unprivileged(&sandbox.command("behaviour", &["step", "b"]));
    // The line `ready` has passed through the process. The other child of the step is this shell.
    let script = "echo ready; read x < go
        for child in $(cat /proc/$PPID/task/*/children); do
            test $child = $$ || echo the process $(tr '\\0' ' ' < /proc/$child/cmdline)
            cat /proc/$child/environ > /dev/null 2>&1 && echo can be read: $child = $$
        done";
    command.env("DO_B", format!("shell {script}"));
    assert!(Command::new("mkfifo").arg(sandbox.path().join("go")).status().unwrap().success());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    output.read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    sandbox.write("go", "go\n");
    output.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(said.contains("\nthe process secrets-flow-mask\n"), "{said}");
    // The environment of the shell, which is not protected, can.
    let read: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("can be read: ")).collect();
    assert_eq!(read.len(), 1, "{said}");
    let (one, shell) = read[0].split_once(" = ").unwrap();
    assert_eq!(one, shell);
}

/// `run` cannot see which program that process runs.
#[cfg(target_os = "linux")]
#[test]
fn run_lets_the_last_words_of_a_step_that_is_killed_pass() {
    let sandbox = FlowSandbox::new();
    let mut command = unprivileged(&sandbox.command("behaviour", &["run", "--only", "b"]));
    // More than two pipes hold, so that the process that masks has some of it when the step has ended.
    let script = "echo $PPID > step; yes $(printf %1000s | tr ' ' x) | head -n 170; echo last; kill -9 $PPID";
    command.env("DO_B", format!("shell {script}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let step = || std::fs::read_to_string(sandbox.path().join("step")).unwrap_or_default();
    while step().is_empty() || Path::new("/proc").join(step().trim()).exists() {
        thread::sleep(Duration::from_millis(1));
    }
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert!(output.ends_with("\nb | last\n"), "{} bytes have passed", output.len());
}

#[test]
fn a_secret_that_was_fetched_before_the_flow_is_masked() {
    let sandbox = FlowSandbox::new();
    let output = sandbox.run("early", &["step", "print"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "early: ***\n"), "{output:?}");
    assert!(output.stderr.starts_with("warning: the guard of steps is not on"), "{output:?}");
    let mut command = sandbox.command("early", &["step", "print"]);
    let guarded = FlowOutput::of(command.env("SECRETS_GUARD", "errors"));
    assert_eq!((guarded.stdout.as_str(), guarded.stderr.as_str()), ("early: ***\n", ""));
}

#[test]
fn a_secret_that_is_fetched_while_the_process_exits_is_masked() {
    let output = FlowSandbox::new().run("late", &["step", "exit"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), "late: ***\n"), "{output:?}");
}
