//! Reads requests from nodes, and reports every mistake in them.

use alloc::{format, string::String, vec::Vec};

use crate::{
    grammar::{
        group_and_key::{RequestPart, find_group_or_key_flaw},
        spec_error::SpecError,
        variable::check_env_var,
        version::check_version,
    },
    model::{
        conflict::{Conflict, ConflictText},
        mount_type::MountType,
        request::Request,
        request_draft::{REQUEST_FIELDS, RequestDraft},
        request_index::RequestIndex,
        source_draft::SOURCE_FIELDS,
    },
    syntax::{
        diagnostic::Diagnostic,
        fields::{read_text, read_unchecked_text, report_wrong_type, unique_fields},
        json::read_json,
        node::{FieldName, Node, TextNode, Value},
    },
    text::{edit_distance::closest, escape::excerpt},
};

impl Request {
    /// Parses what [`Display`](core::fmt::Display) writes: `group/key`, a key alone, or JSON. A text is split at its
    /// last `/`, or at the first one if it starts with an ARN.
    ///
    /// ```
    /// use secrets_spec::Request;
    ///
    /// let request = Request::parse("kv/db/password (version v2)")?;
    /// assert_eq!((request.view().group, request.view().key), ("kv/db", "password"));
    /// assert_eq!(request.view().group_version, Some("v2"));
    /// # Ok::<(), secrets_spec::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// If a part is invalid.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if text.starts_with('{') {
            return Self::from_json(text);
        }
        Self::read_plain(text)
    }

    /// Parses a request in JSON: an object with `group`, `key`, `group_version`, `mount_requirement` and `env_var`.
    ///
    /// # Errors
    /// The first mistake; [`read_requests`] reports them all.
    pub fn from_json(text: &str) -> Result<Self, SpecError> {
        let node = read_json(text)?;
        let mut diagnostics = Vec::new();
        let draft = read_request(&node, &mut diagnostics);
        if let Some(diagnostic) = diagnostics.into_iter().next() {
            return Err(diagnostic.into());
        }
        let request = draft.and_then(RequestDraft::into_request);
        request.ok_or_else(|| SpecError::new("a request is missing", 0..text.len(), None))
    }
}

/// Reads a list of requests, and reports conflicts between them.
pub fn read_requests<S: Clone>(
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Vec<RequestDraft<S>> {
    let Value::List(items) = &node.value else {
        if !matches!(node.value, Value::Broken) {
            out.push(Diagnostic::new(
                node.at.clone(),
                format!("requests are a list, not {}", node.value.describe()),
                "write [Secret(group = \"db\", key = \"password\")]",
            ));
        }
        return Vec::new();
    };
    let requests: Vec<_> = items.iter().filter_map(|item| read_request(item, out)).collect();
    let mut index = RequestIndex::default();
    for (place, request) in requests.iter().enumerate() {
        let Some(view) = request.view() else { continue };
        let other = index.conflicting(view).and_then(|place| requests[place].view());
        let shared = other.and_then(|other| ConflictText::message(other, view));
        index.add(view, place);
        if let Some(shared) = shared {
            let at = match (&request.env_var, shared.conflict()) {
                (Some(env_var), Conflict::EnvVar) => env_var.at.clone(),
                _ => request.at.clone(),
            };
            out.push(Diagnostic::new(at, shared.as_str(), shared.conflict().help()));
        }
    }
    requests
}

/// Reads a request: a path to a constant, or a set of fields.
pub(crate) fn read_request<S: Clone>(
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<RequestDraft<S>> {
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
            out.push(Diagnostic::new(
                node.at.clone(),
                format!("a request is a group and a key, not {}", other.describe()),
                "write Secret(group = \"db\", key = \"password\")",
            ));
            return None;
        }
    };
    if fields.iter().any(|(name, _)| name.text == "id")
        && fields.iter().all(|(name, _)| SOURCE_FIELDS.contains(&name.text.as_str()))
    {
        out.push(Diagnostic::new(
            node.at.clone(),
            "this is a source, not a request",
            "a source goes into `sources`; a request is a group and a key: Secret(group = \"db\", key = \"password\")",
        ));
        return None;
    }
    let before = out.len();
    for (name, value) in unique_fields(fields, "field", REQUEST_FIELDS, |_| None, out) {
        match name.text.as_str() {
            // `None` is Flyte's default, so it means the same as no field.
            _ if matches!(value.value, Value::Null) => {}
            "group" => draft.group = read_unchecked_text(name, value, out),
            "key" => draft.key = read_unchecked_text(name, value, out),
            "group_version" => draft.group_version = read_text(name, value, check_version, out),
            "env_var" => draft.env_var = read_text(name, value, check_env_var, out),
            _ => draft.mount_requirement = read_mount_requirement(name, value, out),
        }
    }
    // An unknown field may be a misspelled group or key, and a value that is not a text has been reported already.
    let may_be_other = |name: &FieldName<S>| {
        let known = closest(&name.text, REQUEST_FIELDS.iter().copied());
        known.is_some_and(|known| known != "group" && known != "key")
    };
    let is_field =
        |name: &FieldName<S>| REQUEST_FIELDS.contains(&name.text.as_str()) || may_be_other(name);
    let is_text = |name: &str, text: &Option<TextNode<S>>| {
        let given = |(field, value): &(FieldName<S>, Node<S>)| {
            field.text == name && !matches!(value.value, Value::Null)
        };
        text.is_some() || !fields.iter().any(given)
    };
    if fields.iter().all(|(name, _)| is_field(name))
        && is_text("group", &draft.group)
        && is_text("key", &draft.key)
    {
        check_request(&draft, out);
    }
    (out.len() == before).then_some(draft)
}

/// Checks group and key together, if both are known.
fn check_request<S: Clone>(draft: &RequestDraft<S>, out: &mut Vec<Diagnostic<S>>) {
    let known = |text: &Option<TextNode<S>>| match text {
        None => Some(String::new()),
        Some(text) => text.known.clone(),
    };
    let (Some(group), Some(key)) = (known(&draft.group), known(&draft.key)) else { return };
    let Some((part, flaw)) = find_group_or_key_flaw(&group, &key) else { return };
    let (text, written) = match part {
        RequestPart::Key => (&draft.key, key.as_str()),
        _ => (&draft.group, group.as_str()),
    };
    let at = text.as_ref().map_or_else(|| draft.at.clone(), |text| text.at.clone());
    out.push(Diagnostic::from_flaw(at, flaw, written));
}

fn read_mount_requirement<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> MountType {
    let Value::Text(written) = &node.value else {
        report_wrong_type(name, node, "ANY, ENV_VAR or FILE", "FILE", out);
        return MountType::ANY;
    };
    let word = written.strip_prefix("Secret::").unwrap_or(written);
    let word = word.strip_prefix("MountType::").unwrap_or(word);
    MountType::parse(word).unwrap_or_else(|| {
        let help = match closest(word, ["ANY", "ENV_VAR", "FILE"]) {
            Some(better) => format!("did you mean `{better}`?"),
            None => String::from("write ANY, ENV_VAR or FILE"),
        };
        let message = format!("there is no mount requirement {}", excerpt(word));
        out.push(Diagnostic::new(node.at.clone(), message, help));
        MountType::ANY
    })
}
