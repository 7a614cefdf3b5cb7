//! A command line, as it is shown and as it is run.

use std::{
    env,
    fmt::{self, Display},
    fs::File,
    path::Path,
    process::{Command, Stdio},
};

use crate::workspace;

/// Prefixes of the variables of this project, of the systems it mirrors, and of those that cargo sets for this
/// program. A developer's own settings must not decide how a test ends, nor may a test reach what they name.
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
#[derive(Debug, Clone)]
pub struct CommandLine {
    program: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl CommandLine {
    /// Creates a command line of `cargo` with these arguments, which are separated by white space.
    pub fn cargo(arguments: &str) -> Self {
        Self::new("cargo", arguments.split_whitespace())
    }

    /// Creates a command line of a program with these arguments.
    pub fn new<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Self { program: program.to_owned(), arguments, variables: Vec::new() }
    }

    /// Adds arguments, unchanged.
    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Adds a variable, which is shown too.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs the command to its end; its output goes to the terminal. An error says how it ended.
    pub fn run(&self, folder: &Path, exports: &[(String, String)]) -> Result<(), String> {
        self.wait(self.process(folder).envs(exports.iter().map(|(name, value)| (name, value))))
    }

    /// Runs the command to its end; its output is added to a file. An error says how it ended.
    pub fn run_into(&self, folder: &Path, output: &File) -> Result<(), String> {
        let output = || output.try_clone().map_err(|error| format!("its output: {error}"));
        self.wait(self.process(folder).stdout(output()?).stderr(output()?))
    }

    fn process(&self, folder: &Path) -> Command {
        let program =
            if self.program == "cargo" { workspace::cargo() } else { self.program.clone() };
        let mut process = clean(&program);
        process.args(&self.arguments).current_dir(folder).stdin(Stdio::null());
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process
    }

    fn wait(&self, process: &mut Command) -> Result<(), String> {
        let status = process.status().map_err(|error| format!("{}: {error}", self.program))?;
        if status.success() { Ok(()) } else { Err(format!("`{self}` ended with {status}")) }
    }
}

impl Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}='{value}' ")?;
        }
        f.write_str(&self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// Creates a command without the variables whose prefixes [`CLEARED`] lists.
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
    fn a_command_is_shown_as_it_can_be_typed() {
        let command = CommandLine::cargo("doc  --no-deps")
            .args(["-p", "x"])
            .env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(command.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps -p x");
    }

    #[test]
    fn a_failing_command_is_named() {
        let message = CommandLine::new("false", []).run(Path::new("."), &[]).unwrap_err();
        assert!(message.starts_with("`false` ended with"), "{message}");
    }

    #[test]
    fn variables_that_cargo_sets_for_this_program_are_removed() {
        // Under `cargo test` these are set.
        let command = clean("true");
        let removed =
            |name: &str| command.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
        assert!(!removed("PATH"));
    }
}
