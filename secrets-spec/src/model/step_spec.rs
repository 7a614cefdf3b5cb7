//! What an annotated function leaves in the program: its identity and what it declares, as one text.

use alloc::{format, string::String, vec::Vec};
use core::ops::Range;

use crate::{
    grammar::{role::SourceRole, spec_error::SpecError},
    model::{
        guard_mode::GuardMode,
        mount_type::MountType,
        request::Request,
        request_draft::RequestDraft,
        request_reader::read_request,
        source::Source,
        source_draft::{OptionDraftValue, SourceDraft},
        source_reader::read_sources,
    },
    syntax::{
        json::read_json,
        node::{FieldName, Node, TextNode, Value},
    },
    text::escape::write_json_string,
};

/// The first bytes of a record. They contain a control character, which no JSON text has.
///
/// Only the macros write this text into programs. A reader of programs puts it together when it runs, so that its own
/// program has no step.
pub const RECORD_START: &str = "\u{2}secrets-step-1:";

/// The last byte of a record.
pub const RECORD_END: &str = "\u{3}";

/// A step as the program describes it: where it is written and what it declares. Values of `inline` sources are masked.
///
/// A step is known by its module, name, file and line: two functions `load` in two modules are two steps.
///
/// The record of a step is [`RECORD_START`], a JSON object and [`RECORD_END`]. Members that have their defaults are left
/// out, and readers ignore members that they do not know.
///
/// ```
/// use secrets_spec::{RECORD_END, RECORD_START, StepSpec};
///
/// let json = r#"{"step":"load","module":"app::jobs","file":"src/jobs.rs","line":12,"sources":["prod-db"]}"#;
/// let step = StepSpec::decode(&format!("{RECORD_START}{json}{RECORD_END}"))?;
/// assert_eq!((step.name.as_str(), step.line), ("load", 12));
/// assert_eq!(step.sources[0].id(), "prod-db");
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StepSpec {
    /// The name of the function.
    pub name: String,
    /// The path of its module, which begins with its crate.
    pub module: String,
    /// The file, relative to the folder in which the compiler ran, or to the package if it is outside of that folder.
    pub file: String,
    /// The line of the attribute, from 1.
    pub line: u32,
    /// `sources`.
    pub sources: Vec<Source>,
    /// `secret_requests`.
    pub requests: Vec<Request>,
    /// The typed parameters.
    pub parameters: Vec<ParameterSpec>,
    /// `role`.
    pub role: SourceRole,
    /// `allow_override`.
    pub allow_override: bool,
    /// Whether `export = "process"` is set.
    pub export_process: bool,
    /// Whether `output = "serialize"` is set.
    pub serialize: bool,
    /// `guard`, if it is set.
    pub guard: Option<GuardMode>,
}

/// A typed parameter of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSpec {
    /// The source that the parameter declares, or the group or source to which it refers.
    pub source: String,
    /// The key, if the parameter is a single field.
    pub key: Option<String>,
}

impl StepSpec {
    /// Reads a record.
    ///
    /// # Errors
    /// If it is damaged, or a text in it is invalid.
    pub fn decode(record: &str) -> Result<Self, SpecError> {
        // The texts at both ends are not compared: they would be in every program then, and look like records.
        let end = record.len().saturating_sub(RECORD_END.len());
        let json = record.get(RECORD_START.len()..end).unwrap_or_default();
        Self::from_json(json)
    }

