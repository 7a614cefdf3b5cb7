use secrets_spec::{Request, Source};

use crate::{
    core::error::Problem,
    declaration::{Declaration, parse::of_spec},
};

/// A typed parameter of a step.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub(crate) source: &'static str,
    pub(crate) key: Option<&'static str>,
}

impl Parameter {
    /// A parameter that is the whole secret.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self { source, key: None }
    }

    /// A parameter that is one field.
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }
}

impl Parameter {
    /// The group it is read from: that of a source or request that is declared, else its own, which is added.
    pub(super) fn group(&self, declaration: &mut Declaration) -> Result<String, Problem> {
        let text = self.source;
        let known = |source: &&Source| source.group() == text || source.origin() == text;
        if let Some(source) = declaration.sources.iter().find(known) {
            return Ok(source.group().to_owned());
        }
        let requested = |request: &Request| {
            let view = request.view();
            view.group == text && self.key.is_none_or(|key| key == view.key)
        };
        if declaration.requests.iter().any(requested) {
            return Ok(text.to_owned());
        }
        let source = Source::parse(text).map_err(|error| of_spec(&error, text))?;
        let group = source.group().to_owned();
        declaration.add_source(source)?;
        Ok(group)
    }
}
