//! From what was written to what it means, with every mistake on the way: the one reader of sources and
//! requests, for attributes, `--with`, `--sources`, `--requests` and settings alike.

use alloc::{format, string::String, vec::Vec};

use crate::{
    BuiltIn, Clash, Complaint, Flaw, MountType, Name, Node, OptionsDraft, RequestDraft,
    RequestView, SourceDraft, Text, Value, check_alias, check_env_var, check_group_and_key,
    check_id, check_inline_name, check_region, check_role, check_selector, check_source,
    check_type, check_variable_name, check_version, clash, closest, flaw::excerpt,
};

/// The fields of a source.
pub const SOURCE_FIELDS: &[&str] = &["id", "type", "options", "role", "group"];
/// The options of a source.
pub const OPTION_FIELDS: &[&str] =
    &["json", "env_var_name", "region", "version_id", "version_stage", "required", "env_vars"];
/// The fields of a request.
pub const REQUEST_FIELDS: &[&str] =
    &["group", "key", "group_version", "mount_requirement", "env_var"];

type Complaints<'a, S> = &'a mut Vec<Complaint<S>>;

/// Reads a list of sources.
pub fn read_sources<S: Clone>(node: &Node<S>, out: Complaints<'_, S>) -> Vec<SourceDraft<S>> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(|item| read_source(item, out)).collect(),
        Value::Broken => Vec::new(),
        other => {
            let help = match other {
                Value::Text(text) => format!("write it in brackets: [{}]", excerpt(text)),
                _ => String::from("write them in brackets: [\"prod-db\"]"),
            };
            out.push(Complaint::new(
                node.at.clone(),
                format!("`sources` is a list, not {}", other.describe()),
                help,
            ));
            Vec::new()
        }
    }
}

