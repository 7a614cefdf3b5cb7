//! The commands of a flow's program.

mod check;
mod create;
mod run;
mod show;
mod step;

use secrets_runtime::{Resolver, ResolverBuilder, cli::SecretsArgs};

use crate::{
    arguments::{ArgoCommand, Arguments, FlowCommand, KubernetesCommand},
    failure::CommandFailure,
    flow::Flow,
};

/// Runs a command, and returns the exit code.
///
/// # Errors
/// What is reported, and with which exit code.
pub fn run(flow: &Flow, arguments: Arguments) -> Result<u8, CommandFailure> {
    let Arguments { secrets, command } = arguments;
    match command {
        FlowCommand::Run(arguments) => run::run(flow, secrets, &arguments),
        FlowCommand::Step { name } => step::run(flow, secrets, &name),
        FlowCommand::Show { format } => show::run(flow, format),
        FlowCommand::Check { level } => check::run(flow, secrets, level),
        FlowCommand::ArgoWorkflows { command: ArgoCommand::Create(arguments) } => {
            create::argo(flow, secrets, &arguments)
        }
        FlowCommand::ArgoWorkflows { command: ArgoCommand::Trigger(arguments) } => {
            create::trigger(flow, &arguments)
        }
        FlowCommand::Kubernetes { command: KubernetesCommand::Create(arguments) } => {
            create::kubernetes(flow, secrets, &arguments)
        }
    }
}

/// Returns the builder of the process's resolver, with the options of the command line.
fn resolver(secrets: SecretsArgs) -> ResolverBuilder {
    secrets.apply_to(Resolver::builder().registered_backends())
}

/// Returns lines of columns that stand below each other.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let cells: Vec<String> = cells.collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
