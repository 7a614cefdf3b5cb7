use crate::step::{FlowStep, canonical};

/// The content of a flow: its name and its steps.
#[derive(Debug)]
pub struct FlowPlan {
    pub name: String,
    pub steps: Vec<FlowStep>,
    /// The methods of a step that were called before the first step.
    pub called_before_step: Vec<&'static str>,
}

impl FlowPlan {
    /// Returns the step of this name, in either spelling.
    pub fn find(&self, name: &str) -> Option<&FlowStep> {
        let name = canonical(name);
        self.steps.iter().find(|step| step.name == name)
    }

    /// Returns the names of the steps.
    pub fn names(&self) -> Vec<&str> {
        self.steps.iter().map(|step| step.name.as_str()).collect()
    }
}
