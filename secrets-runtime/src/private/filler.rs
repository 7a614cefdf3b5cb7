use serde::de::DeserializeOwned;

use super::Step;
use crate::{Context, Error, ErrorKind, Problem};

/// Reads typed parameters, and keeps what is wrong with any of them.
#[derive(Debug)]
pub struct Filler<'a> {
    step: &'static Step,
    context: &'a Context,
    problems: Vec<Problem>,
}

impl<'a> Filler<'a> {
    pub(crate) fn fill<A>(
        step: &'static Step,
        context: &'a Context,
        fill: impl FnOnce(&mut Self) -> Option<A>,
    ) -> Result<A, Error> {
        let mut filler = Filler { step, context, problems: Vec::new() };
        match fill(&mut filler) {
            Some(arguments) if filler.problems.is_empty() => Ok(arguments),
            _ => Err(Error::from_problems(filler.problems).in_step(Some(step.name))),
        }
    }

    /// Reads the parameter of this index.
    pub fn parameter<T: DeserializeOwned>(&mut self, index: usize) -> Option<T> {
        let Some(group) = self.step.group_of_parameter(index) else {
            self.problems.push(Problem::new(ErrorKind::Other, "the step has no such parameter"));
            return None;
        };
        let secrets = &self.context.secrets;
        let made = match self.step.parameters[index].key {
            Some(key) => secrets.get_key_as(&group, key),
            None => secrets.get_as(&group),
        };
        match made {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.extend(error.into_problems());
                None
            }
        }
    }
}
