//! What `docs/cli.md` shows is what happens: its consoles are run, one after another, in one folder.

use std::process::Command;

use crate::bench::Bench;

/// A command line of the page, and what the page says comes of it.
struct Shown {
    line: usize,
    command: String,
    output: String,
}

fn shown(page: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (index, text) in page.lines().enumerate() {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if let (true, Some(command)) = (inside, text.strip_prefix("$ ")) {
            let command = command.to_owned();
            all.push(Shown { line: index + 1, command, output: String::new() });
        } else if let (true, Some(last)) = (inside, all.last_mut()) {
            last.output.push_str(text);
            last.output.push('\n');
        }
    }
    all
}

#[test]
fn the_page_tells_the_truth() {
    let page = include_str!("../../../docs/cli.md");
    let shown = shown(page);
    assert!(shown.len() > 15, "the page shows too little");
    let bench = Bench::new();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_secrets")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for Shown { line, command, output } in shown {
        let script = format!("exec 2>&1; {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(bench.path()).env_clear();
        shell.env("PATH", &path).env("HOME", bench.path()).stdin(std::process::Stdio::null());
        let ran = shell.output().unwrap();
        let mut got = String::from_utf8(ran.stdout).unwrap();
        got = got.replace(bench.path().to_str().unwrap(), "~");
        if !got.is_empty() && !got.ends_with('\n') {
            got.push('\n');
        }
        if let Some(code @ 1..) = ran.status.code() {
            got.push_str(&format!("[exit code {code}]\n"));
        }
        assert_eq!(got, output, "docs/cli.md, line {line}: {command}");
    }
}
