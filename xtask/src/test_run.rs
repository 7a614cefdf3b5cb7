//! `cargo xtask test`.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    process::Command,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::CommandLine,
    report::{Outcome, Report},
    services::{ReadyService, Service},
    stages::Stage,
    workspace::Workspace,
};

/// Runs the stages, all of them even if one fails, and prints the report. Returns false if one failed.
///
/// The environments of the services are installed while the first stages compile, because downloads leave the cores idle. A
/// server is started when a stage asks for it, since an idle server takes processor time too. The stages that only compile
/// run beside the tests, which wait for programs and servers.
pub fn run(workspace: &Workspace, stages: &[&'static Stage], require_all: bool) -> bool {
    thread::scope(|scope| {
        let (sender, installed) = mpsc::channel();
        let wanted = services_of(workspace, stages);
        scope.spawn(move || {
            for service in wanted {
                service.install(workspace);
                // The run waits for all of them, unless it has panicked.
                let _ = sender.send(service);
            }
        });
        let (beside, others): (Vec<_>, Vec<_>) = stages.iter().partition(|stage| stage.is_beside);
        let beside = scope.spawn(move || {
            beside.into_iter().map(|stage| run_beside(workspace, stage)).collect::<Vec<_>>()
        });
        let (services, report) = (BTreeMap::new(), Report::default());
        let mut run = Run {
            workspace,
            require_all,
            installing: installed,
            installed: Vec::new(),
            services,
            report,
        };
        for stage in others {
            run.stage(stage);
        }
        // The servers end before the report, so that their logs are complete when it is read.
        run.services.clear();
        for (stage, outcome, took) in beside.join().expect("the checks do not panic") {
            run.report.add(stage.name, outcome, took, require_all);
        }
        println!("\n{}{}", rust_note(workspace), run.report.text().trim_end());
        run.report.passed()
    })
}

/// Runs a stage without services, and prints its output at its end.
fn run_beside(workspace: &Workspace, stage: &'static Stage) -> (&'static Stage, Outcome, Duration) {
    let start = Instant::now();
    let path = workspace.scratch.join(format!("{}.log", stage.name));
    let log = fs::create_dir_all(&workspace.scratch).and_then(|()| File::create(&path));
    let outcome = match ((stage.commands)(workspace), log) {
        (Err(why), _) => Outcome::Skipped(why),
        (Ok(_), Err(error)) => Outcome::Failed(format!("{}: {error}", path.display())),
        (Ok(commands), Ok(mut log)) => outcome_of(&commands, |command| {
            let heading = writeln!(log, "\n== {}: {command}", stage.name);
            heading.map_err(|error| error.to_string())?;
            command.run_into(&workspace.root, &log)
        }),
    };
    println!("{}", String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()));
    (stage, outcome, start.elapsed())
}

/// Runs the commands of a stage, all of them even if one fails.
fn outcome_of(
    commands: &[CommandLine],
    mut run: impl FnMut(&CommandLine) -> Result<(), String>,
) -> Outcome {
    let failures: Vec<_> = commands.iter().filter_map(|command| run(command).err()).collect();
    match failures.is_empty() {
        true => Outcome::Passed,
        false => Outcome::Failed(failures.join(", ")),
    }
}

/// Returns the services of the stages, each once, in the order in which the stages ask for them.
fn services_of(workspace: &Workspace, stages: &[&'static Stage]) -> Vec<Service> {
    let mut services = Vec::new();
    for stage in stages.iter().filter(|stage| (stage.commands)(workspace).is_ok()) {
        for service in stage.services {
            if !services.contains(service) {
                services.push(*service);
            }
        }
    }
    services
}

struct Run<'a> {
    workspace: &'a Workspace,
    require_all: bool,
    /// Receives each service whose installation has ended.
    installing: Receiver<Service>,
    installed: Vec<Service>,
    /// The services that were asked for so far; `None` for one that could not be started.
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

    fn run(&mut self, stage: &'static Stage, commands: &[CommandLine]) {
        let exports =
            stage.services.iter().filter_map(|&service| self.export(service)).collect::<Vec<_>>();
        let start = Instant::now();
        let outcome = outcome_of(commands, |command| {
            println!("\n== {}: {command}", stage.name);
            command.run(&self.workspace.root, &exports).inspect_err(|why| {
                println!("== {}: {why}", stage.name);
            })
        });
        self.report.add(stage.name, outcome, start.elapsed(), self.require_all);
    }

    /// Starts a service once in a run and returns its variable; a test that misses the variable skips itself.
    fn export(&mut self, service: Service) -> Option<(String, String)> {
        if !self.services.contains_key(&service) {
            println!("\n== {}: {}", service.name(), service.about());
            let start = Instant::now();
            // It fails if that thread has panicked: then the start installs what is missing.
            while !self.installed.contains(&service)
                && let Ok(installed) = self.installing.recv()
            {
                self.installed.push(installed);
            }
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

/// Returns the version of Rust, and how the minimum is checked.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_of_a_stage_that_runs_is_wanted_once_in_order() {
        const fn stage(services: &'static [Service], runs: bool) -> Stage {
            let commands: fn(&Workspace) -> Result<Vec<CommandLine>, String> =
                if runs { |_| Ok(Vec::new()) } else { |_| Err("it has no tests".to_owned()) };
            Stage {
                name: "stage",
                about: "",
                services,
                on_demand: false,
                is_beside: false,
                commands,
            }
        }
        static STAGES: [Stage; 3] = [
            stage(&[Service::Postgres, Service::Openbao], true),
            stage(&[Service::Zenml], false),
            stage(&[Service::Moto, Service::Postgres], true),
        ];
        let workspace =
            Workspace { root: "root".into(), scratch: "scratch".into(), packages: Vec::new() };
        let stages: Vec<_> = STAGES.iter().collect();
        let wanted = [Service::Postgres, Service::Openbao, Service::Moto];
        assert_eq!(services_of(&workspace, &stages), wanted);
    }
}
