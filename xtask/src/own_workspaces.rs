//! The stages of workspaces of their own, whose dependencies need not be built by every check.

use crate::{bench, command::CommandLine, workspace::Workspace};

/// The programs for other engines.
const ENGINES: [&str; 2] = ["apalis", "dagster"];

/// The programs with pools of connections.
const POOLS: [&str; 3] = ["sqlx", "deadpool", "bb8"];

/// Clippy and the tests of the benchmarks, whose dependencies the library is compared with.
pub fn benchmarks(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let command = |command| {
        let command = of_workspace(workspace, "benchmarks", bench::MANIFEST, command);
        command.args(["--workspace", "--all-targets"])
    };
    Ok(vec![command("clippy").args(["--", "-D", "warnings"]), command("test")])
}

/// Clippy on the programs for other engines, and each of them run.
pub fn engines(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let commands = programs(workspace, "engines", "examples/engines/Cargo.toml", &ENGINES);
    let sources = r#"{"prod-db":{"type":"env","id":"DB_*"}}"#;
    let with_secrets = |command: CommandLine| {
        let command = command.env("SECRETS_SOURCES", sources);
        command.env("DB_USER", "app").env("DB_PASSWORD", "SeNtInEl")
    };
    Ok(commands.map(with_secrets).collect())
}

/// Clippy on the programs with pools, and each of them run against PostgreSQL.
pub fn pools(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    Ok(programs(workspace, "pools", "examples/pools/Cargo.toml", &POOLS).collect())
}

fn programs<'a>(
    workspace: &'a Workspace,
    name: &'a str,
    manifest: &'a str,
    programs: &'a [&'a str],
) -> impl Iterator<Item = CommandLine> + 'a {
    let clippy = of_workspace(workspace, name, manifest, "clippy");
    let clippy = clippy.args(["--all-targets", "--", "-D", "warnings"]);
    let run = move |program: &&str| {
        of_workspace(workspace, name, manifest, "run").args(["--bin", program])
    };
    std::iter::once(clippy).chain(programs.iter().map(run))
}

/// A command in a target directory of the workspace's own.
fn of_workspace(workspace: &Workspace, name: &str, manifest: &str, command: &str) -> CommandLine {
    let target = workspace.scratch.with_file_name(name).display().to_string();
    let command = CommandLine::cargo(command).args(["--manifest-path", manifest]);
    command.args(["--target-dir", target.as_str()])
}
