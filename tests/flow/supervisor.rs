//! The program as the first process of a container, here of a namespace of process ids.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox};

/// Returns the program as the first process, or `None` where that is not permitted.
#[allow(clippy::print_stderr, reason = "it says that a test is skipped")]
fn first(sandbox: &FlowSandbox, flow: &str, arguments: &[&str]) -> Option<Command> {
    let options = [&["--pid", "--fork"][..], &["--map-root-user", "--pid", "--fork"]];
    let permitted = options.iter().find(|options| {
        let tried = Command::new("unshare").args(**options).arg("true").output();
        tried.is_ok_and(|output| output.status.success())
    });
    let Some(options) = permitted else {
        eprintln!("skipped: `unshare --pid` is not permitted here");
        return None;
    };
    let program = sandbox.command(flow, arguments);
    let mut command = Command::new("unshare");
    command.args(*options).arg(program.get_program()).args(program.get_args());
    command.env_clear().current_dir(sandbox.path()).stdin(Stdio::null());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(command)
}

#[test]
fn the_last_words_of_a_step_arrive() {
    let sandbox = FlowSandbox::new();
    for arguments in [&["step", "secret"][..], &["run", "--in-process", "--only", "secret"]] {
        let Some(mut command) = first(&sandbox, "behaviour", arguments) else { return };
        let exited = FlowOutput::of(command.env("DO_SECRET", "exit"));
        assert_eq!(exited.code, Some(7), "{exited:?}");
        assert!(exited.stdout.ends_with("before the end ***\n"), "{exited:?}");
        let aborted = FlowOutput::of(command.env("DO_SECRET", "abort"));
        assert_eq!(aborted.code, Some(134), "{aborted:?}");
        assert!(aborted.stdout.ends_with("in a child: ***\n"), "{aborted:?}");
        let ended = FlowOutput::of(command.env("DO_SECRET", ""));
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[test]
fn a_timeout_in_the_first_process_ends_it() {
    let sandbox = FlowSandbox::new();
    let arguments = ["run", "--in-process", "--only", "a"];
    let Some(mut command) = first(&sandbox, "behaviour", &arguments) else { return };
    let output = FlowOutput::of(command.env("DO_A", "sleep 600"));
    assert_eq!(output.code, Some(124), "{output:?}");
    assert!(output.stderr.contains("timed out"), "{output:?}");
}

#[test]
fn signals_are_passed_on_to_the_step() {
    for (arguments, signal, code) in
        [(&["step", "b"][..], "TERM", 143), (&["run", "--in-process", "--only", "b"], "INT", 130)]
    {
        let sandbox = FlowSandbox::new();
        let Some(mut command) = first(&sandbox, "behaviour", arguments) else { return };
        command.env("DO_B", "shell echo ready; sleep 600").stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        // The first process of the namespace is the child of `unshare`.
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let supervisor = std::fs::read_to_string(children).unwrap();
        let kill =
            Command::new("kill").args([&format!("-{signal}"), supervisor.trim()]).status().unwrap();
        assert!(kill.success());
        output.read_to_string(&mut String::new()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}
