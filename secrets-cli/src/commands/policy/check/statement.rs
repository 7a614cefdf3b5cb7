//! Statements of a policy document that somebody has written.

use std::ops::Range;

use secrets_spec::{Node, Value, closest, read_json};

use crate::commands::policy::check::glob::Glob;

/// A statement, as far as it decides what is granted.
#[derive(Debug)]
pub struct GivenStatement {
    /// What messages call it: its `Sid`, or its number.
    pub name: String,
    pub is_allow: bool,
    pub actions: StatementItems,
    pub resources: StatementItems,
    /// The services through which a KMS key may be used.
    pub via: Option<Vec<Glob>>,
    /// Whether it has a condition about anything else.
    pub has_other_condition: bool,
}

/// The actions or resources of a statement.
#[derive(Debug)]
pub struct StatementItems {
    /// Whether the statement is about everything but the patterns.
    pub is_inverted: bool,
    pub globs: Vec<Glob>,
    /// The patterns with variables, whose texts only AWS knows.
    pub variables: Vec<String>,
}

type JsonNode = Node<Range<usize>>;

/// Reads the statements of a document.
///
/// # Errors
/// What is wrong with the document, in words.
pub fn read(text: &str) -> Result<Vec<GivenStatement>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = read_json(text).map_err(|error| {
        let line = text.get(..error.range().start).unwrap_or_default().matches('\n').count() + 1;
        format!("line {line} is not JSON: {}", error.message())
    })?;
    let document = Element::of(&node, "the document", &["Version", "Id", "Statement"])?;
    let version = document.get("Version").map(|node| text_of(node, "Version")).transpose()?;
    if let Some(version) = version
        && !["2012-10-17", "2008-10-17"].contains(&version)
    {
        return Err(format!("there is no version {version:?}: write 2012-10-17"));
    }
    let Some(node) = document.get("Statement") else {
        return Err("it has no `Statement`, so that it is not a policy document".to_owned());
    };
    let nodes = match &node.value {
        Value::List(nodes) => nodes.iter().collect(),
        _ => vec![node],
    };
    nodes.into_iter().enumerate().map(|(index, node)| statement(index + 1, node)).collect()
}

fn statement(number: usize, node: &JsonNode) -> Result<GivenStatement, String> {
    let place = format!("statement {number}");
    let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let others = ["Principal", "NotPrincipal"];
    let all: Vec<&str> = known.into_iter().chain(others).collect();
    let element = Element::of(node, &place, &all)?;
    if others.iter().any(|name| element.get(name).is_some()) {
        return Err(format!(
            "{place} has a principal: it is a trust policy or a resource-based policy, not an identity-based policy"
        ));
    }
    let sid = element.get("Sid").map(|node| text_of(node, "Sid")).transpose()?;
    let effect = element.get("Effect").ok_or_else(|| format!("{place} has no `Effect`"))?;
    let is_allow = match text_of(effect, "Effect")? {
        "Allow" => true,
        "Deny" => false,
        _ => return Err(format!("the `Effect` of {place} is Allow or Deny")),
    };
    let (via, has_other_condition) = match element.get("Condition") {
        Some(condition) => read_condition(condition, &place)?,
        None => (None, false),
    };
    Ok(GivenStatement {
        name: match sid {
            Some(sid) if !sid.is_empty() => format!("{place} ({sid})"),
            _ => place.clone(),
        },
        is_allow,
        actions: items(&element, "Action", &place, Glob::in_lower_case)?,
        resources: items(&element, "Resource", &place, Glob::parse)?,
        via,
        has_other_condition,
    })
}

fn items(
    element: &Element<'_>,
    name: &str,
    place: &str,
    parse: fn(&str) -> Option<Glob>,
) -> Result<StatementItems, String> {
    let inverted = format!("Not{name}");
    let (is_inverted, node) = match (element.get(name), element.get(&inverted)) {
        (Some(node), None) => (false, node),
        (None, Some(node)) => (true, node),
        (None, None) => return Err(format!("{place} has neither `{name}` nor `{inverted}`")),
        (Some(_), Some(_)) => return Err(format!("{place} has both `{name}` and `{inverted}`")),
    };
    let mut items = StatementItems { is_inverted, globs: Vec::new(), variables: Vec::new() };
    for text in texts_of(node, name)? {
        match parse(text) {
            Some(glob) => items.globs.push(glob),
            None => items.variables.push(text.to_owned()),
        }
    }
    Ok(items)
}

/// Returns the services of `kms:ViaService`, and whether there is any other condition.
fn read_condition(node: &JsonNode, place: &str) -> Result<(Option<Vec<Glob>>, bool), String> {
    let Value::Map(operators) = &node.value else {
        return Err(format!("the `Condition` of {place} is a set of operators"));
    };
    let (mut via, mut has_other) = (None, false);
    for (operator, keys) in operators {
        let Value::Map(keys) = &keys.value else {
            return Err(format!("the condition `{}` of {place} is a set of keys", operator.text));
        };
        let is_pattern = operator.text.eq_ignore_ascii_case("StringLike");
        let is_equal = operator.text.eq_ignore_ascii_case("StringEquals");
        for (key, values) in keys {
            let is_via =
                key.text.eq_ignore_ascii_case("kms:ViaService") && (is_pattern || is_equal);
            let globs = texts_of(values, "Condition").ok().and_then(|texts| {
                let parse = |text: &str| {
                    if is_pattern { Glob::parse(text) } else { Some(Glob::literal(text)) }
                };
                texts.into_iter().map(parse).collect::<Option<Vec<_>>>()
            });
            match globs {
                Some(globs) if is_via && via.is_none() => via = Some(globs),
                _ => has_other = true,
            }
        }
    }
    Ok((via, has_other))
}

/// An object of the document, whose members are known.
struct Element<'a>(Vec<(&'a str, &'a JsonNode)>);

impl<'a> Element<'a> {
    fn of(node: &'a JsonNode, place: &str, known: &[&str]) -> Result<Self, String> {
        let Value::Map(fields) = &node.value else {
            return Err(format!("{place} is not an object"));
        };
        let mut members: Vec<(&str, &JsonNode)> = Vec::new();
        for (name, node) in fields {
            let name = name.text.as_str();
            if !known.contains(&name) {
                let near = closest(name, known.iter().copied());
                let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                return Err(format!("{place} has an unknown element `{name}`{near}"));
            }
            if members.iter().any(|(other, _)| *other == name) {
                return Err(format!("{place} has `{name}` twice"));
            }
            members.push((name, node));
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&'a JsonNode> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, node)| *node)
    }
}

fn text_of<'a>(node: &'a JsonNode, name: &str) -> Result<&'a str, String> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => Err(format!("`{name}` is a text, not {}", other.describe())),
    }
}

fn texts_of<'a>(node: &'a JsonNode, name: &str) -> Result<Vec<&'a str>, String> {
    match &node.value {
        Value::List(nodes) => nodes.iter().map(|node| text_of(node, name)).collect(),
        _ => text_of(node, name).map(|text| vec![text]),
    }
}
