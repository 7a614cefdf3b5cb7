use std::{
    env,
    process::{Command, Stdio},
};

/// The variable that names the case which a process is to run.
pub const CASE: &str = "PROCESSES_CASE";

/// Starts this program again for one case, without the settings of the person who runs the tests.
pub fn child(case: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["SECRETS_", "METAFLOW_", "XDG_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.env(CASE, case).stdin(Stdio::null());
    command
}

/// A list of functions with their names.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*]
    };
}
pub(crate) use cases;
