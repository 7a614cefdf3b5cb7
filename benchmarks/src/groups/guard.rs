//! Looking through what a step returns, beside writing it to nowhere.

use crate::{
    measure::Failure,
    row::{Budget, Row},
    setup::Setup,
};

/// What the program `guarded` measures, and what it is.
const VALUES: &[(&str, &str)] = &[
    ("rows", "20,000 structs with numbers and short texts"),
    ("maps", "20,000 maps of five short texts"),
    ("texts", "4,000 texts of 1 KiB"),
    ("numbers", "400,000 numbers"),
];

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let output = setup.command(setup.program("guarded")?).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("guarded ended with {}\n{said}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    VALUES.iter().map(|(name, what)| row(&text, name, what)).collect()
}

fn row(text: &str, name: &str, what: &str) -> Result<Row, Failure> {
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let line = lines.find(|line| line.first() == Some(&name));
    let Some([_, ours, beside]) = line.as_deref() else {
        return Err(format!("guarded does not report `{name}`").into());
    };
    Ok(Row::ratio(
        format!("guarding the result of a step: {what}"),
        ours.parse()?,
        "`serde_json::to_writer(io::sink())`",
        beside.parse()?,
        Budget::AtMost(1.3),
    ))
}
