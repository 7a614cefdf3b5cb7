//! `cargo xtask bench`.

use std::process::Stdio;

use crate::{
    line::{self, Line},
    report::Outcome,
    venv,
    workspace::Workspace,
};

/// A group of the measurements, by the name that the benchmarks' own program has for it.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    pub about: &'static str,
    /// Whether some of its rows are beside Metaflow and boto3.
    python: bool,
    /// The programs that it measures from outside, beside the benchmarks' own.
    programs: &'static [Program],
}

/// A program that is measured, and how it is built. Each is built alone: features of what is built together
/// unite, and a user's program has its own ones only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The command.
    Secrets,
    /// A member of the benchmarks' workspace.
    Member(&'static str),
}

use Program::{Member, Secrets};

/// All of them, in the table's order.
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
    group("store", "the embedded store, with 100,000 secrets", false, &[Secrets]),
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
/// Tells their program where Metaflow and boto3 are.
const PYTHON: &str = "BENCH_PYTHON";

/// Builds what is measured, measures it, and prints one table. False if something could not be measured; that
/// something is slow is said in the table alone.
pub fn run(workspace: &Workspace, groups: &[&'static Group]) -> Result<bool, String> {
    let target = workspace.scratch.with_file_name("benchmarks");
    for line in lines(groups, &target.display().to_string()) {
        eprintln!("== {line}");
        line.run(&workspace.root, &[])?;
    }
    let mut command = line::clean(target.join("release/secrets-benchmarks"));
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

/// The lines that build their program and what the groups measure with it.
fn lines(groups: &[&'static Group], target: &str) -> Vec<Line> {
    let build = || Line::cargo("build --release --locked").and(["--target-dir", target]);
    let member = |name| build().and(["--manifest-path", MANIFEST, "-p", name]);
    let mut programs = Vec::new();
    for program in groups.iter().flat_map(|group| group.programs) {
        if !programs.contains(program) {
            programs.push(*program);
        }
    }
    let of = |program| match program {
        Secrets => build().and(["-p", "secrets-cli"]),
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
            lines(&groups, "t").iter().map(Line::to_string).collect::<Vec<_>>()
        };
        let build = "cargo build --release --locked --target-dir t";
        let own = format!("{build} --manifest-path benchmarks/Cargo.toml -p secrets-benchmarks");
        assert_eq!(shown(&["compile"]), [own.as_str()]);
        let both = shown(&["start", "store"]);
        assert_eq!(both[..2], [own, format!("{build} -p secrets-cli")]);
        assert_eq!(both.len(), 5);
    }

    #[test]
    fn the_groups_are_those_of_the_benchmarks_own_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(folder.join("benchmarks/src/groups.rs")).unwrap();
        let named = text.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next());
        let named: Vec<_> = named.collect();
        assert_eq!(named, ALL.iter().map(|group| group.name).collect::<Vec<_>>());
    }
}