    /// Reads the JSON object of a record.
    ///
    /// # Errors
    /// As [`StepSpec::decode`].
    pub fn from_json(json: &str) -> Result<Self, SpecError> {
        let damaged = || SpecError::new("the record of a step is damaged", 0..json.len(), None);
        let Node { value: Value::Map(fields), .. } = read_json(json)? else {
            return Err(damaged());
        };
        let mut step = Self::default();
        let mut diagnostics = Vec::new();
        for (FieldName { text: name, .. }, node) in &fields {
            match (name.as_str(), &node.value) {
                ("step", Value::Text(text)) => step.name.clone_from(text),
                ("module", Value::Text(text)) => step.module.clone_from(text),
                ("file", Value::Text(text)) => step.file.clone_from(text),
                ("line", Value::Number) => {
                    step.line = json[node.at.clone()].parse().map_err(|_| damaged())?;
                }
                ("sources", _) => {
                    let drafts = read_sources(node, &mut diagnostics);
                    step.sources.extend(drafts.into_iter().filter_map(SourceDraft::into_source));
                }
                ("requests", _) => {
                    let Value::List(items) = &node.value else { return Err(damaged()) };
                    // The macros have compared them with each other. A forged record may have very many.
                    let drafts = items.iter().filter_map(|it| read_request(it, &mut diagnostics));
                    step.requests.extend(drafts.filter_map(RequestDraft::into_request));
                }
                ("parameters", Value::List(items)) => {
                    let parameters = items.iter().map(read_parameter).collect::<Option<Vec<_>>>();
                    step.parameters = parameters.ok_or_else(damaged)?;
                }
                ("role", Value::Text(text)) => step.role = SourceRole::parse_any(text)?,
                ("allow_override", Value::Bool(value)) => step.allow_override = *value,
                ("export", Value::Text(text)) => step.export_process = text == "process",
                ("output", Value::Text(text)) => step.serialize = text == "serialize",
                ("guard", Value::Text(text)) => {
                    step.guard = Some(GuardMode::parse(text).ok_or_else(damaged)?);
                }
                (
                    "step" | "module" | "file" | "line" | "parameters" | "role" | "allow_override"
                    | "export" | "output" | "guard",
                    _,
                ) => return Err(damaged()),
                _ => {}
            }
        }
        match diagnostics.into_iter().next() {
            Some(diagnostic) => Err(diagnostic.into()),
            None if step.name.is_empty() => Err(damaged()),
            None => Ok(step),
        }
    }
}

fn read_parameter(node: &Node<Range<usize>>) -> Option<ParameterSpec> {
    let Value::Map(fields) = &node.value else { return None };
    let text = |wanted: &str| {
        fields.iter().find_map(|(name, node)| match &node.value {
            Value::Text(text) if name.text == wanted => Some(text.clone()),
            _ => None,
        })
    };
    Some(ParameterSpec { source: text("source")?, key: text("key") })
}

/// A step as the macro has read it: its texts may be constants that only the compiler knows.
#[derive(Debug, Clone)]
pub struct StepDraft<'a, S> {
    /// The name of the function.
    pub name: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line.
    pub line: u32,
    /// `sources`.
    pub sources: &'a [SourceDraft<S>],
    /// `secret_requests`.
    pub requests: &'a [RequestDraft<S>],
    /// The source and the key of each typed parameter.
    pub parameters: Vec<(&'a TextNode<S>, Option<&'a TextNode<S>>)>,
    /// `role`.
    pub role: Option<&'a TextNode<S>>,
    /// `allow_override`.
    pub allow_override: bool,
    /// Whether `export = "process"` is set.
    pub export_process: bool,
    /// Whether `output = "serialize"` is set.
    pub serialize: bool,
    /// `guard`, if it is set.
    pub guard: Option<GuardMode>,
}

