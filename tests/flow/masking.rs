//! The output of a step is masked, whatever happens to the step.

use std::{
    io::Read,
    process::{Command, Stdio},
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
