//! `cargo xtask test`.

use std::{collections::BTreeMap, process::Command, time::Instant};

use crate::{
    line::Line,
    need::{Need, Provided},
    report::{Outcome, Report},
    stages::Stage,
    workspace::Workspace,
};

/// Runs the stages, all of them whatever fails, and prints the report. False if one failed.
pub fn run(workspace: &Workspace, stages: &[&'static Stage], require_all: bool) -> bool {
    let mut run =
        Run { workspace, require_all, provided: BTreeMap::new(), report: Report::default() };
    for stage in stages {
        run.stage(stage);
    }
    // The servers end before the report, so that their logs are whole when somebody reads it.
    run.provided.clear();
    println!("\n{}{}", rust_note(workspace), run.report.text().trim_end());
    run.report.passed()
}

struct Run<'a> {
    workspace: &'a Workspace,
    require_all: bool,
    /// What was asked for so far; `None` is what could not be had.
    provided: BTreeMap<Need, Option<Provided>>,
    report: Report,
}

impl Run<'_> {
    fn stage(&mut self, stage: &'static Stage) {
        let start = Instant::now();
        let outcome = match (stage.lines)(self.workspace) {
            Ok(lines) => return self.lines(stage, &lines),
            Err(why) => Outcome::Skipped(why),
        };
        self.report.add(stage.name, outcome, start.elapsed(), self.require_all);
    }

    /// Runs the lines of a stage, all of them whatever fails.
    fn lines(&mut self, stage: &'static Stage, lines: &[Line]) {
        let exports = stage.needs.iter().filter_map(|&need| self.export(need)).collect::<Vec<_>>();
        let start = Instant::now();
        let mut failures = Vec::new();
        for line in lines {
            println!("\n== {}: {line}", stage.name);
            if let Err(why) = line.run(&self.workspace.root, &exports) {
                println!("== {}: {why}", stage.name);
                failures.push(why);
            }
        }
        let outcome = if failures.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed(failures.join(", "))
        };
        self.report.add(stage.name, outcome, start.elapsed(), self.require_all);
    }

    /// Makes ready what a stage needs, once in a run; a test that does not find it exported skips itself.
    fn export(&mut self, need: Need) -> Option<(String, String)> {
        if !self.provided.contains_key(&need) {
            println!("\n== {}: {}", need.name(), need.about());
            let start = Instant::now();
            let (provided, outcome) = match need.provide(self.workspace) {
                Ok(provided) => (Some(provided), Outcome::Passed),
                Err(outcome) => (None, outcome),
            };
            self.report.add(need.name(), outcome, start.elapsed(), self.require_all);
            self.provided.insert(need, provided);
        }
        let provided = self.provided.get(&need)?.as_ref()?;
        Some((need.variable().to_owned(), provided.value.clone()))
    }
}

/// Which Rust this was, and how the minimum is held.
fn rust_note(workspace: &Workspace) -> String {
    let minimum = workspace.packages.iter().find_map(|package| package.minimum_rust.as_deref());
    let version = Command::new("rustc").arg("--version").output();
    match (minimum, version) {
        (Some(minimum), Ok(output)) => format!(
            "{}; the minimum is {minimum} (clippy::incompatible_msrv in `lint`; `cargo xtask test msrv` builds with it)\n",
            String::from_utf8_lossy(&output.stdout).trim()
        ),
        _ => String::new(),
    }
}