/// Reads a source: a text, or a set of fields with an `id`.
pub fn read_source<S: Clone>(node: &Node<S>, out: Complaints<'_, S>) -> Option<SourceDraft<S>> {
    let fields = match &node.value {
        Value::Text(_) | Value::Constant => {
            let id = text_of(node);
            if let Some(known) = &id.known
                && let Err(flaw) = check_source(known)
            {
                out.push(flawed(&id, known, flaw));
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
            out.push(Complaint::new(
                node.at.clone(),
                format!("a source is a text or a set of fields, not {}", other.describe()),
                "write \"prod-db\" or { id = \"prod-db\", options = { json = false } }",
            ));
            return None;
        }
    };
    let mut draft = SourceDraft {
        with_fields: true,
        id: Text { known: None, at: node.at.clone() },
        backend: None,
        group: None,
        role: None,
        options: OptionsDraft::default(),
        at: node.at.clone(),
    };
    let before = out.len();
    let mut has_id = false;
    for (name, value) in once_each(fields, "field", SOURCE_FIELDS, out) {
        match name.text.as_str() {
            "id" => {
                has_id = true;
                if let Some(id) = text(name, value, out) {
                    draft.id = id;
                }
            }
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
    // An unknown field may well be the misspelled id.
    if !has_id && out.len() == before {
        out.push(Complaint::new(
            node.at.clone(),
            "a source has no `id`",
            "write { id = \"prod-db\" }",
        ));
    }
    check_draft(&draft, out);
    (has_id && out.len() == before || draft.id.known.is_some()).then_some(draft).filter(|_| has_id)
}

/// What can be told only of the fields together: the id's own grammar, and `env_vars`.
fn check_draft<S: Clone>(draft: &SourceDraft<S>, out: Complaints<'_, S>) {
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
        out.push(flawed(&draft.id, id, flaw));
    }
    let inline = backend == Some(BuiltIn::Inline.name());
    if inline && draft.options.env_vars.is_none() {
        out.push(Complaint::new(
            draft.at.clone(),
            "an `inline` source has no values",
            "write options = { env_vars = { NAME = \"value\" } }",
        ));
    }
    if !inline && draft.options.env_vars.is_some() {
        out.push(Complaint::new(
            draft.at.clone(),
            "`env_vars` is for sources of type `inline`",
            "write type = \"inline\", or remove `env_vars`",
        ));
    }
}

fn read_options<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    out: Complaints<'_, S>,
) -> OptionsDraft<S> {
    let mut options = OptionsDraft::default();
    let Value::Map(fields) = &node.value else {
        wrong_type(name, node, "a set of options", "{ json = false }", out);
        return options;
    };
    for (name, value) in once_each(fields, "option", OPTION_FIELDS, out) {
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
    name: &Name<S>,
    node: &Node<S>,
    out: Complaints<'_, S>,
) -> Option<Vec<(String, Text<S>)>> {
    let Value::Map(fields) = &node.value else {
        wrong_type(name, node, "a set of names and texts", "{ NAME = \"value\" }", out);
        return None;
    };
    let mut vars: Vec<(String, Text<S>)> = Vec::new();
    for (name, value) in fields {
        if let Some(flaw) = check_inline_name(&name.text) {
            let error = flaw.explain(&name.text);
            out.push(Complaint::of_error(name.at.clone(), &error, flaw.kind));
        } else if vars.iter().any(|(other, _)| *other == name.text) {
            out.push(twice("variable", name));
        } else if let Some(text) = text(name, value, out) {
            vars.push((name.text.clone(), text));
        }
    }
    Some(vars)
}

/// Reads a list of requests, and says which of them cannot stand beside each other.
pub fn read_requests<S: Clone>(node: &Node<S>, out: Complaints<'_, S>) -> Vec<RequestDraft<S>> {
    let Value::List(items) = &node.value else {
        if !matches!(node.value, Value::Broken) {
            out.push(Complaint::new(
                node.at.clone(),
                format!("requests are a list, not {}", node.value.describe()),
                "write [Secret(group = \"db\", key = \"password\")]",
            ));
        }
        return Vec::new();
    };
    let requests: Vec<_> = items.iter().filter_map(|item| read_request(item, out)).collect();
    for (index, request) in requests.iter().enumerate() {
        let Some(view) = request.view() else { continue };
        let shared = requests[..index].iter().find_map(|other| clash(other.view()?, view));
        if let Some(shared) = shared {
            let at = match (&request.env_var, shared) {
                (Some(env_var), Clash::EnvVar) => env_var.at.clone(),
                _ => request.at.clone(),
            };
            let (message, help) = shared.sentence().split_once(": ").unwrap_or_default();
            out.push(Complaint::new(at, message, help));
        }
    }
    requests
}

fn read_request<S: Clone>(node: &Node<S>, out: Complaints<'_, S>) -> Option<RequestDraft<S>> {
    let mut draft = RequestDraft {
        constant: matches!(node.value, Value::Constant),
        group: None,
        key: None,
        group_version: None,
        mount_requirement: MountType::ANY,
        env_var: None,
        at: node.at.clone(),
    };
    let fields = match &node.value {
        Value::Constant => return Some(draft),
        Value::Map(fields) => fields,
        Value::Broken => return None,
        other => {
            out.push(Complaint::new(
                node.at.clone(),
                format!("a request is a group and a key, not {}", other.describe()),
                "write Secret(group = \"db\", key = \"password\")",
            ));
            return None;
        }
    };
    let before = out.len();
    for (name, value) in once_each(fields, "field", REQUEST_FIELDS, out) {
        match name.text.as_str() {
            // Flyte's own default is None, which says the same as leaving it out.
            _ if matches!(value.value, Value::Null) => {}
            "group" => draft.group = text(name, value, out),
            "key" => draft.key = text(name, value, out),
            "group_version" => draft.group_version = read_text(name, value, check_version, out),
            "env_var" => draft.env_var = read_text(name, value, check_env_var, out),
            _ => draft.mount_requirement = mount_requirement(name, value, out),
        }
    }
    if out.len() == before {
        check_request(&draft, out);
    }
    (out.len() == before).then_some(draft)
}

fn check_request<S: Clone>(draft: &RequestDraft<S>, out: Complaints<'_, S>) {
    let known = |text: &Option<Text<S>>| match text {
        None => Some(String::new()),
        Some(text) => text.known.clone(),
    };
    let (Some(group), Some(key)) = (known(&draft.group), known(&draft.key)) else { return };
    if let Some(flaw) = check_group_and_key(&group, &key) {
        let mount_requirement = draft.mount_requirement;
        let view = RequestView {
            group: &group,
            key: &key,
            group_version: None,
            mount_requirement,
            env_var: None,
        };
        let part = view.part(flaw.kind);
        let text = if core::ptr::eq(part, key.as_str()) { &draft.key } else { &draft.group };
        let at = text.as_ref().map_or_else(|| draft.at.clone(), |text| text.at.clone());
        out.push(Complaint::of_error(at, &flaw.explain(part), flaw.kind));
    }
}

fn mount_requirement<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    out: Complaints<'_, S>,
) -> MountType {
    let Value::Text(written) = &node.value else {
        wrong_type(name, node, "ANY, ENV_VAR or FILE", "FILE", out);
        return MountType::ANY;
    };
    let word = written.strip_prefix("Secret::").unwrap_or(written);
    let word = word.strip_prefix("MountType::").unwrap_or(word);
    MountType::parse(word).unwrap_or_else(|| {
        let help = match closest(word, ["ANY", "ENV_VAR", "FILE"]) {
            Some(better) => format!("did you mean `{better}`?"),
            None => String::from("write ANY, ENV_VAR or FILE"),
        };
        let message = format!("there is no mount requirement `{word}`");
        out.push(Complaint::new(node.at.clone(), message, help));
        MountType::ANY
    })
}

/// The fields that exist and come for the first time; the others are complained about.
fn once_each<'a, S: Clone>(
    fields: &'a [(Name<S>, Node<S>)],
    noun: &str,
    known: &[&'static str],
    out: Complaints<'_, S>,
) -> Vec<&'a (Name<S>, Node<S>)> {
    let mut good: Vec<&(Name<S>, Node<S>)> = Vec::new();
    for field in fields {
        let name = &field.0;
        if !known.contains(&name.text.as_str()) {
            let help = match closest(&name.text, known.iter().copied()) {
                Some(better) => format!("did you mean `{better}`?"),
                None => format!("the {noun}s are {}", known.join(", ")),
            };
            let message = format!("unknown {noun} {}", excerpt(&name.text));
            out.push(Complaint::new(name.at.clone(), message, help));
        } else if good.iter().any(|(other, _)| other.text == name.text) {
            out.push(twice(noun, name));
        } else {
            good.push(field);
        }
    }
    good
}

