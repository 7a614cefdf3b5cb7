//! The secrets about which the backends are asked.

use std::collections::BTreeMap;

use secrets_runtime::{Error, ErrorKind};
use secrets_spec::{
    BackendType, LockedFields, LockedSource, OptionValue, Request, SecretsLock, Source, SourceRole,
    SpecError, StepSpec, locked_request_name,
};

use crate::{
    failure::{Failure, error_about, fail_on_any},
    output::escape::{escape_name, json_string},
};

/// The secrets, by the names of their lines.
#[derive(Debug, Default)]
pub struct LockTargets(BTreeMap<String, LockTarget>);

/// How one secret is asked for.
#[derive(Debug, Default)]
pub struct LockTarget {
    /// As a source, with the role of its step. `None` if its name is not that of a source.
    pub source: Option<(Source, SourceRole)>,
    /// The requests for its keys, which are asked if it is not found as a source.
    pub requests: Vec<(Request, SourceRole)>,
    /// Whether it comes from a program that requires it, or is named or in the file.
    is_demanded: bool,
}

impl LockTargets {
    /// Adds the sources of the command line.
    pub fn add_named(&mut self, sources: &[Source]) {
        for source in sources {
            let name = LockedSource::of(source).name().to_owned();
            self.add_source(name, source, &SourceRole::Inherit, true);
        }
    }

    /// Adds what the steps declare. Sources that a lock need not have are known, but asked for only if they are in the
    /// file.
    pub fn add_declared(&mut self, steps: &[StepSpec], lock: &SecretsLock) {
        for step in steps {
            for declared in step.declared_sources().unwrap_or_default() {
                let locked = LockedSource::of(&declared.source);
                let name = locked.name().to_owned();
                let is_demanded = locked.is_demanded() || lock.get(&name).is_some();
                self.add_source(name, &declared.source, &step.role, is_demanded);
            }
            for request in &step.requests {
                let name = locked_request_name(&request.view()).to_owned();
                let target = self.0.entry(name.clone()).or_default();
                target.is_demanded = true;
                target.requests.push((request.clone(), step.role.clone()));
                if target.source.is_none() {
                    let source = source_of_name(&name).ok();
                    target.source = source.map(|source| (source, step.role.clone()));
                }
            }
        }
    }

    /// Adds the secrets of the file, as they are declared if they are, and else by their names.
    pub fn add_locked(&mut self, lock: &SecretsLock) {
        for (name, fields) in lock.iter() {
            let target = self.0.entry(name.to_owned()).or_default();
            target.is_demanded = true;
            if target.source.is_some() || !target.requests.is_empty() {
                continue;
            }
            match (source_of_name(name), fields) {
                (Ok(source), _) => target.source = Some((source, SourceRole::Inherit)),
                // The group of requests need not be a source.
                (Err(_), LockedFields::Keys(keys)) => {
                    let requests = keys.iter().filter_map(|key| Request::new(name, key).ok());
                    target.requests =
                        requests.map(|request| (request, SourceRole::Inherit)).collect();
                }
                (Err(_), _) => {}
            }
        }
    }

    /// Whether a source of the command line or a program has this line.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether nothing is to be asked.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Iterates over the secrets that are asked for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LockTarget)> {
        let demanded = self.0.iter().filter(|(_, target)| target.is_demanded);
        demanded.map(|(name, target)| (name.as_str(), target))
    }

    fn add_source(&mut self, name: String, source: &Source, role: &SourceRole, demanded: bool) {
        let target = self.0.entry(name).or_default();
        target.is_demanded |= demanded;
        // The lock says what is stored, so a source that reads it as one text is the second choice.
        let is_plain = |source: &Source| LockedSource::of(source).is_read_as_plain();
        let is_better = match &target.source {
            None => true,
            Some((known, _)) => is_plain(known) && !is_plain(source),
        };
        if is_better {
            let mut source = source.clone();
            // What is absent has no line.
            source.set_option("required", OptionValue::Flag(true));
            target.source = Some((source, role.clone()));
        }
    }
}

/// Parses the sources of the command line, and reports all that are invalid.
pub fn parse_sources(texts: &[String]) -> Result<Vec<Source>, Failure> {
    let (mut sources, mut errors) = (Vec::new(), Vec::new());
    for text in texts {
        let parsed = match text.trim_start().starts_with('{') {
            true => Source::from_json(text),
            false => Source::parse(text),
        };
        match parsed {
            Ok(source) => sources.push(source),
            Err(error) => errors.push(invalid(text, &error)),
        }
    }
    fail_on_any(errors)?;
    Ok(sources)
}

fn invalid(text: &str, error: &SpecError) -> Error {
    let help = error.help().unwrap_or("write a source, such as `prod-db`");
    // A text with fields may have values.
    let shown = if text.contains('{') { "the source".to_owned() } else { escape_name(text) };
    error_about(&shown, ErrorKind::InvalidSource, error.message(), help)
}

/// Returns the source whose line has this name: a source that is one text, or the id of a type after its first dot.
pub fn source_of_name(name: &str) -> Result<Source, SpecError> {
    let error = match Source::parse(name) {
        Ok(source) => return Ok(source),
        Err(error) => error,
    };
    let Some((backend, id)) = name.split_once('.') else { return Err(error) };
    if BackendType::parse(backend).is_err() {
        return Err(error);
    }
    let json = format!("{{\"type\": {}, \"id\": {}}}", json_string(backend), json_string(id));
    Source::from_json(&json).map_err(|_| error)
}
