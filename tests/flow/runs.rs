use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

fn table(output: &FlowOutput) -> Vec<Vec<String>> {
    let after = output.stderr.split_once("STEP ").expect("there is a table").1;
    let rows = after.lines().skip(1);
    rows.map(|row| {
        row.split("  ")
            .filter(|cell| !cell.is_empty())
            .map(|cell| cell.trim().to_owned())
            .take(3)
            .collect()
    })
    .collect()
}

#[test]
fn all_steps_run_in_order_with_masked_and_named_lines() {
    let output = FlowSandbox::new().run("dbflow", &[WITH.as_slice(), &["run"]].concat());
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.stdout, "load | load has ***\nreport | report has ***\n");
    assert!(output.stderr.contains("store | store has *** and K=V\n"), "{output:?}");
    let rows = table(&output);
    assert_eq!(rows, [["load", "ok", "1"], ["store", "ok", "1"], ["report", "ok", "1"]]);
}

#[test]
fn a_value_that_is_not_masked_has_one_line_a_run() {
    let sandbox = FlowSandbox::new();
    let fields = [("T_USER", "app"), ("T_HOST", "localhost"), ("T_PORT", "5432")];
    for mode in [[].as_slice(), &["--in-process"]] {
        let arguments = [["run", "--only", "secret", "exporting"].as_slice(), mode].concat();
        let mut command = sandbox.command("behaviour", &arguments);
        let output = FlowOutput::of(command.envs(fields));
        assert_eq!(output.code, Some(0), "{output:?}");
        let mut warnings: Vec<_> =
            output.stderr.lines().filter_map(|line| line.split_once("warning: ")).collect();
        warnings.sort_by_key(|(_, text)| *text);
        let said: Vec<_> = warnings.iter().map(|(_, text)| *text).collect();
        let skipped = "is neither masked nor looked for by the guard";
        let host = format!("the value of prod-db/host {skipped}: it is a common word");
        let user = format!("the value of prod-db/user {skipped}: it is shorter than four bytes");
        assert_eq!(said, [&host, &user], "{output:?}");
    }
}

#[test]
fn the_first_failure_is_the_exit_code_and_nothing_starts_after_it() {
    let sandbox = FlowSandbox::new();
    let output = FlowOutput::of(sandbox.command("dbflow", &["run"]).env_remove("T_PASSWORD"));
    assert_eq!(output.code, Some(3), "{output:?}");
    let rows = table(&output);
    assert_eq!(
        rows,
        [["load", "exit code 3", "1"], ["store", "not run", "0"], ["report", "not run", "0"]]
    );
}

#[test]
fn a_step_is_tried_again_unless_it_cannot_pass() {
    let sandbox = FlowSandbox::new();
    let run = |what: &str| {
        FlowOutput::of(sandbox.command("behaviour", &["run", "--only", "a"]).env("DO_A", what))
    };
    let failed = run("exit 6");
    assert_eq!(
        (failed.code, table(&failed)),
        (Some(6), vec![vec!["a".into(), "exit code 6".into(), "2".into()]])
    );
    let hopeless = run("exit 4");
    assert_eq!(table(&hopeless)[0][2], "1", "{hopeless:?}");
    let killed = run("shell kill -9 $PPID");
    assert_eq!(killed.code, Some(137), "{killed:?}");
}

#[test]
fn a_step_past_its_timeout_ends_with_its_children() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "a"]);
    command.env("DO_A", "shell echo $$ >> pids; sleep 600 & echo $! >> pids; wait");
    let output = FlowOutput::of(&mut command);
    assert_eq!(output.code, Some(124), "{output:?}");
    assert_eq!(table(&output), [["a", "timed out (exit code 124)", "2"]]);
    assert_none_runs(&sandbox, 4);
}

