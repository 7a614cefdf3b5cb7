use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{
    grammar::spec_error::SpecError,
    model::{source::Source, step_spec::StepSpec},
};

/// A source of a step, with the keys that typed parameters read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredSource {
    /// The source.
    pub source: Source,
    /// The keys, in alphabetical order. It is empty if no typed parameter names one.
    pub keys: Vec<String>,
}

impl StepSpec {
    /// Returns the sources of the step in their order, and after them those that typed parameters declare.
    ///
    /// ```
    /// use secrets_spec::StepSpec;
    ///
    /// let step = StepSpec::from_json(
    ///     r#"{"step":"load","sources":["db"],"parameters":[{"source":"db","key":"user"},{"source":"api"}]}"#,
    /// )?;
    /// let sources = step.declared_sources()?;
    /// assert_eq!((sources[0].source.id(), &sources[0].keys[..]), ("db", &["user".to_owned()][..]));
    /// assert_eq!((sources[1].source.id(), sources[1].keys.len()), ("api", 0));
    /// # Ok::<(), secrets_spec::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// If a typed parameter's source is neither in the declaration nor a source.
    pub fn declared_sources(&self) -> Result<Vec<DeclaredSource>, SpecError> {
        let mut declared: Vec<(Source, BTreeSet<&str>)> =
            self.sources.iter().map(|source| (source.clone(), BTreeSet::new())).collect();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (place, source) in self.sources.iter().enumerate() {
            for text in [source.group(), source.origin()] {
                places.entry(String::from(text)).or_insert(place);
            }
        }
        let views = || self.requests.iter().map(|request| request.view());
        let groups: BTreeSet<&str> = views().map(|view| view.group).collect();
        let fields: BTreeSet<(&str, &str)> = views().map(|view| (view.group, view.key)).collect();
        for parameter in &self.parameters {
            let (text, key) = (parameter.source.as_str(), parameter.key.as_deref());
            let is_requested =
                || key.map_or_else(|| groups.contains(text), |key| fields.contains(&(text, key)));
            let place = match places.get(text) {
                Some(place) => *place,
                None if is_requested() => continue,
                None => {
                    let source = Source::parse(text)?;
                    let place = declared.len();
                    for text in [source.group(), source.origin()] {
                        places.entry(String::from(text)).or_insert(place);
                    }
                    declared.push((source, BTreeSet::new()));
                    place
                }
            };
            if let Some((_, keys)) = declared.get_mut(place) {
                keys.extend(key);
            }
        }
        let with_keys = declared.into_iter().map(|(source, keys)| DeclaredSource {
            source,
            keys: keys.into_iter().map(String::from).collect(),
        });
        Ok(with_keys.collect())
    }
}
