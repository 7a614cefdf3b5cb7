//! From what was written to the requests it means, with every mistake on the way.

use alloc::{format, string::String, vec::Vec};

use crate::{
    Clash, Complaint, MountType, Name, Node, RequestDraft, Text, Value, check_env_var,
    check_version, clash, closest,
    fields::{Complaints, REQUEST_FIELDS, SOURCE_FIELDS, once_each, read_text, text, wrong_type},
    flaw::excerpt,
    request_view::{RequestPart, group_or_key},
};

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

pub(crate) fn read_request<S: Clone>(
    node: &Node<S>,
    out: Complaints<'_, S>,
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
            out.push(Complaint::new(
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
        out.push(Complaint::new(
            node.at.clone(),
            "this is a source, not a request",
            "a source goes into `sources`; a request is a group and a key: Secret(group = \"db\", key = \"password\")",
        ));
        return None;
    }
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
    // An unknown field may well be a misspelled group or key, and of one that is no text it was said.
    let is_field = |name: &Name<S>| REQUEST_FIELDS.contains(&name.text.as_str());
    let is_text = |name: &str, text: &Option<Text<S>>| {
        let given = |(field, value): &(Name<S>, Node<S>)| {
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

fn check_request<S: Clone>(draft: &RequestDraft<S>, out: Complaints<'_, S>) {
    let known = |text: &Option<Text<S>>| match text {
        None => Some(String::new()),
        Some(text) => text.known.clone(),
    };
    let (Some(group), Some(key)) = (known(&draft.group), known(&draft.key)) else { return };
    let Some((part, flaw)) = group_or_key(&group, &key) else { return };
    let (text, written) = match part {
        RequestPart::Key => (&draft.key, key.as_str()),
        _ => (&draft.group, group.as_str()),
    };
    let at = text.as_ref().map_or_else(|| draft.at.clone(), |text| text.at.clone());
    out.push(Complaint::of_error(at, &flaw.explain(written)));
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
        let message = format!("there is no mount requirement {}", excerpt(word));
        out.push(Complaint::new(node.at.clone(), message, help));
        MountType::ANY
    })
}
