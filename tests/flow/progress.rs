//! What `run` shows of its steps: on a terminal a line for each, elsewhere a line for each change.

use std::{collections::BTreeSet, process::Stdio};

use secrets_tests::{
    flow_sandbox::{FlowOutput, FlowSandbox},
    flow_terminal::{COLUMNS, FlowTerminal, TerminalOf},
};

use crate::runs::assert_none_runs;

fn on_terminal(sandbox: &FlowSandbox, of: TerminalOf, variables: &[(&str, &str)]) -> FlowTerminal {
    let arguments = ["run", "--only", "a", "b"];
    let mut program = sandbox.command("behaviour", &arguments);
    program.envs(variables.iter().copied());
    FlowTerminal::start(&program, of, |_| {})
}

/// What a person sees at the end: the lines, when those that are drawn over are gone.
fn screen(text: &str) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = Vec::new();
    let (mut row, mut column) = (0, 0);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\n' => row += 1,
            '\r' => column = 0,
            '\x1b' => {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let (code, after) = rest.split_at(end + 1);
                rest = after;
                let count = code.trim_start_matches('[').trim_end_matches(char::is_alphabetic);
                let count: usize = count.parse().unwrap();
                match code.chars().last() {
                    Some('K') => lines[row].clear(),
                    Some('A') => row -= count,
                    Some('B') => row += count,
                    _ => panic!("{code:?} is not known here"),
                }
            }
            c => {
                // A line that is full goes on below it.
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                }
                lines.resize_with(lines.len().max(row + 1), Vec::new);
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
        lines.resize_with(lines.len().max(row + 1), Vec::new);
    }
    let words = |line: &Vec<char>| {
        line.iter().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(words).collect()
}

#[test]
fn on_a_terminal_each_step_has_a_line_with_its_state_and_time() {
    let sandbox = FlowSandbox::new();
    // The first attempt is killed, and the second one takes too long.
    let a = "shell if [ -e tried ]; then sleep 600; else touch tried; kill -9 $PPID; fi";
    let variables = [("DO_A", a), ("DO_B", "shell echo working")];
    let (code, seen) = on_terminal(&sandbox, TerminalOf::Session, &variables).end();
    assert_eq!(code, Some(124), "{seen}");
    // The line of the second attempt lives too: what is before the name turns.
    let second = seen.split_once("again in 1 s").unwrap().1;
    let name = " a            ";
    let lines = second.match_indices(name).filter(|(at, _)| {
        second[at + name.len()..].trim_start_matches(char::is_numeric).starts_with("s  running")
    });
    let turns: BTreeSet<char> = lines.filter_map(|(at, _)| second[..at].chars().last()).collect();
    assert!(turns.len() > 1, "{turns:?}");
    let screen = screen(&seen);
    let table = screen.iter().position(|line| line == "STEP RESULT ATTEMPTS TIME").unwrap();
    // The output of a step stays, above the lines of the steps.
    assert!(screen[..table].contains(&"b | working".to_owned()), "{screen:#?}");
    let lines = &screen[table - 2..table];
    assert!(lines[0].starts_with("a 1s timed out (exit code 124)"), "{screen:#?}");
    assert!(lines[1].starts_with("b ") && lines[1].ends_with("s ok"), "{screen:#?}");
    assert!(screen[table + 1].starts_with("a timed out (exit code 124) 2 "), "{screen:#?}");
    assert!(screen[table + 2].starts_with("b ok 1 "), "{screen:#?}");
}

#[test]
fn standard_output_is_never_drawn_over() {
    let sandbox = FlowSandbox::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut program = sandbox.command("behaviour", &["run", "--only", "b"]);
    program.env("DO_B", "flood 1000");
    let terminal = FlowTerminal::start(&program, TerminalOf::Session, |command| {
        command.stdout(Stdio::from(writer));
    });
    let mut output = String::new();
    std::io::Read::read_to_string(&mut reader, &mut output).unwrap();
    let (code, seen) = terminal.end();
    assert_eq!((code, output.lines().count()), (Some(0), 1000), "{seen}");
    assert!(output.lines().all(|line| line.starts_with("b | line ")));
}

#[test]
fn a_terminal_that_goes_away_ends_the_run_and_its_children() {
    let sandbox = FlowSandbox::new();
    let script = "shell echo $$ >> pids; sleep 600 & echo $! >> pids; echo ready; wait";
    let variables = [("DO_A", "sleep 600"), ("DO_B", script)];
    let mut terminal = on_terminal(&sandbox, TerminalOf::Session, &variables);
    terminal.wait_for("ready");
    assert_eq!(terminal.close(), Some(129));
    assert_none_runs(&sandbox, 2);
}

#[test]
fn ctrl_c_ends_the_run_and_its_children() {
    let sandbox = FlowSandbox::new();
    let script = "shell echo $$ >> pids; sleep 600 & echo $! >> pids; echo ready; wait";
    let mut terminal = on_terminal(&sandbox, TerminalOf::Session, &[("DO_B", script)]);
    terminal.wait_for("ready");
    terminal.type_in("\x03");
    let (code, rest) = terminal.end();
    assert_eq!(code, Some(130), "{rest}");
    assert_none_runs(&sandbox, 2);
}

#[test]
fn a_run_goes_on_without_a_terminal_that_is_not_its_own() {
    let sandbox = FlowSandbox::new();
    // It goes on to write when the terminal is gone.
    let script = "shell echo ready; read x < go; seq 1000; seq 1000 >&2; echo x > passed";
    let fifo = sandbox.path().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut terminal = on_terminal(&sandbox, TerminalOf::Nobody, &[("DO_B", script)]);
    terminal.wait_for("ready");
    let going = std::thread::spawn(move || std::fs::write(&fifo, "go\n"));
    assert_eq!(terminal.close(), Some(0));
    going.join().unwrap().unwrap();
    assert!(sandbox.path().join("passed").exists());
}

#[test]
fn without_a_terminal_each_change_is_a_line() {
    let sandbox = FlowSandbox::new();
    let mut command = sandbox.command("behaviour", &["run", "--only", "a"]);
    let output = FlowOutput::of(command.env("DO_A", "exit 6"));
    let lines: Vec<&str> = output.stderr.lines().collect();
    let expected = ["a: started", "a: exit code 6, again in 1 s", "a: started", "a: exit code 6"];
    assert_eq!(lines[..4], expected);
    // A terminal that cannot move its cursor is one of them.
    let program = sandbox.command("behaviour", &["run", "--only", "b"]);
    let dumb = FlowTerminal::start(&program, TerminalOf::Session, |command| {
        command.env("TERM", "dumb");
    });
    let (code, seen) = dumb.end();
    assert_eq!(code, Some(0));
    assert!(seen.starts_with("b: started\r\nb: ok\r\nSTEP") && !seen.contains('\x1b'), "{seen:?}");
}
