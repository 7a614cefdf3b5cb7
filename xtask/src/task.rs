//! The command line of `cargo xtask`.

use crate::{
    bench::{self, Group},
    services::{self, Service},
    stages::{self, Stage},
};

/// A task with its arguments.
#[derive(Debug)]
pub enum Task {
    Help,
    Test { stages: Vec<&'static Stage>, require_all: bool },
    Servers { services: Vec<Service> },
    Bench { groups: Vec<&'static Group> },
}

impl Task {
    /// Parses the arguments that follow `cargo xtask`.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        match arguments.next().as_deref() {
            None | Some("help" | "--help" | "-h") => Ok(Self::Help),
            Some("test") => test(arguments),
            Some("servers") => servers(arguments),
            Some("bench") => bench(arguments),
            Some(other) => Err(format!("there is no task `{other}`")),
        }
    }
}

fn test(arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut picked = Vec::new();
    let mut require_all = false;
    for argument in arguments {
        if argument == "--require-all" {
            require_all = true;
        } else if argument.starts_with('-') {
            return Err(format!("`test` takes no `{argument}`"));
        } else {
            let stage = stages::ALL.iter().find(|stage| stage.name == argument);
            picked.push(stage.ok_or_else(|| format!("there is no stage `{argument}`"))?);
        }
    }
    // In the order of the table, each once; without names all but those that run on demand.
    let wanted = |stage: &&Stage| match picked.as_slice() {
        [] => !stage.on_demand,
        names => names.iter().any(|picked| picked.name == stage.name),
    };
    Ok(Task::Test { stages: stages::ALL.iter().filter(wanted).collect(), require_all })
}

fn servers(arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut services = Vec::new();
    for argument in arguments {
        let service = services::ALL.into_iter().find(|service| service.name() == argument);
        services.push(service.ok_or_else(|| format!("there is no tool or server `{argument}`"))?);
    }
    if services.is_empty() {
        services.extend(services::ALL);
    }
    Ok(Task::Servers { services })
}

fn bench(arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut picked = Vec::new();
    for argument in arguments {
        let group = bench::ALL.iter().find(|group| group.name == argument);
        let group = group.ok_or_else(|| format!("there is no benchmark `{argument}`"))?;
        picked.push(group.name);
    }
    // In the order of the table, each once.
    let wanted = |group: &&Group| picked.is_empty() || picked.contains(&group.name);
    Ok(Task::Bench { groups: bench::ALL.iter().filter(wanted).collect() })
}

/// Returns the text of `cargo xtask help`, which is generated from the tables.
pub fn help() -> String {
    let mut text = String::from(
        "cargo xtask test [--require-all] [STAGE ...]   run the checks; --require-all makes a skip a failure\n\
         cargo xtask servers [NAME ...]                 start servers and tools, until Ctrl-C\n\
         cargo xtask bench [NAME ...]                   measure, and print one table\n\nstages:\n",
    );
    for stage in stages::ALL {
        let when = if stage.on_demand { " (only when named)" } else { "" };
        text += &format!("  {:<12} {}{when}\n", stage.name, stage.about);
    }
    text += "\nservers and tools:\n";
    for service in services::ALL {
        text +=
            &format!("  {:<12} {}, as {}\n", service.name(), service.about(), service.variable());
    }
    text += "\nbenchmarks:\n";
    for group in bench::ALL {
        text += &format!("  {:<12} {}\n", group.name, group.about);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Task, String> {
        Task::parse(line.split_whitespace().map(str::to_owned))
    }

    fn names(line: &str) -> Vec<&'static str> {
        match parse(line) {
            Ok(Task::Test { stages, .. }) => stages.iter().map(|stage| stage.name).collect(),
            other => panic!("{line} is not a test run: {other:?}"),
        }
    }

    #[test]
    fn stages_keep_the_tables_order_and_come_once() {
        assert_eq!(names("test ui unit ui"), ["unit", "ui"]);
    }

    #[test]
    fn without_names_every_stage_runs_but_those_on_demand() {
        let all = names("test --require-all");
        assert!(all.contains(&"format") && all.contains(&"integration"));
        assert!(!all.contains(&"msrv"));
        assert_eq!(names("test msrv"), ["msrv"]);
    }

    #[test]
    fn benchmarks_keep_the_tables_order_and_come_once() {
        let names = |line: &str| match parse(line) {
            Ok(Task::Bench { groups }) => groups.iter().map(|group| group.name).collect::<Vec<_>>(),
            other => panic!("{line} measures nothing: {other:?}"),
        };
        assert_eq!(names("bench steps reads steps"), ["reads", "steps"]);
        assert_eq!(names("bench").len(), bench::ALL.len());
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for line in ["tset", "test unti", "test --all", "servers mot", "bench reed", "bench --all"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn help_names_every_stage_server_and_benchmark() {
        let help = help();
        assert!(bench::ALL.iter().all(|group| help.contains(group.about)));
        assert!(stages::ALL.iter().all(|stage| help.contains(stage.name)));
        assert!(services::ALL.iter().all(|service| help.contains(service.variable())));
    }
}
