use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use secrets_spec::{InlineVars, OptionValue, ParameterSpec, Request, Source, StepSpec};

use crate::{
    backend::BoxFuture,
    cache::step_cache::StepCache,
    context::{Context, secrets::Secrets},
    core::error::{Error, Problem},
    declaration::{Declaration, parse::of_spec},
    resolver::{Resolver, resolution::partial::PartialResolution},
};

/// The names and values of one `inline` source.
type InlineValues = &'static [(&'static str, &'static str)];

/// A step, as a `static` of the program: its record, which contains the declaration of its attribute, and the state
/// that its calls share.
pub struct Step {
    record: &'static str,
    type_inside: fn() -> &'static str,
    /// The values of the `inline` sources, in the order of these sources. The record does not contain them.
    inline: &'static [InlineValues],
    in_test: bool,
    /// The names of the typed parameters, in the order of the record. They are for messages.
    parameters: &'static [&'static str],
    parsed: OnceLock<Result<ParsedStep, Error>>,
    slot: StepCache,
}

impl Step {
    /// Creates the step with this record. `type_inside` returns the name of a type that is defined in the function, which
    /// contains the function's path.
    #[must_use]
    pub const fn new(record: &'static str, type_inside: fn() -> &'static str) -> Self {
        Self {
            record,
            type_inside,
            inline: &[],
            in_test: false,
            parameters: &[],
            parsed: const { OnceLock::new() },
            slot: const { StepCache::new() },
        }
    }

    /// Adds the values of the `inline` sources. `in_test` says whether the program is a test (`cfg!(test)`),
    /// in which values may be part of the program.
    #[must_use]
    pub const fn inline(self, in_test: bool, values: &'static [InlineValues]) -> Self {
        // `parsed` has a destructor, so a `const fn` cannot use struct update syntax here.
        let mut step = self;
        step.inline = values;
        step.in_test = in_test;
        step
    }

    /// Adds the names of the typed parameters.
    #[must_use]
    pub const fn parameters(self, names: &'static [&'static str]) -> Self {
        let mut step = self;
        step.parameters = names;
        step
    }
}

/// The record of a step, read at its first call.
#[derive(Debug)]
struct ParsedStep {
    spec: StepSpec,
    declaration: Declaration,
    /// The group of each typed parameter.
    groups: Vec<String>,
}

impl Step {
    /// Returns the context of an earlier call while it is still fresh. Almost all calls need nothing else.
    pub(super) fn cached_context(&self) -> Option<Context> {
        self.slot.get().map(|shared| Context::new(Secrets::new(shared)))
    }

    /// Fetches the secrets that the step declares.
    pub(super) fn resolve(&'static self) -> BoxFuture<'static, Result<Context, PartialResolution>> {
        Box::pin(async move {
            let parsed = self.parsed()?;
            let resolver = Resolver::current().map_err(|error| error.in_step(self.name()))?;
            let shared = resolver.fetch_for(&parsed.declaration, &self.slot).await?;
            Ok(Context::new(Secrets::new(shared)))
        })
    }

    /// Returns the context, and the reason why the body must not run, if there is one. If secrets are missing and the
    /// step has typed parameters, the context has the others, so that the parameters are checked too.
    pub(super) fn context_or_partial(
        &self,
        resolved: Result<Context, PartialResolution>,
    ) -> Result<(Context, Option<Error>), Error> {
        match resolved {
            Ok(context) => Ok((context, None)),
            Err(PartialResolution { error, found: Some(found) }) if self.has_parameters() => {
                Ok((Context::new(Secrets::new(found)), Some(error)))
            }
            Err(partial) => Err(partial.error),
        }
    }

    /// Fetches the step's secrets again, if they are older than the failure of a run with the secrets of
    /// `old`.
    ///
    /// Returns `None` if none of them has changed, and if the fetch fails, which is reported as a warning.
    /// Calls that fail together share one fetch.
    pub(super) fn refreshed(&'static self, old: &Context) -> BoxFuture<'static, Option<Context>> {
        let old = old.secrets.clone();
        Box::pin(async move {
            let fresh = Secrets::new(Arc::new(old.shared().newer(None).await?));
            #[cfg(feature = "guard")]
            fresh.add_guarded_of(&old);
            Some(Context::new(fresh))
        })
    }

    /// Returns the declaration of the step.
    pub(crate) fn declaration(&'static self) -> Result<&'static Declaration, Error> {
        self.parsed().map(|parsed| &parsed.declaration)
    }

    /// Returns the identity of the step and its attribute's content, or `None` if its record is damaged.
    pub(crate) fn spec(&self) -> Option<&StepSpec> {
        Some(&self.parsed().ok()?.spec)
    }

    /// Returns the name of a type that is defined in the function.
    pub(super) fn type_inside(&self) -> &'static str {
        (self.type_inside)()
    }

    /// Returns the JSON object of the record.
    pub(crate) fn record_json(&self) -> &'static str {
        StepSpec::json_of_record(self.record)
    }

    /// Returns the step's name.
    pub(super) fn name(&self) -> Option<&str> {
        self.spec().map(|spec| spec.name.as_str())
    }

    /// Returns whether the step exports its variables to the process. This is known after the first call.
    pub(super) fn is_exporting(&self) -> bool {
        self.parsed_before().is_some_and(|parsed| parsed.spec.export_process)
    }

    /// Returns the group and the key of the typed parameter at this index.
    pub(super) fn parameter(&self, index: usize) -> Option<(&str, Option<&str>)> {
        let parsed = self.parsed_before()?;
        let key = parsed.spec.parameters.get(index)?.key.as_deref();
        Some((parsed.groups.get(index)?, key))
    }

    /// Returns the name of the typed parameter at this index.
    pub(super) fn parameter_name(&self, index: usize) -> Option<&'static str> {
        self.parameters.get(index).copied()
    }