/// None of the processes whose ids are in the file `pids` is there any more.
pub fn assert_none_runs(sandbox: &FlowSandbox, count: usize) {
    let pids = std::fs::read_to_string(sandbox.path().join("pids")).unwrap();
    assert_eq!(pids.lines().count(), count, "{pids}");
    for pid in pids.lines() {
        // A killed process is a zombie until its parent, init, has waited for it.
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let is_gone = state.is_empty() || state.contains(") Z ");
        assert!(is_gone, "{pid} runs: {state}");
    }
}

/// Starts a run of two steps, each a shell with a child, and waits until they run.
fn started(sandbox: &FlowSandbox) -> (Child, impl BufRead + use<>) {
    let mut command = sandbox.command("behaviour", &["run", "--only", "b", "c"]);
    let script = "shell echo $$ >> pids; sleep 600 & echo $! >> pids; echo ready; wait";
    command.env("DO_B", script).env("DO_C", script);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.ends_with("| ready\n"), "{line}");
    }
    (child, output)
}

#[test]
fn a_signal_ends_the_children_first() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let sandbox = FlowSandbox::new();
        let (mut child, mut output) = started(&sandbox);
        let kill =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        output.read_to_string(&mut String::new()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_none_runs(&sandbox, 4);
    }
}

/// A process in a session of its own, whose parent ends at once, and what it has started.
const DAEMON: &str =
    "setsid sh -c 'echo $$ >> pids; sleep 600 & echo $! >> pids; echo ready; wait' &";

#[test]
fn what_a_step_leaves_in_a_session_of_its_own_ends_with_it() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b", "c"]);
    // The step is over when the daemon runs. The daemon of the other step is not touched before.
    command.env("DO_B", format!("shell {DAEMON} while [ ! -s pids ]; do :; done"));
    command.env(
        "DO_C",
        "shell setsid sh -c 'while [ ! -e over ]; do sleep 0.05; done; echo lives' & wait",
    );
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while line != "b: ok\n" {
        line.clear();
        assert!(progress.read_line(&mut line).unwrap() > 0, "the step has ended");
    }
    let count = std::fs::read_to_string(sandbox.path().join("pids")).unwrap().lines().count();
    assert_none_runs(&sandbox, count);
    sandbox.write("over", "");
    let output = child.wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("c | lives\n"), "{output}");
}

#[test]
fn the_children_of_the_program_itself_do_not_end_with_a_step() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b", "c"]);
    let own = "echo >> own; while [ ! -e over ]; do sleep 0.01; done; exit 7";
    command.env("TEST_OWN_CHILD", own);
    let start = ": > own; echo > step-runs; while [ $(wc -l < own) -lt 2 ]; do sleep 0.01; done";
    command.env("DO_B", format!("shell {start}"));
    command.env("DO_C", "shell while [ ! -e own-ended ]; do sleep 0.01; done");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.ends_with("b: ok\n") {
        assert!(progress.read_line(&mut said).unwrap() > 0, "the step has ended: {said}");
    }
    sandbox.write("over", "");
    progress.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert_eq!(said.matches("own child: Ok(Some(7))\n").count(), 2, "{said}");
}

