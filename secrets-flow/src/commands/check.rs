//! `check`: whether the secrets of all steps exist.

use secrets_runtime::{Declaration, Error, Problem, Report, ValidationLevel, cli::SecretsArgs};

use crate::{
    commands::{launch, table::columns},
    failure::CommandFailure,
    plan::FlowPlan,
    program::print,
    step::DeclarationState,
};

/// Validates every step, and prints a table with a row for each source and request.
pub fn run(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    level: Option<ValidationLevel>,
) -> Result<u8, CommandFailure> {
    let resolver = launch::resolver(secrets).build()?;
    let level = level.unwrap_or_else(|| resolver.validation_level());
    let mut found = Findings::default();
    found.row("STEP", "SECRET", "BACKEND", "RESULT");
    let (mut is_any_unknown, mut is_attached_checked) = (false, false);
    for step in &flow.steps {
        let declared = step.declaration_state()?;
        let DeclarationState::Known(function) = &declared else {
            found.row(&step.name, "unknown", "", "not checked");
            is_any_unknown = true;
            continue;
        };
        is_attached_checked |= declared.takes_attached();
        let report = resolver.validate_blocking(level, &function.declaration);
        if report.checked().is_empty() {
            found.row(&step.name, "none", "", "ok");
        }
        found.add(&step.name, &report);
    }
    if is_any_unknown && !is_attached_checked {
        // A step that is unknown may call one that gets what is attached at launch.
        let declaration = Declaration::builder("--with").build();
        found.add("--with", &resolver.validate_blocking(level, &declaration));
    }
    print(&columns(&found.rows)).map_err(|error| CommandFailure::Other(error.to_string(), 1))?;
    match Error::join(found.problems) {
        Some(error) => Err(error.into()),
        None => Ok(0),
    }
}

/// What the steps have, and what is wrong with it.
#[derive(Default)]
struct Findings {
    rows: Vec<Vec<String>>,
    /// Each once, however many steps have the secret.
    problems: Vec<Problem>,
}

impl Findings {
    fn row(&mut self, step: &str, secret: &str, backend: &str, result: &str) {
        self.rows.push([step, secret, backend, result].map(str::to_owned).to_vec());
    }

    fn add(&mut self, step: &str, report: &Report) {
        for checked in report.checked() {
            let result = checked.kind().map_or("ok", |kind| kind.as_str());
            self.row(step, checked.name(), checked.backend().unwrap_or_default(), result);
        }
        for problem in report.problems() {
            let is_one = |known: &Problem| {
                (known.origin(), known.backend(), known.message())
                    == (problem.origin(), problem.backend(), problem.message())
            };
            if !self.problems.iter().any(is_one) {
                self.problems.push(problem.clone());
            }
        }
    }
}
