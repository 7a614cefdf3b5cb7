//! The processor time of children.

use std::{fs, process::Command};

use crate::measure::Failure;

/// Runs a command to its end and returns the seconds of processor time, the user's and the system's, that it and what
/// it waited for have taken. One after another only: those of the whole process are counted.
pub fn seconds(command: &mut Command) -> Result<f64, Failure> {
    let before = of_children()?;
    let output = command.output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let program = command.get_program().to_string_lossy();
        return Err(format!("{program} ended with {}\n{told}", output.status).into());
    }
    Ok(of_children()? - before)
}

/// proc(5): the sixteenth and seventeenth field, counted from the end of the name, which may hold anything.
fn of_children() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<_, _>>()?;
    Ok(f64::from(ticks) / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_and_waiting_is_not() {
        let shell = |script: &str| seconds(Command::new("sh").args(["-c", script])).unwrap();
        assert!(shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done") > 0.05);
        assert!(shell("sleep 0.3") < 0.1);
        assert!(seconds(&mut Command::new("false")).is_err());
    }
}