/// Only the program itself masks the last lines of a step, and may outlive it for that.
#[test]
fn a_program_with_the_name_of_the_mask_ends_with_its_step() {
    let sandbox = FlowSandbox::new();
    let name = "secrets-flow-mask";
    std::os::unix::fs::symlink("/bin/sh", sandbox.path().join(name)).unwrap();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b"]);
    let script = "echo $$ >> pids; while :; do sleep 1; done";
    // The name stands as it is found in `PATH`.
    let start = format!("PATH=.:$PATH setsid {name} -c '{script}' >&- 2>&- &");
    command.env("DO_B", format!("shell {start} while [ ! -s pids ]; do :; done"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_none_runs(&sandbox, 1);
}

#[test]
fn a_signal_ends_what_has_left_its_step() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b"]);
    command.env("DO_B", format!("shell {DAEMON} sleep 600"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "b | ready\n");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_none_runs(&sandbox, 2);
}

#[test]
fn a_second_signal_kills_at_once() {
    let sandbox = FlowSandbox::new();
    let run = sandbox.command("behaviour", &["run", "--only", "b"]);
    // Steps inherit that they ignore to be asked. The run itself does not.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' TERM; exec \"$0\" \"$@\""]).arg(run.get_program());
    command.args(run.get_args()).current_dir(sandbox.path()).env_clear();
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("DO_B", "shell echo $PPID >> pids; echo ready; sleep 600");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    let pid = child.id().to_string();
    // The second one may come before the first one is handled, and is one with it then.
    while child.try_wait().unwrap().is_none() {
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_none_runs(&sandbox, 1);
}

#[test]
fn a_run_that_is_killed_ends_its_steps() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b"]);
    command.env("DO_B", "shell echo $PPID >> pids; echo ready; read x < go");
    assert!(Command::new("mkfifo").arg(sandbox.path().join("go")).status().unwrap().success());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let step = std::fs::read_to_string(sandbox.path().join("pids")).unwrap();
    let state =
        || std::fs::read_to_string(format!("/proc/{}/stat", step.trim())).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !state().is_empty() && !state().contains(") Z ") {
        assert!(Instant::now() < deadline, "the step runs: {}", state());
        std::thread::yield_now();
    }
    std::fs::write(sandbox.path().join("go"), "go\n").unwrap();
}

#[test]
fn a_step_whose_run_is_gone_does_not_begin() {
    let sandbox = FlowSandbox::new();
    let step = |run: &str| {
        let mut command = sandbox.command("behaviour", &["--under-run", run, "step", "b"]);
        FlowOutput::of(command.env("DO_B", "print begun"))
    };
    let started = step(&std::process::id().to_string());
    assert_eq!((started.code, started.stdout.as_str()), (Some(0), "begun\n"), "{started:?}");
    // The first process is the parent of a step whose own has ended.
    let left = step("1");
    assert_eq!((left.code, left.stdout.as_str()), (Some(143), ""), "{left:?}");
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "b", "c"]);
    command.env("DO_B", "flood 10000").env("DO_C", "shell echo x > passed");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    assert!(sandbox.path().join("passed").exists());
}

#[test]
fn a_flood_arrives_whole() {
    let sandbox = FlowSandbox::new();
    let output = FlowOutput::of(
        sandbox.command("behaviour", &["run", "--only", "b"]).env("DO_B", "flood 50000"),
    );
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!((lines.len(), lines[49_999]), (50_000, "b | line 49999"));
}

#[test]
fn variables_of_the_launch_override_those_of_a_step() {
    let sandbox = FlowSandbox::new();
    let output =
        sandbox.run("dbflow", &["run", "--only", "store", "--set", "K=launch=1", "--jobs", "1"]);
    assert!(output.stderr.contains("and K=launch=1\n"), "{output:?}");
}

