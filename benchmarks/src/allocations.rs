//! What the program `allocations` counts.

use crate::{measure::Failure, setup::Setup};

/// How often the thing of this name asks for memory.
pub fn allocations(setup: &Setup, name: &str) -> Result<f64, Failure> {
    let output = setup.command(setup.program("allocations")?).output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("allocations ended with {}\n{told}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let line =
        text.lines().filter_map(|line| line.split_once(' ')).find(|(known, _)| *known == name);
    let (_, count) = line.ok_or_else(|| format!("allocations tells nothing of `{name}`"))?;
    Ok(count.parse()?)
}
