use std::collections::BTreeSet;

use secrets_runtime::__flow::closest;

use crate::step::FlowStep;

/// Returns what is wrong with the order of the steps: names that no step has, and circles.
pub fn mistakes(steps: &[FlowStep]) -> Vec<String> {
    let mut found = Vec::new();
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    for step in steps {
        for name in &step.after {
            if !names.contains(&name.as_str()) {
                found.push(format!(
                    "step `{}` comes after `{name}`, which is not a step: {}",
                    step.name,
                    suggestion(name, &names)
                ));
            }
        }
    }
    found.extend(circle(steps));
    found
}

/// Returns what to write instead of a name that no step has.
pub fn suggestion(name: &str, names: &[&str]) -> String {
    match closest(name, names.iter().copied()) {
        Some(better) => format!("did you mean `{better}`?"),
        None => format!("the steps are {}", names.join(", ")),
    }
}

/// Returns the mistake of steps that wait for each other.
fn circle(steps: &[FlowStep]) -> Option<String> {
    let mut rest: Vec<&FlowStep> = steps.iter().collect();
    loop {
        let waiting: BTreeSet<&str> = rest.iter().map(|step| step.name.as_str()).collect();
        let before = rest.len();
        rest.retain(|step| step.after.iter().any(|name| waiting.contains(name.as_str())));
        if rest.is_empty() {
            return None;
        }
        if rest.len() == before {
            break;
        }
    }
    // Each of the rest waits for another one of the rest, so this walk comes back to where it was.
    let mut path: Vec<&str> = Vec::new();
    let mut step = *rest.first()?;
    while !path.contains(&step.name.as_str()) {
        path.push(&step.name);
        step = rest.iter().copied().find(|other| step.after.contains(&other.name))?;
    }
    let start = path.iter().position(|name| *name == step.name)?;
    path.push(&step.name);
    let circle: Vec<String> = path.iter().skip(start).map(|name| format!("`{name}`")).collect();
    Some(format!(
        "steps wait for each other in a circle: {}: remove one of these `.after(..)`",
        circle.join(" after ")
    ))
}