#[test]
fn all_steps_run_in_one_process() {
    let sandbox = FlowSandbox::new();
    let arguments = [WITH.as_slice(), &["run", "--in-process"]].concat();
    let output = sandbox.run("dbflow", &arguments);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.stdout, "load has ***\nreport has ***\n");
    assert!(output.stderr.contains("store has *** and K=V\n"), "{output:?}");
    assert_eq!(table(&output), [["load", "ok", "1"], ["store", "ok", "1"], ["report", "ok", "1"]]);

    let timed_out = FlowOutput::of(
        sandbox
            .command("behaviour", &["run", "--in-process", "--only", "a"])
            .env("DO_A", "sleep 600"),
    );
    assert_eq!(timed_out.code, Some(124), "{timed_out:?}");
    for arguments in [["--in-process", "--jobs=2"], ["--jobs=1", "--in-process"]] {
        let arguments = [&["run", "--only", "a"], arguments.as_slice()].concat();
        let output = sandbox.run("behaviour", &arguments);
        assert_eq!(output.stdout, "", "no step has run: {output:?}");
        let error = output.failed(2);
        for part in ["cannot be used with", "'--in-process'", "'--jobs <N>'"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    let output = sandbox.run("two-values", &["run", "--in-process"]).failed(2);
    assert!(output.contains("set the variable K to two values"), "{output}");
    let set = sandbox.run("two-values", &["run", "--in-process", "--set", "K=3"]);
    assert_ne!(set.code, Some(2), "{set:?}");
}

#[test]
fn mistakes_on_the_command_line_are_usage_errors() {
    let sandbox = FlowSandbox::new();
    let error =
        sandbox.run("dbflow", &["run", "--only", "lod", "--set", "=1", "--set", "1=1"]).failed(2);
    assert!(error.contains("`lod`: did you mean `load`?"), "{error}");
    assert_eq!(error.matches("--set").count(), 2, "{error}");
    assert_eq!(sandbox.run("dbflow", &["run", "--jobs", "0"]).code, Some(2));
}

#[test]
fn variables_of_a_pod_override_those_of_its_steps() {
    let sandbox = FlowSandbox::new();
    let options = ["--image", "i", "--env", "K=launch", "--only-json"];
    let job = sandbox.run("dbflow", &[&["kubernetes", "create"], options.as_slice()].concat());
    let container = &job.json()["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let mut pod = sandbox.command("dbflow", &[arguments.as_slice(), &["--only", "store"]].concat());
    for variable in container["env"].as_array().unwrap() {
        let text = |member: &str| variable[member].as_str().unwrap();
        if text("name") != "SECRETS_SOURCES" {
            pod.env(text("name"), text("value"));
        }
    }
    let output = FlowOutput::of(&mut pod);
    assert!(output.stderr.contains("and K=launch\n"), "{output:?}");
    let set = FlowOutput::of(pod.args(["--set", "K=later"]));
    assert!(set.stderr.contains("and K=later\n"), "{set:?}");
}

/// What a Job does: it starts the pod again, as often as its `backoffLimit` says, unless its policy says otherwise.
#[test]
fn a_job_and_its_program_do_not_both_try_again() {
    let sandbox = FlowSandbox::new();
    let create = ["kubernetes", "create", "--image", "i", "--only-json"];
    let job = sandbox.run("behaviour", &create).json();
    let spec = &job["spec"]["template"]["spec"]["containers"][0];
    let variables = spec["env"].as_array().unwrap();
    assert!(
        variables.contains(&serde_json::json!({"name": "SECRETS_FLOW_ATTEMPTS", "value": "1"})),
        "{variables:?}"
    );
    let run = |what: &str| {
        let mut pod = sandbox.command("behaviour", &["run", "--in-process", "--only", "a"]);
        FlowOutput::of(pod.env("SECRETS_FLOW_ATTEMPTS", "1").env("DO_A", what))
    };
    let failed = run("fail no rows");
    assert_eq!((failed.code, table(&failed)[0][2].as_str()), (Some(1), "1"), "{failed:?}");
    assert_eq!(job["spec"]["backoffLimit"], 1);

    let mut wrong = sandbox.command("behaviour", &["run"]);
    let wrong = FlowOutput::of(wrong.env("SECRETS_FLOW_ATTEMPTS", "0")).failed(5);
    assert!(wrong.contains("SECRETS_FLOW_ATTEMPTS"), "{wrong}");
    // A flow without retries needs nothing.
    let job = sandbox.run("forms", &create).json();
    assert!(!job.to_string().contains("SECRETS_FLOW_ATTEMPTS"), "{job}");
}

#[test]
fn a_program_starts_itself_once_for_its_variables() {
    let sandbox = FlowSandbox::new();
    // As if `main` had removed the variable.
    let arguments = ["--with-variables", "run", "--in-process", "--only", "store"];
    let output = sandbox.run("dbflow", &arguments);
    assert!(output.stderr.starts_with("warning: the variable K was set"), "{output:?}");
    assert!(output.stderr.contains("and K=\n"), "{output:?}");
}
