//! `cargo xtask bench`: what the library costs, beside what would be written in its place.
//!
//! This program starts a server, runs each [group](groups) of measurements in a process of its own, which is this
//! program again, and prints one table of what they give, in Markdown, on standard output. Words go to standard
//! error. Nothing here fails because something is slow: a row says whether it keeps its budget.

mod allocations;
mod cpu;
mod groups;
mod local_store;
mod machine;
mod measure;
mod process;
mod python;
mod row;
mod sdk;
mod server;
mod setup;
mod table;

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{ExitCode, Stdio},
};

use groups::Group;
use measure::Failure;
use row::Row;
use setup::Setup;

const USAGE: &str = "secrets-benchmarks [--json FILE] [GROUP ...]";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--group", name] => one(name),
        ["--many", how, count] => many(how, count),
        ["--json", file, names @ ..] => all(names, Some(file)),
        names => all(names, None),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the groups of these names, or all. False if one of them failed.
fn all(names: &[&str], json: Option<&str>) -> Result<bool, Failure> {
    let known = |name: &&str| groups::find(name).is_some();
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<_> = groups::ALL.iter().map(|group| group.name).collect();
        return Err(format!(
            "there is no group `{unknown}`; there are {}\n{USAGE}",
            known.join(", ")
        )
        .into());
    }
    allow_many_files();
    let setup = Setup::read(Some(format!("http://{}", server::start()?)))?;
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for group in groups::ALL.iter().filter(|group| names.is_empty() || names.contains(&group.name))
    {
        eprintln!("== {}", group.name);
        match child(&setup, group) {
            Ok(more) => rows.extend(more),
            Err(failure) => {
                eprintln!("  failed: {failure}");
                failed.push(group.name);
            }
        }
    }
    if let Some(file) = json {
        let rows = serde_json::Value::from_iter(rows.iter().map(Row::to_json));
        fs::write(file, rows.to_string()).map_err(|error| format!("{file}: {error}"))?;
    }
    println!("{}\n{}", table::markdown(&rows), machine::line());
    let misses = rows.iter().filter(|row| row.misses()).count();
    println!("{} rows, {misses} of which miss their budget", rows.len());
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

/// Runs a group in a process of its own, and reads its rows.
fn child(setup: &Setup, group: &Group) -> Result<Vec<Row>, Failure> {
    let mut command = setup.command(env::current_exe()?);
    command.args(["--group", group.name]).envs(group.variables.iter().copied());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut rows = Vec::new();
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let row = Row::from_json(&serde_json::from_str(&line?)?).ok_or("a row that is none")?;
        eprintln!("  {}", row.cells().join("  "));
        rows.push(row);
    }
    let status = child.wait()?;
    if status.success() { Ok(rows) } else { Err(format!("it ended with {status}").into()) }
}

/// The process of a group: its rows go to standard output, one a line.
fn one(name: &str) -> Result<bool, Failure> {
    let group = groups::find(name).ok_or("there is no such group")?;
    for row in (group.run)(&Setup::read(None)?)? {
        println!("{}", row.to_json());
    }
    Ok(true)
}

/// The process that makes many steps at once.
fn many(how: &str, count: &str) -> Result<bool, Failure> {
    let (cold, warm) = groups::many(how, count.parse()?)?;
    println!("{cold} {warm}");
    Ok(true)
}

/// Ten thousand connections are as many files, here and in the processes that inherit this.
fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If not, the measurement that needs them says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