/// A part of a record, whose parts are joined by the compiler.
#[derive(Debug, Clone)]
pub enum RecordPart<'a, S> {
    /// A text.
    Text(String),
    /// The path of the module.
    Module,
    /// The text of a constant, as a JSON string.
    Constant(&'a TextNode<S>),
    /// The request that is a constant, as a JSON object.
    Request(&'a RequestDraft<S>),
}

impl<'a, S> StepDraft<'a, S> {
    /// Returns the parts of the step's record, in order. [`StepSpec::decode`] reads them when they are joined.
    #[must_use]
    pub fn encode(&self) -> Vec<RecordPart<'a, S>> {
        let mut record = Encoder { parts: Vec::new(), text: String::from(RECORD_START) };
        record.raw("{\"step\":");
        record.string(self.name);
        record.raw(",\"module\":\"");
        record.part(RecordPart::Module);
        record.raw("\",\"file\":");
        record.string(self.file);
        record.raw(&format!(",\"line\":{}", self.line));
        record.list("sources", self.sources, Encoder::source);
        record.list("requests", self.requests, Encoder::request);
        record.list("parameters", &self.parameters, |record, (source, key)| {
            record.raw("{\"source\":");
            record.node(source);
            record.member("key", *key);
            record.raw("}");
        });
        record.member("role", self.role);
        for (is_set, member) in [
            (self.allow_override, ",\"allow_override\":true"),
            (self.export_process, ",\"export\":\"process\""),
            (self.serialize, ",\"output\":\"serialize\""),
        ] {
            record.raw(if is_set { member } else { "" });
        }
        if let Some(mode) = self.guard {
            record.raw(&format!(",\"guard\":\"{mode}\""));
        }
        record.raw("}");
        record.raw(RECORD_END);
        record.finish()
    }
}

/// Joins texts until a part comes that only the compiler knows.
struct Encoder<'a, S> {
    parts: Vec<RecordPart<'a, S>>,
    text: String,
}

impl<'a, S> Encoder<'a, S> {
    fn finish(mut self) -> Vec<RecordPart<'a, S>> {
        self.parts.push(RecordPart::Text(self.text));
        self.parts
    }

    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn string(&mut self, text: &str) {
        // Writing to a `String` cannot fail.
        let _ = write_json_string(text, &mut self.text);
    }

    fn part(&mut self, part: RecordPart<'a, S>) {
        self.parts.push(RecordPart::Text(core::mem::take(&mut self.text)));
        self.parts.push(part);
    }

    fn node(&mut self, text: &'a TextNode<S>) {
        match &text.known {
            Some(known) => self.string(known),
            None => self.part(RecordPart::Constant(text)),
        }
    }

    /// Writes a member after others.
    fn member(&mut self, name: &str, text: Option<&'a TextNode<S>>) {
        if let Some(text) = text {
            self.raw(&format!(",\"{name}\":"));
            self.node(text);
        }
    }

    fn list<'b, T>(&mut self, name: &str, items: &'b [T], write: impl Fn(&mut Self, &'b T)) {
        if items.is_empty() {
            return;
        }
        self.raw(&format!(",\"{name}\":"));
        let mut before = "[";
        for item in items {
            self.raw(before);
            write(self, item);
            before = ",";
        }
        self.raw("]");
    }

    fn source(&mut self, source: &'a SourceDraft<S>) {
        if !source.with_fields {
            return self.node(&source.id);
        }
        self.raw("{\"id\":");
        self.node(&source.id);
        self.member("type", source.backend.as_ref());
        self.member("group", source.group.as_ref());
        self.member("role", source.role.as_ref());
        let mut before = ",\"options\":{";
        for option in source.options.iter() {
            self.raw(before);
            self.string(&option.name);
            self.raw(":");
            match &option.value {
                OptionDraftValue::Flag(value) => self.raw(if *value { "true" } else { "false" }),
                OptionDraftValue::Text(text) => self.node(text),
                OptionDraftValue::Texts(texts) => {
                    let mut before = "{";
                    for (name, _) in texts {
                        self.raw(before);
                        self.string(name);
                        self.raw(":\"***\"");
                        before = ",";
                    }
                    self.raw(if texts.is_empty() { "{}" } else { "}" });
                }
            }
            before = ",";
        }
        self.raw(if source.options.is_empty() { "}" } else { "}}" });
    }

    fn request(&mut self, request: &'a RequestDraft<S>) {
        if request.constant {
            return self.part(RecordPart::Request(request));
        }
        let mount = request.mount_requirement;
        let texts = [
            ("group", &request.group),
            ("key", &request.key),
            ("group_version", &request.group_version),
            ("env_var", &request.env_var),
        ];
        self.raw("{\"mount_requirement\":");
        self.string(MountType::as_str(mount));
        for (name, text) in texts {
            self.member(name, text.as_ref());
        }
        self.raw("}");
    }
}
