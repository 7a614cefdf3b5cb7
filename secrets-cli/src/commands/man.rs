use clap::CommandFactory;
use clap_mangen::Man as ManPage;

use crate::{
    args::{Arguments, Man},
    failure::Failure,
    output::wiped_output::WipedOutput,
};

/// Prints the manual page of `secrets`, or of one command, in roff.
pub fn run(args: &Man) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = &args.command {
        let Some(sub) = command.find_subcommand(name) else {
            let names = command.get_subcommands().map(|sub| sub.get_name().to_owned());
            let help = format!("the commands are {}", names.collect::<Vec<_>>().join(", "));
            return Err(Failure::usage(format!("there is no command `{name}`"), help));
        };
        command = sub.clone();
    }
    let mut roff = Vec::new();
    // Writing into memory cannot fail.
    let _ = ManPage::new(command).render(&mut roff);
    let mut output = WipedOutput::default();
    output.push(roff);
    output.print()
}
