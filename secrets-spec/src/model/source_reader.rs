//! Reads sources from nodes, and reports every mistake in them. Attributes, `--with`, `--sources` and settings all
//! use this reader.

use alloc::{format, string::String, vec::Vec};

use crate::{
    grammar::{
        backend_type::{BuiltIn, check_type},
        flaw::Flaw,
        group_and_key::check_alias,
        id::check_id,
        region::check_region,
        role::check_role,
        source_text::{check_source, quoted_source},
        spec_error::SpecError,
        variable::{check_inline_name, check_variable_name},
        version::check_selector,
    },
    model::{
        request_draft::REQUEST_FIELDS,
        source::Source,
        source_draft::{OPTION_FIELDS, OptionsDraft, SOURCE_FIELDS, SourceDraft},
    },
    syntax::{
        diagnostic::Diagnostic,
        fields::{
            duplicate, read_flag, read_inline_value, read_text, read_unchecked_text,
            report_wrong_type, unique_fields,
        },
        json::read_json,
        node::{FieldName, Node, TextNode, Value},
    },
};

impl Source {
    /// Parses a source in JSON: a string, or an object with `id`, `type`, `options`, `role` and `group`.
    ///
    /// # Errors
    /// The first mistake; [`read_source`] reports them all.
    pub fn from_json(text: &str) -> Result<Self, SpecError> {
        let node = read_json(text)?;
        let mut diagnostics = Vec::new();
        let draft = read_source(&node, &mut diagnostics);
        if let Some(diagnostic) = diagnostics.into_iter().next() {
            return Err(diagnostic.into());
        }
        let source = draft.and_then(SourceDraft::into_source);
        source.ok_or_else(|| SpecError::new("a source is missing", 0..text.len(), None))
    }
}

/// Reads a list of sources.
pub fn read_sources<S: Clone>(node: &Node<S>, out: &mut Vec<Diagnostic<S>>) -> Vec<SourceDraft<S>> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(|item| read_source(item, out)).collect(),
        Value::Broken => Vec::new(),
        other => {
            let source = match other {
                Value::Text(text) => quoted_source(text),
                _ => None,
            };
            let help = match source {
                Some(source) => format!("write it in brackets: [{source}]"),
                None => String::from("write them in brackets: [\"prod-db\"]"),
            };
            out.push(Diagnostic::new(
                node.at.clone(),
                format!("`sources` is a list, not {}", other.describe()),
                help,
            ));
            Vec::new()
        }
    }
}

