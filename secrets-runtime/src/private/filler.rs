use serde::de::DeserializeOwned;

use crate::{
    context::Context,
    core::error::{Error, ErrorKind, Problem},
    private::step::Step,
};

/// Reads typed parameters, and keeps what is wrong with any of them.
#[derive(Debug)]
pub struct Filler<'a> {
    step: &'static Step,
    context: &'a Context,
    /// Some secrets are not there, for a reason that is among the problems already.
    is_partial: bool,
    problems: Vec<Problem>,
}

impl<'a> Filler<'a> {
    /// `failed` is why the step has no secrets, or not all of them: what is wrong with those it has is told
    /// with that.
    pub(crate) fn fill<A>(
        step: &'static Step,
        context: &'a Context,
        failed: Option<Error>,
        fill: impl FnOnce(&mut Self) -> Option<A>,
    ) -> Result<A, Error> {
        let is_partial = failed.is_some();
        let problems = failed.map(Error::into_problems).unwrap_or_default();
        let mut filler = Filler { step, context, is_partial, problems };
        match fill(&mut filler) {
            Some(arguments) if filler.problems.is_empty() => Ok(arguments),
            _ => Err(Error::from_problems(filler.problems).in_step(Some(step.name))),
        }
    }

    /// Reads the parameter of this index.
    fn parameter<T: DeserializeOwned>(&mut self, index: usize) -> Option<T> {
        let Some(group) = self.step.group_of_parameter(index) else {
            self.problems.push(Problem::new(ErrorKind::Other, "the step has no such parameter"));
            return None;
        };
        let secrets = &self.context.secrets;
        if self.is_partial && !secrets.shared().groups.contains_key(&*group) {
            return None;
        }
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

/// What a typed parameter is: something that can be made of a secret's fields, or of one of them.
#[diagnostic::on_unimplemented(
    message = "a typed parameter is read from its secret by serde, and `{Self}` is not `serde::Deserialize`",
    label = "this cannot be read from a secret",
    note = "write `#[derive(serde::Deserialize)]` above your own type, and `T: serde::de::DeserializeOwned` for a type parameter; `SecretValue`, `String`, numbers and maps can be read as they are",
    note = "a parameter owns what is read, so nothing in it is a reference: `String` or `SecretValue` rather than `&str`"
)]
pub trait FromSecret: Sized {
    /// Reads the parameter of this index. It is a function of the type and not a bound of the filler's method:
    /// then a type that cannot be read is one error, at the type.
    fn read(filler: &mut Filler<'_>, index: usize) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromSecret for T {
    fn read(filler: &mut Filler<'_>, index: usize) -> Option<Self> {
        filler.parameter(index)
    }
}
