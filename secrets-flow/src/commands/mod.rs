//! The commands of a flow's program.

mod check;
mod create;
mod launch;
mod run;
mod show;
mod step;
#[cfg(unix)]
mod supervisor;
mod table;

use crate::{
    arguments::{ArgoCommand, FlowArguments, FlowCommand, KubernetesCommand},
    failure::CommandFailure,
    plan::FlowPlan,
};

/// Runs a command, and returns the exit code.
///
/// # Errors
/// What is reported, and with which exit code.
pub fn run(flow: &FlowPlan, arguments: FlowArguments) -> Result<u8, CommandFailure> {
    let FlowArguments { secrets, restart, command } = arguments;
    #[cfg(unix)]
    if command.runs_here() && supervisor::is_needed() {
        return supervisor::run();
    }
    match command {
        FlowCommand::Run(arguments) => run::run(flow, secrets, &arguments, restart),
        FlowCommand::Step { name } => step::run(flow, secrets, &name, restart),
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
