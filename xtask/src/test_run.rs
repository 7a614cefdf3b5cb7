//! `cargo xtask test`.

use std::{collections::BTreeMap, process::Command, time::Instant};

use crate::{
    command::CommandLine,
    report::{Outcome, Report},
    service::{ReadyService, Service},
    stages::Stage,
    workspace::Workspace,
};

/// Runs the stages, all of them even if one fails, and prints the report. Returns false if one failed.
pub fn run(workspace: &Workspace, stages: &[&'static Stage], require_all: bool) -> bool {
    let mut run =
        Run { workspace, require_all, services: BTreeMap::new(), report: Report::default() };
    for stage in stages {
        run.stage(stage);
    }
    // The servers end before the report, so that their logs are complete when it is read.
    run.services.clear();
    println!("\n{}{}", rust_note(workspace), run.report.text().trim_end());
    run.report.passed()
}

struct Run<'a> {
    workspace: &'a Workspace,
    require_all: bool,
    /// Those that were asked for so far; `None` for one that could not be had.
    services: BTreeMap<Service, Option<ReadyService>>,
    report: Report,
}

impl Run<'_> {
    fn stage(&mut self, stage: &'static Stage) {
        let start = Instant::now();
        let outcome = match (stage.commands)(self.workspace) {
            Ok(commands) => return self.run(stage, &commands),
            Err(why) => Outcome::Skipped(why),
        };
        self.report.add(stage.name, outcome, start.elapsed(), self.require_all);
    }

    /// Runs the commands of a stage, all of them even if one fails.
    fn run(&mut self, stage: &'static Stage, commands: &[CommandLine]) {
        let exports =
            stage.services.iter().filter_map(|&service| self.export(service)).collect::<Vec<_>>();
        let start = Instant::now();
        let mut failures = Vec::new();
        for command in commands {
            println!("\n== {}: {command}", stage.name);
            if let Err(why) = command.run(&self.workspace.root, &exports) {
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

    /// Starts a service once in a run and returns its variable; a test that misses the variable skips itself.
    fn export(&mut self, service: Service) -> Option<(String, String)> {
        if !self.services.contains_key(&service) {
            println!("\n== {}: {}", service.name(), service.about());
            let start = Instant::now();
            let (ready, outcome) = match service.start(self.workspace) {
                Ok(ready) => (Some(ready), Outcome::Passed),
                Err(outcome) => (None, outcome),
            };
            self.report.add(service.name(), outcome, start.elapsed(), self.require_all);
            self.services.insert(service, ready);
        }
        let ready = self.services.get(&service)?.as_ref()?;
        Some((service.variable().to_owned(), ready.value.clone()))
    }
}

/// The version of Rust, and how the minimum is checked.
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
