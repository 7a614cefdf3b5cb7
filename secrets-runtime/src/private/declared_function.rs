use serde_json::Value;

use crate::{core::error::Error, declaration::Declaration, private::registry};

/// A function with an attribute, as another crate of this project sees it.
#[derive(Debug, Clone)]
pub struct DeclaredFunction {
    /// What it declares.
    pub declaration: Declaration,
    /// Its `guard`, if it has one.
    pub guard: Option<String>,
}

/// Returns what a function declares. `type_name` is that of its type; `None` means that no attribute is on it.
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
