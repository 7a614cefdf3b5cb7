use clap::{Command, CommandFactory};
use clap_mangen::Man as ManPage;
use secrets_runtime::settings::variables;

use crate::{
    args::{Arguments, Man, help},
    failure::Failure,
    output::wiped_output::WipedOutput,
};

/// Prints the manual page of `secrets`, or of one command, in roff.
pub fn run(args: &Man) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let names: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    if let Some(name) = &args.command {
        let Some(sub) = command.find_subcommand(name) else {
            let help = format!("the commands are {}", names.join(", "));
            return Err(Failure::usage(format!("there is no command `{name}`"), help));
        };
        command = sub.clone();
    }
    let see_also = see_also(args.command.as_deref(), &names);
    let mut roff = Vec::new();
    // Writing into memory cannot fail.
    let _ = ManPage::new(command.clone()).render(&mut roff);
    let mut output = WipedOutput::default();
    output.push(roff);
    output.push(examples(&command));
    output.push(section("FILES", help::FILES.iter().copied()));
    let variables = variables::ALL.iter().map(|variable| (variable.name(), variable.doc()));
    output.push(section("ENVIRONMENT", variables));
    output.push(format!(".SH \"SEE ALSO\"\n{see_also}\n"));
    output.print()
}

/// Returns the examples whose command line has this command, or all of them for `secrets` itself.
fn examples(command: &Command) -> String {
    let name = command.get_name();
    let is_shown = |line: &str| name == "secrets" || line.contains(&format!("secrets {name} "));
    let shown: Vec<_> = help::EXAMPLES.iter().filter(|(_, line)| is_shown(line)).collect();
    if shown.is_empty() {
        return String::new();
    }
    let example = |(what, line): &&(&str, &str)| {
        format!(".PP\n{}\n.PP\n.RS 4\n{}\n.RE\n", escape(what), escape(line))
    };
    format!(".SH EXAMPLES\n{}", shown.iter().map(example).collect::<String>())
}

fn section<'a>(title: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let entry = |(name, what): (&str, &str)| {
        format!(".TP\n\\fB{}\\fR\n{}\n", escape(name), escape(&what.replace('`', "")))
    };
    format!(".SH {title}\n{}", entries.map(entry).collect::<String>())
}

/// Returns the other pages of this command.
fn see_also(own: Option<&str>, names: &[String]) -> String {
    let others = names.iter().filter(|name| own != Some(name.as_str()) && *name != "help");
    let pages = others.map(|name| format!("secrets-{name}"));
    let pages: Vec<String> = own.map(|_| "secrets".to_owned()).into_iter().chain(pages).collect();
    let page = |page: &String| format!("\\fB{}\\fR(1)", escape(page));
    pages.iter().map(page).collect::<Vec<_>>().join(", ")
}

/// Escapes a text for roff: its backslashes and hyphens, and a first character that would make it a request.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
