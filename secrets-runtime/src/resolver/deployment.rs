//! The parts of the settings that a manifest needs, for the crate that writes manifests.

use std::collections::{BTreeMap, BTreeSet};

use secrets_spec::{BackendType, BuiltIn, OptionValue, SourcePatch};
use serde_json::{Value, json};

use crate::{declaration::Declaration, resolver::Resolver, settings::variables};

/// A source that the settings map to another one.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedSource {
    /// The name of the mapping: the source's text in the code, or its group.
    pub name: String,
    /// The id of the target.
    pub id: Option<String>,
    /// The fields of the target, without `kubernetes_secret`.
    pub fields: BTreeMap<String, Value>,
    /// The Secret of Kubernetes that is mounted where the program reads the source.
    pub kubernetes_secret: Option<String>,
}

impl Resolver {
    /// Returns the sources that are attached at launch, and the text that attaches them.
    #[doc(hidden)]
    #[must_use]
    pub fn attached(&self) -> Option<(Declaration, String)> {
        let with = self.0.settings.with()?;
        let mut declaration = Declaration::empty(None);
        // The setting has been checked for sources with one group.
        let _ = declaration.add_sources(with.sources().iter().cloned().map(Ok));
        Some((declaration, with.to_string()))
    }

    /// Returns the mappings that apply to a declaration, by name.
    #[doc(hidden)]
    #[must_use]
    pub fn mappings_of(&self, declaration: &Declaration) -> Vec<MappedSource> {
        let settings = &self.0.settings;
        let of_sources =
            declaration.sources.iter().filter_map(|source| settings.mapping_of(source));
        let of_requests = declaration.requests.iter().filter_map(|request| {
            let group = request.view().group;
            Some((group, settings.mapped(group)?))
        });
        let found: BTreeMap<&str, &SourcePatch> = of_sources.chain(of_requests).collect();
        found.into_iter().map(|(name, patch)| MappedSource::new(name, patch)).collect()
    }

    /// Returns the types of the backends that are asked for the secrets of a declaration.
    #[doc(hidden)]
    #[must_use]
    pub fn backend_types_of(&self, declaration: &Declaration) -> BTreeSet<String> {
        let settings = &self.0.settings;
        let mut types = BTreeSet::new();
        let mut add = |backend: Option<&BackendType>, is_arn: bool| match backend {
            Some(backend) => drop(types.insert(backend.to_string())),
            None if is_arn => drop(types.insert(BuiltIn::AwsSecretsManager.name().to_owned())),
            None => types.extend(settings.default_backends().iter().map(ToString::to_string)),
        };
        for source in &declaration.sources {
            let source = settings.target_of(source);
            add(source.backend(), source.is_arn());
        }
        for request in &declaration.requests {
            let patch = settings.mapped(request.view().group);
            let id = patch.and_then(SourcePatch::id).unwrap_or_default();
            let split = settings.split_exec(id).map(|(kind, _)| kind);
            add(patch.and_then(SourcePatch::backend).or(split), id.starts_with("arn:"));
        }
        types
    }

    /// Returns whether the backend of this type is a program that the settings name.
    #[doc(hidden)]
    #[must_use]
    pub fn is_program(&self, kind: &str) -> bool {
        self.0.settings.exec().iter().any(|exec| exec.kind.as_str() == kind)
    }

    /// Returns the settings that contain values of `inline` sources: the setting, and the name of each source.
    #[doc(hidden)]
    #[must_use]
    pub fn inline_values(&self) -> Vec<String> {
        let inline = BackendType::from(BuiltIn::Inline);
        let with = self.0.settings.with().into_iter().flat_map(|with| with.sources());
        let attached = with
            .filter(|source| source.backend() == Some(&inline))
            .map(|source| format!("{} or --with: {}", variables::WITH.name(), source.id()));
        let mapped = self.0.settings.all_mapped();
        let mapped = mapped
            .filter(|(_, patch)| patch.backend() == Some(&inline))
            .map(|(name, _)| format!("[sources] or {}: {name}", variables::SOURCES.name()));
        attached.chain(mapped).collect()
    }
}

impl MappedSource {
    fn new(name: &str, patch: &SourcePatch) -> Self {
        let mut fields = BTreeMap::new();
        let texts = [
            ("id", patch.id()),
            ("role", patch.role().as_str()),
            ("type", patch.backend().map(BackendType::as_str)),
        ];
        for (name, text) in texts {
            fields.extend(text.map(|text| (name.to_owned(), Value::from(text))));
        }
        // `inline` has values instead of options, and is not deployed.
        let options = patch.options().iter().filter_map(|(name, value)| match value {
            OptionValue::Flag(value) => Some((name.to_owned(), json!(value))),
            OptionValue::Number(value) => Some((name.to_owned(), json!(value))),
            OptionValue::Text(text) => Some((name.to_owned(), json!(text))),
            OptionValue::Texts(_) => None,
        });
        let options: BTreeMap<String, Value> = options.collect();
        if !options.is_empty() {
            fields.insert("options".to_owned(), json!(options));
        }
        Self {
            name: name.to_owned(),
            id: patch.id().map(str::to_owned),
            fields,
            kubernetes_secret: patch.kubernetes_secret().map(str::to_owned),
        }
    }
}
