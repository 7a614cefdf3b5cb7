//! A command line, as it is shown and as it is run.

use std::{
    env,
    fmt::{self, Display},
    path::Path,
    process::{Command, Stdio},
};

use crate::workspace;

/// Variables with these prefixes are ours, a mirrored system's or cargo's word to this very program. What a
/// developer has set for themselves must not decide how a test ends, and a test must not reach what it names.
const CLEARED: [&str; 9] = [
    "AWS_",
    "CARGO_BIN_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "FLYTE_",
    "METAFLOW_",
    "PREFECT_",
    "SECRETS_",
    "ZENML_",
];

/// A program, its arguments and the variables added to them.
#[derive(Debug)]
pub struct Line {
    program: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Line {
    /// `cargo` with these arguments, separated by white space.
    pub fn cargo(arguments: &str) -> Self {
        Self::new("cargo", arguments.split_whitespace())
    }

    /// A program with its arguments.
    pub fn new<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Self { program: program.to_owned(), arguments, variables: Vec::new() }
    }

    /// Adds arguments, each as it is.
    pub fn and<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Adds a variable, which is shown.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it to its end with its output streamed. An error says how it ended.
    pub fn run(&self, folder: &Path, exports: &[(String, String)]) -> Result<(), String> {
        let program =
            if self.program == "cargo" { workspace::cargo() } else { self.program.clone() };
        let status = clean(&program)
            .args(&self.arguments)
            .envs(exports.iter().map(|(name, value)| (name, value)))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("{}: {error}", self.program))?;
        if status.success() { Ok(()) } else { Err(format!("`{self}` ended with {status}")) }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}='{value}' ")?;
        }
        f.write_str(&self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// A command that sees none of the variables that [`CLEARED`] lists.
pub fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let hidden = |name: &str| CLEARED.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(hidden) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_what_can_be_typed() {
        let line =
            Line::cargo("doc  --no-deps").and(["-p", "x"]).with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps -p x");
    }

    #[test]
    fn a_failing_command_is_named() {
        let message = Line::new("false", []).run(Path::new("."), &[]).unwrap_err();
        assert!(message.starts_with("`false` ended with"), "{message}");
    }

    #[test]
    fn cargos_words_to_this_program_go_no_further() {
        // Under `cargo test` these are set.
        let command = clean("true");
        let removed =
            |name: &str| command.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
        assert!(!removed("PATH"));
    }
}
