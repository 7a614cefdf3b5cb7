use clap::CommandFactory;

use crate::{
    args::{Arguments, Completions},
    failure::Failure,
    page::Page,
};

/// Prints completions for a shell.
pub fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "secrets", &mut script);
    let mut page = Page::default();
    page.push(script);
    page.print()
}
