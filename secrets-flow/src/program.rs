//! The program itself: how it is started again, and how it speaks.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Returns a command that starts this program again.
pub fn command() -> Command {
    // The link leads to this program even if another one has been installed in its place.
    let link = PathBuf::from("/proc/self/exe");
    let this = if link.exists() { link } else { std::env::current_exe().unwrap_or(link) };
    named(Command::new(this))
}

/// Sets the name under which the program is started.
#[cfg(unix)]
fn named(mut command: Command) -> Command {
    std::os::unix::process::CommandExt::arg0(&mut command, name());
    command
}

/// A name is that of the file.
#[cfg(not(unix))]
fn named(command: Command) -> Command {
    command
}

/// Returns the name under which the program was started.
fn name() -> OsString {
    std::env::args_os().next().unwrap_or_else(|| "flow".into())
}

/// Returns the name of the program's file.
pub fn file_name() -> Option<String> {
    let path = std::env::current_exe().ok().or_else(|| Some(PathBuf::from(name())))?;
    let name = Path::new(&path).file_name()?.to_str()?;
    // What Linux adds if the file is not there any more.
    Some(name.strip_suffix(" (deleted)").unwrap_or(name).to_owned())
}

/// Prints a message for people on standard error.
pub fn say(message: &str) {
    // A terminal that is gone is not a reason to fail.
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// Prints an error.
pub fn report(message: &str) {
    say(&format!("error: {message}"));
}

/// Prints a warning.
pub fn warn(message: &str) {
    say(&format!("warning: {message}"));
}

/// Prints what a command returns, on standard output.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
