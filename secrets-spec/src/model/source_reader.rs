//! Reads sources from nodes, and reports every mistake in them. Attributes, `--with`, `--sources` and settings all
//! use this reader.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use crate::{
    grammar::{
        backend_type::{BuiltIn, check_type},
        group_and_key::check_alias,
        id::check_id,
        role::check_role_of_type,
        source_text::{check_source, quoted_source},
        spec_error::SpecError,
        variable::check_inline_name,
    },
    model::{
        options::{OPTIONS, OptionField, OptionKind, OptionScope, PayloadFormat},
        request_draft::REQUEST_FIELDS,
        source::Source,
        source_draft::{OptionDraft, OptionDraftValue, OptionsDraft, SOURCE_FIELDS, SourceDraft},
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

/// Returns the help for an option that is written as a field.
fn option_hint(name: &str) -> Option<String> {
    let is_option = OPTIONS.iter().any(|option| option.name == name);
    is_option.then(|| format!("it is an option: write options = {{ {name} = .. }}"))
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
    read_fields(fields, &node.at, true, out)
}

/// Reads the fields of a source. With `needs_id` false, the id may be absent.
pub(crate) fn read_fields<S: Clone>(
    fields: &[(FieldName<S>, Node<S>)],
    at: &S,
    needs_id: bool,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<SourceDraft<S>> {
    let mut draft = SourceDraft {
        with_fields: true,
        id: TextNode { known: None, at: at.clone() },
        backend: None,
        group: None,
        role: None,
        options: OptionsDraft::default(),
        at: at.clone(),
    };
    // Role and options follow the type, which may stand after them.
    let backend = fields.iter().find_map(|(name, node)| match &node.value {
        Value::Text(text) if name.text == "type" => Some(text.as_str()),
        _ => None,
    });
    let mut id = None;
    for (name, value) in unique_fields(fields, "field", SOURCE_FIELDS, option_hint, out) {
        match name.text.as_str() {
            "id" => id = read_unchecked_text(name, value, out),
            "type" => draft.backend = read_text(name, value, check_type, out),
            "group" => draft.group = read_text(name, value, check_alias, out),
            "role" => {
                if !matches!(value.value, Value::Null) {
                    draft.role = read_role(name, value, backend, out);
                }
            }
            _ => draft.options = read_options(name, value, backend, out),
        }
    }
    // An unknown field may be the misspelled id.
    let may_be_id = |name: &str| name == "id" || !SOURCE_FIELDS.contains(&name);
    if needs_id && !fields.iter().any(|(name, _)| may_be_id(&name.text)) {
        out.push(Diagnostic::new(at.clone(), "a source has no `id`", "write { id = \"prod-db\" }"));
    }
    let has_id = id.is_some();
    draft.id = id.unwrap_or(draft.id);
    check_draft(&draft, out);
    (has_id || !needs_id).then_some(draft)
}

/// Checks the rules that depend on several fields: the grammar of the id, and `env_vars`.
fn check_draft<S: Clone>(draft: &SourceDraft<S>, out: &mut Vec<Diagnostic<S>>) {
    let backend = match &draft.backend {
        None => None,
        Some(backend) => match &backend.known {
            Some(known) if check_type(known).is_none() => Some(known.as_str()),
            _ => return check_id_of_unknown_type(&draft.id, out),
        },
    };
    if let Some(id) = &draft.id.known
        && let Some(flaw) = check_id(backend, id)
    {
        out.push(Diagnostic::from_flaw(draft.id.at.clone(), flaw, id));
    }
    let env_vars = draft.options.get("env_vars");
    if backend == Some(BuiltIn::Inline.name()) && env_vars.is_none() {
        out.push(Diagnostic::new(
            draft.at.clone(),
            "an `inline` source has no values",
            "write options = { env_vars = { NAME = \"value\" } }",
        ));
    }
    // Without a type the default backend reads the source, and it is never `inline`.
    if backend.is_none() && env_vars.is_some() {
        let inline = BuiltIn::Inline.name();
        out.push(Diagnostic::new(
            draft.at.clone(),
            format!("`env_vars` is for sources of type `{inline}`"),
            format!("write type = \"{inline}\", or remove `env_vars`"),
        ));
    }
    check_formats(draft, out);
    for option in draft.options.iter() {
        check_scope(backend, option, &draft.at, out);
    }
}

/// Reports that `json` and `format` contradict each other.
fn check_formats<S: Clone>(draft: &SourceDraft<S>, out: &mut Vec<Diagnostic<S>>) {
    let value = |name| draft.options.get(name).map(|option| &option.value);
    let Some(OptionDraftValue::Flag(json)) = value("json") else { return };
    let Some(OptionDraftValue::Text(format)) = value("format") else { return };
    let format = format.known.as_deref().and_then(PayloadFormat::parse);
    if let Some(format) = format
        && format != PayloadFormat::of_json(*json)
    {
        let at = draft.options.get("json").map_or(&draft.at, |option| &option.at);
        let format = format.as_str();
        let message = format!("`json = {json}` contradicts `format = \"{format}\"`");
        out.push(Diagnostic::new(at.clone(), message, "remove one of the two"));
    }
}

/// Checks what applies to the ids of every type, where the type is wrong or only the compiler knows it.
fn check_id_of_unknown_type<S: Clone>(id: &TextNode<S>, out: &mut Vec<Diagnostic<S>>) {
    if let Some(known) = &id.known
        && known.is_empty()
        && let Some(flaw) = check_id(None, known)
    {
        out.push(Diagnostic::from_flaw(id.at.clone(), flaw, known));
    }
}

/// Reports an option that the source's type does not have.
fn check_scope<S: Clone>(
    backend: Option<&str>,
    option: &OptionDraft<S>,
    source: &S,
    out: &mut Vec<Diagnostic<S>>,
) {
    let Some(built_in) = backend.and_then(BuiltIn::parse) else { return };
    let Some(OptionScope::Only(types)) = OptionField::find(&option.name).map(|field| field.scope)
    else {
        return;
    };
    if built_in.is_reserved() || types.contains(&built_in) {
        return;
    }
    let name = &option.name;
    let owners: Vec<String> = types.iter().map(|owner| format!("`{owner}`")).collect();
    let (at, help) = match types {
        [owner] => (source, format!("write type = \"{owner}\", or remove `{name}`")),
        _ => (&option.at, format!("remove `{name}`, or the type if another backend is meant")),
    };
    let message = format!("`{name}` is for sources of type {}", owners.join(", "));
    out.push(Diagnostic::new(at.clone(), message, help));
}

/// Reads a role, by the grammar of the source's type.
fn read_role<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    backend: Option<&str>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<TextNode<S>> {
    let text = read_unchecked_text(name, node, out)?;
    if let Some(known) = &text.known
        && let Some(flaw) = check_role_of_type(backend, known)
    {
        out.push(Diagnostic::from_flaw(text.at.clone(), flaw, known));
    }
    Some(text)
}

/// Reads options by the rows of [`OPTIONS`]. A type of the user may have others, which are texts, flags and sets of
/// texts.
fn read_options<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    backend: Option<&str>,
    out: &mut Vec<Diagnostic<S>>,
) -> OptionsDraft<S> {
    let mut options = OptionsDraft::default();
    let Value::Map(fields) = &node.value else {
        report_wrong_type(name, node, "a set of options", "{ json = false }", out);
        return options;
    };
    let is_users = backend.is_some_and(|backend| {
        check_type(backend).is_none() && BuiltIn::parse(backend).is_none_or(BuiltIn::is_reserved)
    });
    let mut names: Vec<&str> = OPTIONS.iter().map(|field| field.name).collect();
    if is_users {
        names.extend(fields.iter().map(|(name, _)| name.text.as_str()));
    }
    for (name, value) in unique_fields(fields, "option", &names, |_| None, out) {
        let kind = OptionField::find(&name.text).map(|field| field.kind);
        let value = match (kind, &value.value) {
            (Some(OptionKind::Flag), _) | (None, Value::Bool(_)) => {
                read_flag(name, value, out).map(OptionDraftValue::Flag)
            }
            (Some(OptionKind::Number(numbers)), _) => {
                read_number(name, value, numbers, out).map(OptionDraftValue::Number)
            }
            (Some(OptionKind::Text(check)), _) => {
                read_text(name, value, check, out).map(OptionDraftValue::Text)
            }
            (Some(OptionKind::Texts), _) => {
                read_env_vars(name, value, out).map(OptionDraftValue::Texts)
            }
            (None, Value::Map(_)) => read_texts(name, value, out).map(OptionDraftValue::Texts),
            (None, _) => read_unchecked_text(name, value, out).map(OptionDraftValue::Text),
        };
        if let Some(value) = value {
            let (name, at) = (name.text.clone(), name.at.clone());
            options.0.push(OptionDraft { name, at, value });
        }
    }
    options
}

/// Reads one of a few numbers.
fn read_number<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    numbers: &[u8],
    out: &mut Vec<Diagnostic<S>>,
) -> Option<u8> {
    match node.value {
        Value::Number(Some(number)) if numbers.contains(&number) => return Some(number),
        Value::Number(_) => {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number}")).collect();
            let (name, numbers) = (&name.text, numbers.join(" or "));
            let message = format!("`{name}` cannot be this number");
            out.push(Diagnostic::new(node.at.clone(), message, format!("write {numbers}")));
        }
        _ => {
            let first = numbers.first().map(|number| format!("{number}")).unwrap_or_default();
            report_wrong_type(name, node, "a number", &first, out);
        }
    }
    None
}

/// Reads a set of texts of a type of the user.
fn read_texts<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<Vec<(String, TextNode<S>)>> {
    let Value::Map(fields) = &node.value else {
        report_wrong_type(name, node, "a set of names and texts", "{ name = \"value\" }", out);
        return None;
    };
    let mut texts: Vec<(String, TextNode<S>)> = Vec::new();
    let mut known = BTreeSet::new();
    for (name, value) in fields {
        if !known.insert(name.text.as_str()) {
            out.push(duplicate("name", name));
        } else if let Some(text) = read_inline_value(name, value, out) {
            texts.push((name.text.clone(), text));
        }
    }
    Some(texts)
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
    let mut known = BTreeSet::new();
    for (name, value) in fields {
        if let Some(flaw) = check_inline_name(&name.text) {
            out.push(Diagnostic::from_flaw(name.at.clone(), flaw, &name.text));
        } else if !known.insert(name.text.as_str()) {
            out.push(duplicate("variable", name));
        } else if let Some(text) = read_inline_value(name, value, out) {
            vars.push((name.text.clone(), text));
        }
    }
    Some(vars)
}
