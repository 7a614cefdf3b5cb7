use clap::CommandFactory;

use crate::{
    args::{Arguments, Completions},
    failure::Failure,
    output::wiped_output::WipedOutput,
};

/// Prints completions for a shell.
pub fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "secrets", &mut script);
    let mut output = WipedOutput::default();
    output.push(script);
    output.print()
}
