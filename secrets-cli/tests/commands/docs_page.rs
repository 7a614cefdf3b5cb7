//! Runs the console examples of a page, one after another in one folder, and compares their output.

use std::process::Command;

use crate::{commands::program::record, support::Sandbox};

/// A command line of a page, and the output that the page shows for it.
struct Example {
    line: usize,
    command: String,
    output: String,
}

fn parse_examples(page: &str) -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    let mut inside = false;
    for (index, text) in page.lines().enumerate() {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if let (true, Some(command)) = (inside, text.strip_prefix("$ ")) {
            let command = command.to_owned();
            all.push(Example { line: index + 1, command, output: String::new() });
        } else if let (true, Some(last)) = (inside, all.last_mut()) {
            last.output.push_str(text);
            last.output.push('\n');
        }
    }
    all
}

#[test]
fn every_example_of_the_manual_has_the_output_on_the_page() {
    run_examples("docs/cli.md", include_str!("../../../docs/cli.md"), 15);
}

#[test]
fn every_example_of_the_guide_has_the_output_on_the_page() {
    run_examples("docs/guide.md", include_str!("../../../docs/guide.md"), 9);
}

#[test]
fn every_example_of_the_page_about_masking_has_the_output_on_the_page() {
    run_examples("docs/guards.md", include_str!("../../../docs/guards.md"), 5);
}

#[test]
fn every_example_of_the_page_about_policies_has_the_output_on_the_page() {
    run_examples("docs/policies.md", include_str!("../../../docs/policies.md"), 6);
}

#[test]
fn every_example_of_the_page_about_the_lock_has_the_output_on_the_page() {
    run_examples("docs/lock.md", include_str!("../../../docs/lock.md"), 8);
}

#[test]
fn every_example_of_the_readme_has_the_output_on_the_page() {
    run_examples("secrets-cli/README.md", include_str!("../../README.md"), 3);
}

/// Returns the program of the pages, in which two steps declare secrets.
fn program_of_the_pages() -> Vec<u8> {
    let step = |name: &str, line: u32, declared: &str| {
        let head =
            format!(r#""step":"{name}","module":"app::jobs","file":"src/jobs.rs","line":{line}"#);
        record(&format!("{{{head},{declared}}}"))
    };
    let load =
        r#""sources":["prod-db","api-token"],"parameters":[{"source":"prod-db","key":"password"}]"#;
    let report = r#""sources":["reports"],"role":"arn:aws:iam::123456789012:role/Reports""#;
    [step("load", 12, load), step("report", 20, report)].concat()
}

#[track_caller]
fn run_examples(name: &str, page: &str, least: usize) {
    let examples = parse_examples(page);
    assert!(examples.len() >= least, "{name} has too few examples");
    let sandbox = Sandbox::new();
    sandbox.write("app", program_of_the_pages());
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_secrets")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for Example { line, command, output } in examples {
        let script = format!("exec 2>&1; {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(sandbox.path()).env_clear();
        shell.env("PATH", &path).env("HOME", sandbox.path()).stdin(std::process::Stdio::null());
        let result = shell.output().unwrap();
        let mut got = String::from_utf8(result.stdout).unwrap();
        got = got.replace(sandbox.path().to_str().unwrap(), "~");
        if !got.is_empty() && !got.ends_with('\n') {
            got.push('\n');
        }
        if let Some(code @ 1..) = result.status.code() {
            got.push_str(&format!("[exit code {code}]\n"));
        }
        assert_eq!(got, output, "{name}, line {line}: {command}");
    }
}

/// The first commands that a reader tries.
#[test]
fn the_first_commands_of_the_workspace_run_without_a_warning() {
    let page = include_str!("../../../README.md");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.filter(|block| block.contains("secrets register ")).collect::<String>();
    let sandbox = Sandbox::new();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_secrets")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let commands = block.lines().filter(|line| !line.starts_with("cargo "));
    let mut count = 0;
    for command in commands.map(|line| line.replace("/tmp/password", "password")) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(sandbox.path()).env_clear();
        shell.env("PATH", &path).env("HOME", sandbox.path()).stdin(std::process::Stdio::null());
        let result = shell.output().unwrap();
        let said = String::from_utf8(result.stderr).unwrap();
        assert!(result.status.success(), "{command}: {said}");
        let mut warnings = said.lines().filter(|line| line.contains("warning"));
        assert!(warnings.all(|line| line.contains("made the key")), "{command}: {said}");
        assert!(!String::from_utf8(result.stdout).unwrap().contains("correct horse"), "{command}");
        count += 1;
    }
    assert!(count >= 6, "{block}");
}
