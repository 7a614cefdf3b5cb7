//! The command line of a flow's program.

use std::path::PathBuf;

use clap::{
    Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue},
};
use secrets_runtime::{__flow::closest, ValidationLevel, cli::SecretsArgs};

/// The option by which the first process of a container starts the program again.
pub const UNDER_SUPERVISOR: &str = "--under-supervisor";

/// The option by which `run` starts the program for a step.
pub const UNDER_RUN: &str = "--under-run";

/// The option by which the program starts itself again with the variables of the steps.
pub const WITH_VARIABLES: &str = "--with-variables";

/// Runs the steps of a flow, or writes manifests for Argo Workflows and Kubernetes.
#[derive(Debug, Parser)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct FlowArguments {
    #[command(flatten)]
    pub secrets: SecretsArgs,
    #[command(flatten)]
    pub restart: RestartArguments,
    #[command(subcommand)]
    pub command: FlowCommand,
}

/// How the program has started itself again. Nobody else uses these options.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct RestartArguments {
    /// The parent of this process is the first process of a container, and looks after it
    #[arg(long, hide = true)]
    pub under_supervisor: bool,
    /// The parent of this process, which has this id, is `run`, and looks after what this process has left
    #[arg(long, hide = true, value_name = "PID")]
    pub under_run: Option<i32>,
    /// This process has the variables of the steps
    #[arg(long, hide = true)]
    pub with_variables: bool,
}

#[derive(Debug, Subcommand)]
pub enum FlowCommand {
    /// Run the steps, each in a process of its own
    Run(RunArguments),
    /// Run one step
    Step {
        /// The step
        name: String,
    },
    /// Print the steps, their order, and what each declares
    Show {
        /// How to print them
        #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
        format: ShowFormat,
    },
    /// Check that the secrets of all steps exist, without running a step
    Check {
        /// How much to check: NONE, SECRET_EXISTS or SECRET_AND_KEY_EXISTS
        #[arg(long, value_name = "LEVEL")]
        level: Option<ValidationLevel>,
    },
    /// Create the flow in Argo Workflows, or start it
    #[command(subcommand_required = true, arg_required_else_help = true)]
    ArgoWorkflows {
        #[command(subcommand)]
        command: ArgoCommand,
    },
    /// Create a Job of Kubernetes that runs the flow in one pod
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Kubernetes {
        #[command(subcommand)]
        command: KubernetesCommand,
    },
}

#[derive(Debug, Subcommand)]
pub enum ArgoCommand {
    /// Create or change the WorkflowTemplate, and with --schedule the CronWorkflow
    Create(CreateArguments),
    /// Start a Workflow from the WorkflowTemplate
    Trigger(TriggerArguments),
}

#[derive(Debug, Subcommand)]
pub enum KubernetesCommand {
    /// Create a Job that runs all steps, or with --schedule a CronJob
    Create(CreateArguments),
}

#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// How many steps may run at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Run only these steps, without the steps on which they depend
    #[arg(long, value_name = "STEP", num_args = 1..)]
    pub only: Vec<String>,
    /// Run all steps in this process, one after another, so without --jobs
    #[arg(long, conflicts_with = "jobs")]
    pub in_process: bool,
    /// Set an environment variable of every step
    #[arg(long, value_name = "K=V")]
    pub set: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
    /// A diagram for Mermaid
    Mermaid,
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    /// The image that contains the program; not needed if each step has its own
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// The service account of the pods
    #[arg(long, value_name = "NAME")]
    pub service_account: Option<String>,
    /// When to run it: five fields of cron, such as '0 2 * * *'
    #[arg(long, value_name = "CRON")]
    pub schedule: Option<String>,
    /// The time zone of the schedule, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", requires = "schedule")]
    pub timezone: Option<String>,
    /// Set a variable of the pods: with its value, or with the value that it has here
    #[arg(long, value_name = "K=V|K")]
    pub env: Vec<String>,
    /// Set a variable of the pods to a key of a Secret
    #[arg(long, value_name = "K=SECRET/KEY")]
    pub env_from_secret: Vec<String>,
    /// The program in the image [default: the name of this program's file]
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// The group that may read mounted Secrets, for an image that does not run as root
    #[arg(long, value_name = "GID", value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    pub fs_group: Option<u32>,
    #[command(flatten)]
    pub target: TargetArguments,
}

#[derive(Debug, clap::Args)]
pub struct TriggerArguments {
    #[command(flatten)]
    pub target: TargetArguments,
}

/// Which object it is, and whether it is printed or applied.
#[derive(Debug, clap::Args)]
pub struct TargetArguments {
    /// The namespace [default: that of kubectl's context]
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The name of the object [default: that of the flow]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print it as JSON, and contact nothing
    #[arg(long, conflicts_with = "only_yaml")]
    pub only_json: bool,
    /// Print it as YAML, and contact nothing
    #[arg(long)]
    pub only_yaml: bool,
}

impl FlowCommand {
    /// Returns whether the bodies of steps run in this process.
    pub fn runs_here(&self) -> bool {
        match self {
            Self::Step { .. } => true,
            Self::Run(arguments) => arguments.in_process,
            _ => false,
        }
    }
}

impl FlowArguments {
    /// Reads the command line of the process.
    ///
    /// # Errors
    /// The mistake, or what `--help` prints.
    pub fn read(flow: &str) -> Result<Self, clap::Error> {
        let command = Self::command().name(flow.to_owned()).bin_name(flow);
        // Else those of all commands stand among the command's own.
        let command = command.mut_args(|argument| match argument.is_global_set() {
            true => argument.help_heading("Secrets"),
            false => argument,
        });
        let mut command = command;
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        let matches = matches.map_err(|error| with_closest_command(error, &command))?;
        Self::from_arg_matches(&matches)
    }
}

/// Has the error of an unknown command name the one with the fewest letters that differ, if one is near. What `clap`
/// itself finds near to a short word can be a long one.
fn with_closest_command(mut error: clap::Error, program: &Command) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let before = std::env::args_os().skip(1).take_while(|argument| argument != word.as_str());
    let parent = before
        .fold(program, |parent, argument| parent.find_subcommand(&argument).unwrap_or(parent));
    if let Some(near) = closest(word, parent.get_subcommands().map(Command::get_name)) {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
    error
}

/// Splits `K=V`.
///
/// # Errors
/// The mistake.
pub fn split_assignment<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str), String> {
    text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        // What is not an assignment may be a value.
        format!("{option} takes NAME=VALUE: a `=` or the name before it is missing")
    })
}
