//! Commands in messages, with the options that were typed and that the next command needs too.

use std::{borrow::Cow, sync::OnceLock};

use secrets_spec::shell_word;

/// The commands with the option `--backend`.
const COMMANDS: [&str; 17] = [
    "register", "update", "get", "list", "delete", "rename", "export", "import", "resolve", "run",
    "mask", "render", "check", "lock", "policy", "explain", "doctor",
];

/// The typed options, with a space before each.
static OPTIONS: OnceLock<Options> = OnceLock::new();

#[derive(Debug, Default)]
struct Options {
    profile: String,
    backend: String,
}

/// Sets the options that were typed.
pub fn remember(backend: Option<&str>, profiles: &[String]) {
    let option = |name: &str, text: &str| format!(" --{name} {}", shell_word(text));
    let profile = profiles.iter().map(|profile| option("profile", profile)).collect();
    let backend = backend.map(|kind| option("backend", kind)).unwrap_or_default();
    let _ = OPTIONS.set(Options { profile, backend });
}

/// Returns a text whose commands, such as `secrets list` in backquotes, have the options that were typed: without them
/// they would use another backend.
pub fn with_options(text: &str) -> Cow<'_, str> {
    OPTIONS.get().map_or(Cow::Borrowed(text), |options| options.add_to(text))
}

impl Options {
    fn add_to<'a>(&self, text: &'a str) -> Cow<'a, str> {
        const START: &str = "`secrets ";
        if self.profile.is_empty() && self.backend.is_empty() || !text.contains(START) {
            return Cow::Borrowed(text);
        }
        let mut pieces = text.split(START);
        let mut added = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            added.push_str(START);
            let (line, behind) = piece.split_at(piece.find('`').unwrap_or(piece.len()));
            // Behind `--` is the command line of another program.
            let (line, program) = line.split_at(line.find(" -- ").unwrap_or(line.len()));
            added.push_str(line);
            if COMMANDS.contains(&line.split(' ').next().unwrap_or_default()) {
                for (name, option) in [("--profile", &self.profile), ("--backend", &self.backend)] {
                    if !line.split(' ').any(|word| word == name) {
                        added.push_str(option);
                    }
                }
            }
            added.push_str(program);
            added.push_str(behind);
        }
        Cow::Owned(added)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Arguments;

    #[test]
    fn the_commands_are_those_with_the_option() {
        let command = Arguments::command();
        let has_backend =
            |sub: &&clap::Command| sub.get_arguments().any(|it| it.get_id() == "backend");
        let mut named: Vec<_> =
            command.get_subcommands().filter(has_backend).map(clap::Command::get_name).collect();
        let mut known = COMMANDS.to_vec();
        named.sort_unstable();
        known.sort_unstable();
        assert_eq!(named, known);
    }

    #[test]
    fn each_command_of_a_text_has_the_options() {
        let options =
            |backend: &str| Options { profile: String::new(), backend: backend.to_owned() };
        for (text, wanted) in [
            (
                "`secrets list` or `secrets trust x`",
                "`secrets list --backend v` or `secrets trust x`",
            ),
            ("`secrets run a -- sh`", "`secrets run a --backend v -- sh`"),
            ("`secrets get a --backend op`", "`secrets get a --backend op`"),
            ("secrets list", "secrets list"),
        ] {
            assert_eq!(options(" --backend v").add_to(text), wanted);
            assert_eq!(options("").add_to(text), text);
        }
    }
}
