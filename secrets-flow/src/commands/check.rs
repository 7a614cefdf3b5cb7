//! `check`: whether the secrets of all steps exist.

use secrets_runtime::{Declaration, Error, ValidationLevel, cli::SecretsArgs};

use crate::{
    commands::{launch, table::columns},
    failure::CommandFailure,
    plan::FlowPlan,
    program::print,
    step::Declared,
};

/// Validates every step, and prints a table with a row for each source and request.
pub fn run(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    level: Option<ValidationLevel>,
) -> Result<u8, CommandFailure> {
    let resolver = launch::resolver(secrets).build()?;
    let level = level.unwrap_or_else(|| resolver.validation_level());
    let cells = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let mut rows = vec![cells(["STEP", "SECRET", "BACKEND", "RESULT"])];
    let mut problems: Vec<Error> = Vec::new();
    for step in &flow.steps {
        let declared = step.declared()?;
        let is_unknown = matches!(declared, Declared::Unknown);
        let declaration = match declared {
            Declared::Known(function) => function.declaration,
            // It may call a step that gets what is attached at launch.
            Declared::Unknown => Declaration::builder(&step.name).build(),
        };
        let report = resolver.validate_blocking(level, &declaration);
        for checked in report.checked() {
            let result = checked.kind().map_or("ok", |kind| kind.as_str());
            rows.push(cells([
                &step.name,
                checked.name(),
                checked.backend().unwrap_or_default(),
                result,
            ]));
        }
        if is_unknown {
            rows.push(cells([&step.name, "unknown", "", "not checked"]));
        } else if report.checked().is_empty() {
            rows.push(cells([&step.name, "none", "", "ok"]));
        }
        problems.extend(report.into_result().err());
    }
    print(&columns(&rows)).map_err(|error| CommandFailure::Other(error.to_string(), 1))?;
    match Error::join(problems) {
        Some(error) => Err(error.into()),
        None => Ok(0),
    }
}
