//! The commands, one file or folder each.

pub mod audit;
mod check;
mod delete;
mod doctor;
mod explain;
mod export;
mod get;
mod import;
mod inspect;
mod list;
mod lock;
mod mask;
mod policy;
mod register;
mod rename;
mod render;
mod resolve;
pub mod run;
mod trust;
mod update;
mod usage;

use crate::{
    args::{Command, argv::FieldArg},
    failure::Failure,
    output::reporter::Reporter,
};

/// Runs a command. `fields` are the fields of `register` and `update`.
pub fn run(command: Command, fields: Vec<FieldArg>, reporter: &Reporter) -> Result<(), Failure> {
    match command {
        Command::Register(args) => register::run(&args, &fields, reporter),
        Command::Update(args) => update::run(&args, &fields, reporter),
        Command::Get(args) => get::run(&args, reporter),
        Command::List(args) => list::run(&args, reporter),
        Command::Delete(args) => delete::run(&args, reporter),
        Command::Rename(args) => rename::run(&args, reporter),
        Command::Export(args) => export::run(&args, reporter),
        Command::Import(args) => import::run(&args, reporter),
        Command::Resolve(args) => resolve::run(&args, reporter),
        Command::Run(args) => run::run(&args, reporter),
        Command::Mask(args) => mask::run(&args),
        Command::Render(args) => render::run(&args, reporter),
        Command::Check(args) => check::run(&args, reporter),
        Command::Lock(args) => lock::run(&args, reporter),
        Command::Audit(args) => audit::run(&args, reporter),
        Command::Inspect(args) => inspect::run(&args, reporter),
        Command::Policy(args) => policy::run(&args, reporter),
        Command::Explain(args) => explain::run(&args, reporter),
        Command::Doctor(args) => doctor::run(&args),
        Command::Trust(args) => trust::run(&args, reporter),
        Command::Completions(args) => usage::completions::run(&args),
        Command::Man(args) => usage::man::run(&args),
    }
}
