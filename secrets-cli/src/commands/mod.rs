//! The commands, one file each.

mod check;
mod completions;
mod delete;
mod doctor;
mod export;
mod get;
mod import;
mod list;
mod man;
mod register;
mod rename;
mod render;
mod resolve;
mod run;
mod update;

use crate::{args::Command, argv::Field, failure::Failure, words::Words};

/// Does what was typed. `fields` are those of `register` and `update`.
pub fn run(command: Command, fields: Vec<Field>, words: &Words) -> Result<(), Failure> {
    match command {
        Command::Register(args) => register::run(&args, &fields, words),
        Command::Update(args) => update::run(&args, &fields, words),
        Command::Get(args) => get::run(&args, words),
        Command::List(args) => list::run(&args),
        Command::Delete(args) => delete::run(&args, words),
        Command::Rename(args) => rename::run(&args, words),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args, words),
        Command::Resolve(args) => resolve::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Render(args) => render::run(&args, words),
        Command::Check(args) => check::run(&args, words),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