/// Reads a source: a text, or a set of fields with an `id`.
pub fn read_source<S: Clone>(
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<SourceDraft<S>> {
    let fields = match &node.value {
        Value::Text(_) | Value::Constant => {
            let id = TextNode::from_node(node);
            if let Some(known) = &id.known
                && let Err(flaw) = check_source(known)
            {
                out.push(Diagnostic::from_flaw(id.at.clone(), flaw, known));
            }
            return Some(SourceDraft {
                with_fields: false,
                id,
                backend: None,
                group: None,
                role: None,
                options: OptionsDraft::default(),
                at: node.at.clone(),
            });
        }
        Value::Map(fields) => fields,
        Value::Broken => return None,
        other => {
            out.push(Diagnostic::new(
                node.at.clone(),
                format!("a source is a text or a set of fields, not {}", other.describe()),
                "write \"prod-db\" or { id = \"prod-db\", options = { json = false } }",
            ));
            return None;
        }
    };
    let is_request =
        |(name, _): &(FieldName<S>, Node<S>)| REQUEST_FIELDS.contains(&name.text.as_str());
    let is_source =
        |(name, _): &(FieldName<S>, Node<S>)| SOURCE_FIELDS.contains(&name.text.as_str());
    if fields.iter().all(is_request) && !fields.iter().all(is_source) {
        out.push(Diagnostic::new(
            node.at.clone(),
            "this is a request, not a source",
            "a request goes into `secret_requests`; a source has an `id`: { id = \"prod-db\" }",
        ));
        return None;
    }
    let mut draft = SourceDraft {
        with_fields: true,
        id: TextNode { known: None, at: node.at.clone() },
        backend: None,
        group: None,
        role: None,
        options: OptionsDraft::default(),
        at: node.at.clone(),
    };
    let mut id = None;
    for (name, value) in unique_fields(fields, "field", SOURCE_FIELDS, out) {
        match name.text.as_str() {
            "id" => id = read_unchecked_text(name, value, out),
            "type" => draft.backend = read_text(name, value, check_type, out),
            "group" => draft.group = read_text(name, value, check_alias, out),
            "role" => {
                if !matches!(value.value, Value::Null) {
                    draft.role = read_text(name, value, check_role, out);
                }
            }
            _ => draft.options = read_options(name, value, out),
        }
    }
    // An unknown field may be the misspelled id.
    let may_be_id = |name: &str| name == "id" || !SOURCE_FIELDS.contains(&name);
    if !fields.iter().any(|(name, _)| may_be_id(&name.text)) {
        out.push(Diagnostic::new(
            node.at.clone(),
            "a source has no `id`",
            "write { id = \"prod-db\" }",
        ));
    }
    let has_id = id.is_some();
    draft.id = id.unwrap_or(draft.id);
    check_draft(&draft, out);
    has_id.then_some(draft)
}

/// Checks the rules that depend on several fields: the grammar of the id, and `env_vars`.
fn check_draft<S: Clone>(draft: &SourceDraft<S>, out: &mut Vec<Diagnostic<S>>) {
    let backend = match &draft.backend {
        None => None,
        Some(backend) => match &backend.known {
            Some(known) if check_type(known).is_none() => Some(known.as_str()),
            _ => return,
        },
    };
    if let Some(id) = &draft.id.known
        && let Some(flaw) = check_id(backend, id)
    {
        out.push(Diagnostic::from_flaw(draft.id.at.clone(), flaw, id));
    }
    let inline = backend == Some(BuiltIn::Inline.name());
    if inline && draft.options.env_vars.is_none() {
        out.push(Diagnostic::new(
            draft.at.clone(),
            "an `inline` source has no values",
            "write options = { env_vars = { NAME = \"value\" } }",
        ));
    }
    if !inline && draft.options.env_vars.is_some() {
        out.push(Diagnostic::new(
            draft.at.clone(),
            "`env_vars` is for sources of type `inline`",
            "write type = \"inline\", or remove `env_vars`",
        ));
    }
}

fn read_options<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> OptionsDraft<S> {
    let mut options = OptionsDraft::default();
    let Value::Map(fields) = &node.value else {
        report_wrong_type(name, node, "a set of options", "{ json = false }", out);
        return options;
    };
    for (name, value) in unique_fields(fields, "option", OPTION_FIELDS, out) {
        match name.text.as_str() {
            "json" => options.json = read_flag(name, value, out),
            "required" => options.required = read_flag(name, value, out),
            "region" => options.region = read_text(name, value, check_region, out),
            "version_id" => options.version_id = read_text(name, value, check_selector, out),
            "version_stage" => options.version_stage = read_text(name, value, check_selector, out),
            "env_var_name" => {
                options.env_var_name = read_text(name, value, optional_variable_name, out);
            }
            _ => options.env_vars = read_env_vars(name, value, out),
        }
    }
    options
}

const fn optional_variable_name(text: &str) -> Option<Flaw> {
    if text.is_empty() { None } else { check_variable_name(text) }
}

fn read_env_vars<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<Vec<(String, TextNode<S>)>> {
    let Value::Map(fields) = &node.value else {
        report_wrong_type(name, node, "a set of names and texts", "{ NAME = \"value\" }", out);
        return None;
    };
    let mut vars: Vec<(String, TextNode<S>)> = Vec::new();
    for (name, value) in fields {
        if let Some(flaw) = check_inline_name(&name.text) {
            out.push(Diagnostic::from_flaw(name.at.clone(), flaw, &name.text));
        } else if vars.iter().any(|(other, _)| *other == name.text) {
            out.push(duplicate("variable", name));
        } else if let Some(text) = read_inline_value(name, value, out) {
            vars.push((name.text.clone(), text));
        }
    }
    Some(vars)
}
