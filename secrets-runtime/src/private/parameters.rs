use serde::de::DeserializeOwned;

use crate::{
    context::Context,
    core::error::{Error, ErrorKind, Problem},
    payload::de,
    private::step::Step,
};

/// Reads typed parameters, and collects the problems of all of them.
#[derive(Debug)]
pub struct Filler<'a> {
    step: &'static Step,
    context: &'a Context,
    /// Whether secrets are missing, and the problems already contain the reason.
    is_partial: bool,
    problems: Vec<Problem>,
}

impl<'a> Filler<'a> {
    /// Reads all typed parameters. `failed` is the reason why the step does not have all of its secrets; the
    /// returned error includes its problems.
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
            _ => Err(Error::from_problems(filler.problems).in_step(step.name())),
        }
    }

    /// Reads the parameter at this index.
    fn parameter<T: DeserializeOwned>(&mut self, index: usize) -> Option<T> {
        let Some((group, key)) = self.step.parameter(index) else {
            self.problems.push(Problem::new(ErrorKind::Other, "the step has no such parameter"));
            return None;
        };
        let secrets = &self.context.secrets;
        if self.is_partial && secrets.shared().group(group).is_none() {
            if de::accepts_absence::<T>() {
                self.explain_optional(group);
            }
            return None;
        }
        let made = match key {
            Some(key) => secrets.get_key_as(group, key),
            None => secrets.get_as(group),
        };
        match made {
            Ok(value) => Some(value),
            Err(error) => {
                let name = self.step.parameter_name(index);
                let about = |problem: Problem| match name {
                    Some(name) => problem.with_suffix(&format!("(parameter `{name}`)")),
                    None => problem,
                };
                self.problems.extend(error.into_problems().into_iter().map(about));
                None
            }
        }
    }

    /// Adds help if a secret is missing and the type of its parameter is an `Option`: how to declare the secret as
    /// optional.
    fn explain_optional(&mut self, group: &str) {
        let Some(source) = self.step.source_of(group) else { return };
        let of_source = |problem: &&mut Problem| {
            problem.kind() == ErrorKind::NotFound && problem.origin() == source.origin()
        };
        let mut written = format!("id = {:?}", source.id());
        if let Some(backend) = source.backend() {
            written = format!("{written}, type = {:?}", backend.as_str());
        }
        if group != source.id() {
            written = format!("{written}, group = {group:?}");
        }
        let hint = format!(
            "if it may be missing, declare it as {{ {written}, options = {{ required = false }} }}"
        );
        for problem in self.problems.iter_mut().filter(of_source) {
            let help = match problem.help() {
                Some(help) if help.contains(&hint) => continue,
                Some(help) => format!("{help}; {hint}"),
                None => hint.clone(),
            };
            *problem = problem.clone().with_help(help);
        }
    }
}

/// The type of a typed parameter. It is read from a secret's fields, or from one of them.
#[diagnostic::on_unimplemented(
    message = "a typed parameter is read from its secret by serde, and `{Self}` is not `serde::Deserialize`",
    label = "this cannot be read from a secret",
    note = "write `#[derive(serde::Deserialize)]` above your own type, and `T: serde::de::DeserializeOwned` for a type parameter; `SecretValue`, `String`, numbers and maps can be read as they are",
    note = "a parameter owns what is read, so nothing in it is a reference: `String` or `SecretValue` rather than `&str`"
)]
pub trait FromSecret: Sized {
    /// Reads the parameter at this index. It is a function of the type and not a bound of the filler's
    /// method, so that an unreadable type causes one error, at the type.
    fn read(filler: &mut Filler<'_>, index: usize) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromSecret for T {
    fn read(filler: &mut Filler<'_>, index: usize) -> Option<Self> {
        filler.parameter(index)
    }
}

/// Reads the parameters of a step without any.
pub fn no_parameters(_: &mut Filler<'_>) -> Option<()> {
    Some(())
}
