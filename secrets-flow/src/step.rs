use std::{any::type_name, collections::BTreeMap, time::Duration};

use secrets_runtime::{
    __flow::{DeclaredFunction, declared_function},
    Declaration, Error,
};

use crate::body::StepBody;

/// A step of a flow: its body, and the words that follow it.
#[derive(Debug)]
pub struct FlowStep {
    /// The name as it is written, with `-` for `_`.
    pub name: String,
    pub body: StepBody,
    /// The name of the type of the function that declares its secrets.
    function: &'static str,
    pub after: Vec<String>,
    pub retry: u32,
    pub timeout: Option<Duration>,
    pub service_account: Option<String>,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub image: Option<String>,
    pub env: BTreeMap<String, String>,
}

/// What a step declares.
#[derive(Debug)]
pub enum DeclarationState {
    /// The function has an attribute.
    Known(DeclaredFunction),
    /// The step is a closure, a function pointer, or a function without an attribute.
    Unknown,
}

impl FlowStep {
    pub fn new<F>(name: &str, body: StepBody) -> Self {
        Self {
            name: canonical(name),
            body,
            function: type_name::<F>(),
            after: Vec::new(),
            retry: 0,
            timeout: None,
            service_account: None,
            cpu: None,
            memory: None,
            image: None,
            env: BTreeMap::new(),
        }
    }

    /// Says which function declares the secrets.
    pub fn set_function<F>(&mut self) {
        self.function = type_name::<F>();
    }

    /// Returns what the step declares.
    ///
    /// # Errors
    /// If the record of the function is damaged.
    pub fn declaration_state(&self) -> Result<DeclarationState, Error> {
        // A closure has the path of the function in which it is written.
        if self.function.ends_with("{{closure}}") {
            return Ok(DeclarationState::Unknown);
        }
        match declared_function(self.function) {
            Some(function) => Ok(DeclarationState::Known(function?)),
            None => Ok(DeclarationState::Unknown),
        }
    }
}

impl DeclarationState {
    /// Returns whether the step gets the sources that are attached at launch.
    pub fn takes_attached(&self) -> bool {
        self.declaration().is_none_or(Declaration::is_empty)
    }

    pub fn declaration(&self) -> Option<&Declaration> {
        match self {
            Self::Known(function) => Some(&function.declaration),
            Self::Unknown => None,
        }
    }
}

/// Returns the spelling of a step's name that Kubernetes accepts: `_` is `-`.
pub fn canonical(name: &str) -> String {
    name.replace('_', "-")
}
