//! The stages of workspaces of their own, whose dependencies need not be built by every check.

use crate::{bench, command::CommandLine, workspace::Workspace};

/// The programs with pools of connections.
const POOLS: [&str; 4] = ["sqlx", "deadpool", "bb8", "mysql"];

/// Returns clippy and the tests of the benchmarks, whose dependencies are compared with the library.
pub fn benchmarks(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |command| {
        let command = of_workspace(workspace, "benchmarks", bench::MANIFEST, command);
        command.args(["--workspace", "--all-targets"])
    };
    Ok(vec![command("clippy").args(["--", "-D", "warnings"]), command("test")])
}

/// Returns clippy on the programs for other engines, and their tests, each of which runs one in its engine.
pub fn engines(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |command| {
        let manifest = "examples/engines/Cargo.toml";
        of_workspace(workspace, "engines", manifest, command).args(["--workspace"])
    };
    let clippy = command("clippy").args(["--all-targets", "--", "-D", "warnings"]);
    Ok(vec![clippy, command("test").args(["--no-fail-fast"])])
}

/// Returns clippy on the programs with pools, and a run of each against its database.
pub fn pools(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |command| of_workspace(workspace, "pools", "examples/pools/Cargo.toml", command);
    let clippy = command("clippy").args(["--all-targets", "--", "-D", "warnings"]);
    let run = |program: &&str| command("run").args(["--bin", program]);
    Ok(std::iter::once(clippy).chain(POOLS.iter().map(run)).collect())
}

/// Returns a command in a target directory of the workspace's own.
fn of_workspace(workspace: &Workspace, name: &str, manifest: &str, command: &str) -> CommandLine {
    let target = workspace.scratch.with_file_name(name).display().to_string();
    let command = CommandLine::cargo(command).args(["--manifest-path", manifest]);
    command.args(["--target-dir", target.as_str()])
}