fn twice<S: Clone>(noun: &str, name: &Name<S>) -> Complaint<S> {
    let message = format!("the {noun} `{}` is given twice", name.text);
    Complaint::new(name.at.clone(), message, "remove one of the two")
}

fn text_of<S: Clone>(node: &Node<S>) -> Text<S> {
    let known = match &node.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    Text { known, at: node.at.clone() }
}

fn text<S: Clone>(name: &Name<S>, node: &Node<S>, out: Complaints<'_, S>) -> Option<Text<S>> {
    if matches!(node.value, Value::Text(_) | Value::Constant) {
        return Some(text_of(node));
    }
    wrong_type(name, node, "a text", "\"..\"", out);
    None
}

/// Reads the text of a field, and checks it where it is known.
pub fn read_text<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    check: fn(&str) -> Option<Flaw>,
    out: Complaints<'_, S>,
) -> Option<Text<S>> {
    let text = text(name, node, out)?;
    if let Some(known) = &text.known
        && let Some(flaw) = check(known)
    {
        out.push(flawed(&text, known, flaw));
    }
    Some(text)
}

/// Reads a field that is true or false.
pub fn read_flag<S: Clone>(name: &Name<S>, node: &Node<S>, out: Complaints<'_, S>) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    let meant = match &node.value {
        Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => "false",
        Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => "true",
        _ => "true or false",
    };
    wrong_type(name, node, "true or false", meant, out);
    None
}

fn wrong_type<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    wanted: &str,
    write: &str,
    out: Complaints<'_, S>,
) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{}` is {wanted}, not {}", name.text, node.value.describe());
        out.push(Complaint::new(node.at.clone(), message, format!("write {write}")));
    }
}

fn flawed<S: Clone>(text: &Text<S>, known: &str, flaw: Flaw) -> Complaint<S> {
    Complaint::of_error(text.at.clone(), &flaw.explain(known), flaw.kind)
}
