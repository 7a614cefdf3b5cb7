//! What is wrong with a flow: every mistake, before anything runs.

pub mod environment;
pub mod graph;
pub mod name;
pub mod quantity;

use std::time::Duration;

use crate::{checks::name::NameKind, plan::FlowPlan, step::FlowStep};

/// The longest name of a flow: that of its `CronWorkflow` may be 52 long, and Argo adds to that of a workflow.
const MAX_FLOW_NAME: usize = 45;

/// The longest deadline of a pod.
const MAX_SECONDS: u64 = i32::MAX as u64;

/// The largest limit of a Job.
const MAX_RETRIES: u32 = i32::MAX as u32;

/// Returns every mistake of a flow.
pub fn mistakes(flow: &FlowPlan) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(flow_name(&flow.name));
    for method in &flow.called_before_step {
        found.push(format!(
            "`.{method}(..)` stands before the first step: write it after the step that it is about"
        ));
    }
    if flow.steps.is_empty() {
        found.push("it has no step: write `.step(\"load\", load)`".to_owned());
    }
    for (index, step) in flow.steps.iter().enumerate() {
        if flow.steps[..index].iter().any(|other| other.name == step.name) {
            found.push(format!(
                "two steps have the name `{}` (`_` is written as `-`): rename one of them",
                step.name
            ));
        }
        found.extend(step_mistakes(step));
    }
    found.extend(graph::mistakes(&flow.steps));
    // A step that occurs twice may have its mistakes twice.
    let mut unique: Vec<String> = Vec::new();
    for mistake in found {
        if !unique.contains(&mistake) {
            unique.push(mistake);
        }
    }
    unique
}

fn flow_name(name: &str) -> Option<String> {
    if !name::is_identifier(name) {
        return Some(format!("a flow cannot be named {name:?}: {}", name::identifier_help(name)));
    }
    (name.len() > MAX_FLOW_NAME).then(|| {
        let length = name.len();
        format!("the flow's name is {length} long, and at most {MAX_FLOW_NAME} is possible: write a shorter one")
    })
}

fn step_mistakes(step: &FlowStep) -> Vec<String> {
    let mut found = Vec::new();
    let name = &step.name;
    if !name::is_identifier(name) {
        found.push(format!("a step cannot be named {name:?}: {}", name::identifier_help(name)));
    } else if name.len() > 63 {
        found.push(format!("the name of the step `{name}` is longer than 63: write a shorter one"));
    }
    let mut complain = |mistake: String| found.push(format!("step `{name}`: {mistake}"));
    if step.timeout.is_some_and(|timeout| timeout.is_zero()) {
        complain("a timeout of 0 is too short: leave it out, or write more".to_owned());
    }
    if step.timeout.is_some_and(|timeout| timeout > Duration::from_secs(MAX_SECONDS)) {
        complain(format!(
            "the timeout is longer than {MAX_SECONDS} seconds, the most that Kubernetes accepts: leave it out, or write less"
        ));
    }
    if step.retry > MAX_RETRIES {
        complain(format!(
            "{} retries are more than Kubernetes accepts: write at most {MAX_RETRIES}",
            step.retry
        ));
    }
    if let Some(account) = &step.service_account
        && let Err(mistake) = NameKind::ServiceAccount.check(account)
    {
        complain(mistake);
    }
    for (word, quantity) in [("cpu", &step.cpu), ("memory", &step.memory)] {
        if let Some(quantity) = quantity
            && !quantity::is_quantity(quantity)
        {
            let example = if word == "cpu" { "500m" } else { "1Gi" };
            complain(format!(
                "{quantity:?} is not a quantity of Kubernetes: write `.{word}(\"{example}\")`"
            ));
        }
    }
    if let Some(image) = &step.image
        && let Err(mistake) = name::check_image(image)
    {
        complain(mistake);
    }
    for variable in step.env.keys() {
        if let Err(mistake) = name::check_variable(variable) {
            complain(mistake);
        }
    }
    for (variable, value) in &step.env {
        if value.contains('\0') {
            complain(format!("the value of the variable {variable:?} contains a NUL"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;

    fn nothing() -> Result<(), String> {
        Ok(())
    }

    fn found(flow: Flow) -> Vec<String> {
        mistakes(&flow.into_plan())
    }

    #[test]
    fn a_good_flow_has_no_mistake() {
        let flow = Flow::new("dbflow")
            .step("load_all", nothing)
            .step("store", nothing)
            .after("load_all")
            .retry(2)
            .timeout(Duration::from_secs(600))
            .service_account("store.v1")
            .cpu("500m")
            .memory("1Gi")
            .image("registry.example:5000/a/b:1")
            .env("K", "V")
            .step("report", nothing)
            .after(["load-all", "store"]);
        assert_eq!(found(flow), [""; 0]);
    }

    #[test]
    fn all_mistakes_are_found_at_once() {
        let flow = Flow::new("Db_Flow")
            .retry(1)
            .step("a_b", nothing)
            .after("c")
            .step("a-b", nothing)
            .cpu("a lot")
            .memory("1 GB")
            .service_account("Root!")
            .env("A B", "")
            .image("a b")
            .timeout(Duration::ZERO)
            .step("long", nothing)
            .timeout(Duration::MAX)
            .retry(u32::MAX)
            .step("Load", nothing)
            .after("nope")
            .step("c", nothing)
            .after("a_b");
        let found = found(flow);
        let expected = [
            "`db-flow`",
            "`.retry(..)` stands before the first step",
            "two steps have the name `a-b`",
            "\"a lot\"",
            "\"1 GB\"",
            "\"Root!\"",
            "\"A B\"",
            "\"a b\"",
            "timeout of 0",
            "longer than 2147483647 seconds",
            "4294967295 retries",
            "`load`",
            "`nope`",
            "circle",
        ];
        for text in expected {
            assert!(found.iter().any(|mistake| mistake.contains(text)), "{text}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }

    #[test]
    fn a_flow_needs_a_step_and_a_short_name() {
        assert!(found(Flow::new("a"))[0].contains("no step"));
        let long = |length: usize| found(Flow::new("a".repeat(length)).step("a", nothing));
        assert_eq!((long(45).len(), long(46).len()), (0, 1));
        for name in ["", "1a", "a-", "-a", "a.b", "ä", "a b"] {
            assert_eq!(found(Flow::new(name).step("a", nothing)).len(), 1, "{name}");
            assert_eq!(found(Flow::new("f").step(name, nothing)).len(), 1, "{name}");
        }
    }
}
