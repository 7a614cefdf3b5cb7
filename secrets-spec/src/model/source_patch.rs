//! What a deployment says about a source of the code: the tables `[sources.NAME]` of a settings file.

use alloc::{format, string::String, vec::Vec};

use crate::{
    grammar::{
        arn::looks_like_arn,
        backend_type::{BackendType, BuiltIn},
        role::SourceRole,
    },
    model::{
        options::Options,
        source::Source,
        source_draft::SourceDraft,
        source_reader::{read_fields, read_source},
    },
    syntax::{
        diagnostic::Diagnostic,
        node::{FieldName, Node, Value},
    },
    text::escape::excerpt,
};

/// The parts of a source that a deployment replaces. A part that is absent stays as the code has it, and so does
/// the group, by which the body reads the source.
///
/// ```
/// use secrets_spec::{Source, SourcePatch, read_json};
///
/// let node = read_json(r#"{"type": "local", "id": "db"}"#)?;
/// let patch = SourcePatch::read(&node, &mut Vec::new()).expect("the text is valid");
/// let source = Source::parse("prod-db")?.with_patch(&patch);
/// assert_eq!((source.id(), source.group()), ("db", "prod-db"));
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePatch {
    id: Option<String>,
    backend: Option<BackendType>,
    role: SourceRole,
    options: Options,
    kubernetes_secret: Option<String>,
}

impl SourcePatch {
    /// Reads a patch: a text or a set of fields, as a source is written, but without `group`, and with or without
    /// `id`. A patch of type `file` may have `kubernetes_secret`.
    pub fn read<S: Clone>(node: &Node<S>, out: &mut Vec<Diagnostic<S>>) -> Option<Self> {
        let before = out.len();
        let mut fields = match &node.value {
            Value::Map(fields) => fields.clone(),
            _ => {
                let source = read_source(node, out).and_then(SourceDraft::into_source)?;
                let Source { id, backend, role, options, .. } = source;
                let (id, kubernetes_secret) = (Some(id), None);
                return Some(Self { id, backend, role, options, kubernetes_secret });
            }
        };
        if fields.is_empty() {
            out.push(Diagnostic::new(
                node.at.clone(),
                "it maps to nothing",
                "write { type = \"local\", id = \"..\" }, or remove it",
            ));
            return None;
        }
        if let Some(at) = fields.iter().position(|(name, _)| name.text == "group") {
            let (group, _) = fields.remove(at);
            out.push(Diagnostic::new(
                group.at,
                "the group of a mapped source stays as the code has it",
                "remove `group`; in the code it is `group = \"..\"` of the source",
            ));
        }
        let kubernetes_secret = take_kubernetes_secret(&mut fields, out);
        let draft = read_fields(&fields, &node.at, false, out);
        if out.len() > before {
            return None;
        }
        Self::from_draft(draft?, kubernetes_secret)
    }

    fn from_draft<S>(draft: SourceDraft<S>, kubernetes_secret: Option<String>) -> Option<Self> {
        let backend = match draft.backend {
            Some(backend) => Some(BackendType::parse(&backend.known?).ok()?),
            None => None,
        };
        let role = match draft.role {
            Some(role) => SourceRole::parse_for(backend.as_ref(), &role.known?).ok()?,
            None => SourceRole::Inherit,
        };
        let options = draft.options.into_options()?;
        Some(Self { id: draft.id.known, backend, role, options, kubernetes_secret })
    }

    /// Returns the id, if it is replaced.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the type, if it is replaced.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendType> {
        self.backend.as_ref()
    }

    /// Returns the role; `Inherit` if it is not replaced.
    #[must_use]
    pub fn role(&self) -> &SourceRole {
        &self.role
    }

    /// Returns the options that are replaced.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the Secret of Kubernetes that is mounted where the backend `file` reads the source.
    #[must_use]
    pub fn kubernetes_secret(&self) -> Option<&str> {
        self.kubernetes_secret.as_deref()
    }
}

/// Takes the field `kubernetes_secret` out of the others, and reports what is wrong with it.
fn take_kubernetes_secret<S: Clone>(
    fields: &mut Vec<(FieldName<S>, Node<S>)>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<String> {
    let place = fields.iter().position(|(name, _)| name.text == "kubernetes_secret")?;
    let (name, node) = fields.remove(place);
    let file = BuiltIn::File.name();
    let is_type = |(name, node): &(FieldName<S>, Node<S>)| {
        name.text == "type" && matches!(&node.value, Value::Text(text) if text == file)
    };
    if !fields.iter().any(is_type) {
        out.push(Diagnostic::new(
            name.at.clone(),
            format!("`kubernetes_secret` is for sources of type `{file}`"),
            format!("write type = \"{file}\", or remove `kubernetes_secret`"),
        ));
    }
    if !fields.iter().any(|(name, _)| name.text == "id") {
        out.push(Diagnostic::new(
            name.at,
            "a Secret is mounted where the `id` says, and there is none",
            "write id = \"db\", a folder below that of the mounted secrets",
        ));
    }
    let Value::Text(text) = node.value else {
        let message = format!("`kubernetes_secret` is a text, not {}", node.value.describe());
        out.push(Diagnostic::new(node.at, message, "write kubernetes_secret = \"prod-db\""));
        return None;
    };
    if is_name_of_secret(&text) {
        return Some(text);
    }
    let message = format!("Kubernetes has no Secret {}", excerpt(&text));
    let help = "write its name: lower-case letters, digits, `-` and `.`, at most 253, with a letter or digit at both ends";
    out.push(Diagnostic::new(node.at, message, help));
    None
}

/// Whether Kubernetes accepts this name for a Secret: a subdomain of RFC 1123.
fn is_name_of_secret(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        label.bytes().all(inner)
            && !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

impl Source {
    /// Returns the source that is read in the place of this one.
    ///
    /// A patch with an ARN and without a type replaces the type too, since the ARN belongs to AWS. The values of an
    /// `inline` source do not go to another backend.
    #[must_use]
    pub fn with_patch(&self, patch: &SourcePatch) -> Self {
        let is_arn = patch.id().is_some_and(|id| looks_like_arn(id.as_bytes()));
        let backend = patch.backend().or(self.backend().filter(|_| !is_arn)).cloned();
        let mut options = self.options.overlaid(&patch.options);
        if !backend.as_ref().is_some_and(|backend| backend.is(BuiltIn::Inline)) {
            options.env_vars = None;
        }
        let id = String::from(patch.id().unwrap_or(self.id()));
        Self {
            origin: id.clone(),
            id,
            backend,
            group: Some(String::from(self.group())),
            role: if patch.role == SourceRole::Inherit { &self.role } else { &patch.role }.clone(),
            options,
        }
    }
}
