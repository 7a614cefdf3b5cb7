use std::collections::BTreeMap;

use crate::step::FlowStep;

/// Returns the variables of steps that run in one process. Those that are set at the launch override the steps' own.
///
/// # Errors
/// The mistakes of steps that set a variable to two values: a process has one environment.
pub fn joined<'a>(
    steps: impl Iterator<Item = &'a FlowStep>,
    set: &[(String, String)],
) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut joined: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for step in steps {
        for (name, value) in &step.env {
            match joined.get(name.as_str()) {
                Some((known, _)) if known == value => {}
                Some((_, other)) if !set.iter().any(|(set, _)| set == name) => {
                    mistakes.push(format!(
                        "the steps `{other}` and `{}` set the variable {name} to two values, and one process has one environment",
                        step.name
                    ));
                }
                Some(_) => {}
                None => drop(joined.insert(name, (value, &step.name))),
            }
        }
    }
    let of_steps = joined.into_iter().map(|(name, (value, _))| (name.to_owned(), value.to_owned()));
    match mistakes.is_empty() {
        true => Ok(of_steps.chain(set.iter().cloned()).collect()),
        false => Err(mistakes),
    }
}