    /// Returns the source from which a group is read.
    pub(super) fn source_of(&self, group: &str) -> Option<&Source> {
        self.parsed_before()?.declaration.sources.iter().find(|source| source.group() == group)
    }

    fn has_parameters(&self) -> bool {
        self.parsed_before().is_some_and(|parsed| !parsed.groups.is_empty())
    }

    fn parsed_before(&self) -> Option<&ParsedStep> {
        self.parsed.get()?.as_ref().ok()
    }

    fn parsed(&self) -> Result<&ParsedStep, Error> {
        self.parsed.get_or_init(|| self.parse()).as_ref().map_err(Clone::clone)
    }

    /// Reads the record. The macro has checked every text with the same grammar.
    fn parse(&self) -> Result<ParsedStep, Error> {
        let mut spec = StepSpec::decode(self.record)
            .map_err(|error| Error::from_problems(vec![of_spec(&error, "the record of a step")]))?;
        let mut declaration = Declaration::empty(Some(spec.name.clone()));
        declaration.allow_override = spec.allow_override;
        declaration.in_test = self.in_test;
        declaration.of_attribute = true;
        #[cfg(feature = "guard")]
        {
            declaration.guard = spec.guard;
        }
        declaration.role = spec.role.clone();
        let mut problems = Vec::new();
        let mut values = self.inline.iter();
        for source in &mut spec.sources {
            let mut source = source.clone();
            if source.options().env_vars.is_some() {
                let values = values.next().into_iter().copied().flatten();
                let values = values.map(|&(name, value)| (name.to_owned(), value.to_owned()));
                source.set_option("env_vars", OptionValue::Texts(values.collect::<InlineVars>()));
            }
            problems.extend(declaration.add_source(source).err());
        }
        problems.extend(declaration.add_requests(spec.requests.iter().cloned()));
        let mut groups = Vec::new();
        for parameter in &spec.parameters {
            match group_of(parameter, &mut declaration) {
                Ok(group) => {
                    let key = parameter.key.clone().map(|key| (group.clone(), key));
                    declaration.keys.extend(key);
                    groups.push(group);
                }
                Err(problem) => problems.push(problem),
            }
        }
        match problems.is_empty() {
            true => Ok(ParsedStep { spec, declaration, groups }),
            false => Err(Error::from_problems(problems).in_step(Some(&spec.name))),
        }
    }
}

/// Returns the group from which a typed parameter is read: the group of a source or request of the declaration, or
/// else of the parameter's own source, which is added to the declaration.
fn group_of(parameter: &ParameterSpec, declaration: &mut Declaration) -> Result<String, Problem> {
    let text = parameter.source.as_str();
    let is_known = |source: &&Source| source.group() == text || source.origin() == text;
    if let Some(source) = declaration.sources.iter().find(is_known) {
        return Ok(source.group().to_owned());
    }
    let is_requested = |request: &Request| {
        let view = request.view();
        view.group == text && parameter.key.as_ref().is_none_or(|key| key == view.key)
    };
    if declaration.requests.iter().any(is_requested) {
        return Ok(text.to_owned());
    }
    let source = Source::parse(text).map_err(|error| of_spec(&error, text))?;
    let group = source.group().to_owned();
    declaration.add_source(source)?;
    Ok(group)
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("spec", &self.spec()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::*;
    use crate::core::error::ErrorKind;

    #[test]
    fn debug_of_a_step_prints_only_the_names_of_inline_values() {
        const RECORD: &str = "\u{2}secrets-step-1:{\"step\":\"load\",\"sources\":[{\"id\":\"a\",\"type\":\"inline\",\"options\":{\"env_vars\":{\"NAME\":\"***\"}}}]}\u{3}";
        static STEP: Step =
            Step::new(RECORD, type_name::<Step>).inline(true, &[&[("NAME", "SeNtInEl")]]);
        let declaration = STEP.declaration().expect("the record is good");
        let values = declaration.sources[0].options().env_vars.clone().expect("it has values");
        assert_eq!(values.iter().collect::<Vec<_>>(), [("NAME", "SeNtInEl")]);
        let shown = format!("{STEP:?} {declaration:?}");
        assert!(shown.contains("NAME") && !shown.contains("SeNtInEl"), "{shown}");
    }

    #[test]
    fn a_damaged_record_is_an_error_at_the_first_call() {
        for record in
            ["", "x", "\u{2}secrets-step-1:{}\u{3}", "\u{2}secrets-step-1:{\"step\":1}\u{3}"]
        {
            let step = Step::new(record, type_name::<Step>);
            let Err(error) = step.parsed() else { panic!("{record:?} is damaged") };
            assert_eq!(error.kind(), ErrorKind::InvalidSource, "{record}");
        }
    }
}
