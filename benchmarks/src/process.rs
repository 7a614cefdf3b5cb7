//! Programs that are measured from outside.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use crate::measure::Failure;

/// The seconds from before a program is started until it has ended.
pub fn whole(command: &mut Command) -> Result<f64, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let taken = start.elapsed().as_secs_f64();
    if status.success() { Ok(taken) } else { Err(failed(command, status)) }
}

/// The seconds until a program has written its first line, and until it has ended, with that many lines.
pub fn lines(command: &mut Command) -> Result<(f64, f64, usize), Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut output = BufReader::with_capacity(1 << 16, child.stdout.take().ok_or("no output")?);
    let mut text = String::new();
    output.read_line(&mut text)?;
    let first = start.elapsed().as_secs_f64();
    output.read_to_string(&mut text)?;
    let status = child.wait()?;
    let taken = start.elapsed().as_secs_f64();
    if status.success() {
        Ok((first, taken, text.lines().count()))
    } else {
        Err(failed(command, status))
    }
}

fn failed(command: &Command, status: ExitStatus) -> Failure {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let line: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}` ended with {status}", line.join(" ")).into()
}
