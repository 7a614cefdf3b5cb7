//! `cargo xtask bench`.

use std::process::Stdio;

use crate::{
    command::{self, CommandLine},
    report::Outcome,
    services::venv,
    workspace::Workspace,
};

/// A group of measurements, under its name in the benchmarks' own program.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    pub about: &'static str,
    /// Whether it also measures Metaflow and boto3.
    python: bool,
    /// Other programs that it measures from outside.
    programs: &'static [Program],
}

/// A program that is measured. Each is built alone, as the features of packages that are built together unite,
/// and a user's program has only its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The command.
    Secrets,
    /// A member of the benchmarks' workspace.
    Member(&'static str),
}

use Program::{Member, Secrets};

/// All of them, in the order of the table.
pub static ALL: &[Group] = &[
    group("resolution", "all secrets of a step, from a server 20 ms away", true, &[]),
    group("concurrency", "many steps at once, and one cold secret", false, &[]),
    group("reads", "reading a secret that is there", false, &[Member("allocations")]),
    group("steps", "calling a step whose secrets are cached", false, &[Member("allocations")]),
    group(
        "start",
        "the first secret of a process, and `secrets run`",
        true,
        &[Secrets, Member("first-local"), Member("first-aws"), Member("first-sdk")],
    ),
    group("flow", "what a flow adds to the process of a step", false, &[Member("flow")]),
    group("store", "the embedded store, with 100,000 secrets", false, &[Secrets]),
    group("masking", "masking a log, beside aho-corasick", false, &[]),
    group(
        "guard",
        "looking through what a step returns, beside serde_json",
        false,
        &[Member("guarded")],
    ),
    group("compile", "500 annotated functions", false, &[]),
    group("build", "building secrets-runtime, with `aws` and without", false, &[]),
];

const fn group(
    name: &'static str,
    about: &'static str,
    python: bool,
    programs: &'static [Program],
) -> Group {
    Group { name, about, python, programs }
}

/// The workspace of the benchmarks.
pub const MANIFEST: &str = "benchmarks/Cargo.toml";
/// The variable with the path of a Python that has Metaflow and boto3.
const PYTHON: &str = "BENCH_PYTHON";

/// Builds what is measured, measures it, and prints one table. Returns false if something could not be measured;
/// a slow result only shows in the table.
pub fn run(workspace: &Workspace, groups: &[&'static Group]) -> Result<bool, String> {
    let target = workspace.scratch.with_file_name("benchmarks");
    for command in commands(groups, &target.display().to_string()) {
        eprintln!("== {command}");
        command.run(&workspace.root, &[])?;
    }
    let mut command = command::clean(target.join("release/secrets-benchmarks"));
    if groups.iter().any(|group| group.python) {
        eprintln!("== bench: a Python with Metaflow and boto3");
        match venv::python(workspace, "bench") {
            Ok(python) => drop(command.env(PYTHON, python)),
            Err(Outcome::Failed(why) | Outcome::Skipped(why)) => eprintln!("skipped: {why}"),
            Err(Outcome::Passed) => {}
        }
    }
    command.args(groups.iter().map(|group| group.name)).stdin(Stdio::null());
    let status = command.status().map_err(|error| format!("the benchmarks' program: {error}"))?;
    Ok(status.success())
}

/// Returns the commands that build the benchmarks' program and the other programs that these groups measure.
fn commands(groups: &[&'static Group], target: &str) -> Vec<CommandLine> {
    let build = || CommandLine::cargo("build --release --locked").args(["--target-dir", target]);
    let member = |name| build().args(["--manifest-path", MANIFEST, "-p", name]);
    let mut programs = Vec::new();
    for program in groups.iter().flat_map(|group| group.programs) {
        if !programs.contains(program) {
            programs.push(*program);
        }
    }
    let of = |program| match program {
        Secrets => build().args(["-p", "secrets-runtime-cli"]),
        Member(name) => member(name),
    };
    [member("secrets-benchmarks")].into_iter().chain(programs.into_iter().map(of)).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_measured_is_built_alone_and_once() {
        let pick = |name: &str| ALL.iter().find(|group| group.name == name).unwrap();
        let shown = |names: &[&str]| {
            let groups: Vec<_> = names.iter().map(|name| pick(name)).collect();
            commands(&groups, "t").iter().map(CommandLine::to_string).collect::<Vec<_>>()
        };
        let build = "cargo build --release --locked --target-dir t";
        let own = format!("{build} --manifest-path benchmarks/Cargo.toml -p secrets-benchmarks");
        assert_eq!(shown(&["compile"]), [own.as_str()]);
        let both = shown(&["start", "store"]);
        assert_eq!(both[..2], [own, format!("{build} -p secrets-runtime-cli")]);
        assert_eq!(both.len(), 5);
    }

    #[test]
    fn the_groups_are_those_of_the_benchmarks_own_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(folder.join("benchmarks/src/groups/mod.rs")).unwrap();
        let named = text.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next());
        let named: Vec<_> = named.collect();
        assert_eq!(named, ALL.iter().map(|group| group.name).collect::<Vec<_>>());
    }
}
