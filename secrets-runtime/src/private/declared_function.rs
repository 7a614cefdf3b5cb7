use serde_json::Value;

use crate::{core::error::Error, declaration::Declaration, private::registry};

/// A function with an attribute, for the other crates of this project.
#[derive(Debug, Clone)]
pub struct DeclaredFunction {
    /// The sources and requests that it declares.
    pub declaration: Declaration,
    /// Its `guard`, if it sets one.
    pub guard: Option<String>,
}

/// Returns the declaration of a function. `type_name` is the name of the function's type; `None` means that it has no
/// attribute.
///
/// # Errors
/// If the record of the step is damaged.
pub fn declared_function(type_name: &str) -> Option<Result<DeclaredFunction, Error>> {
    let step = registry::step_of(type_name)?;
    let declared = step.declaration().map(|declaration| {
        let record: Value = serde_json::from_str(step.record_json()).unwrap_or_default();
        let guard = record["guard"].as_str().map(str::to_owned);
        DeclaredFunction { declaration: declaration.clone(), guard }
    });
    Some(declared)
}
