use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

/// A part of a manifest. The members of a map are sorted, so that a manifest changes only where the flow does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestNode {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<ManifestNode>),
    Map(BTreeMap<&'static str, ManifestNode>),
}

/// Creates a map.
pub fn map(members: impl IntoIterator<Item = (&'static str, ManifestNode)>) -> ManifestNode {
    ManifestNode::Map(members.into_iter().collect())
}

/// Creates a list.
pub fn list(items: impl IntoIterator<Item = ManifestNode>) -> ManifestNode {
    ManifestNode::List(items.into_iter().collect())
}

impl From<&str> for ManifestNode {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ManifestNode {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl ManifestNode {
    /// Calls `visit` with each text, and with where it is.
    pub fn each_text(&self, path: &str, visit: &mut impl FnMut(&str, &str)) {
        match self {
            Self::Text(text) => visit(path, text),
            Self::Number(_) | Self::Flag(_) => {}
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    // The name of an item says more than its place.
                    let name = item.name().map_or_else(|| index.to_string(), str::to_owned);
                    item.each_text(&format!("{path}[{name}]"), visit);
                }
            }
            Self::Map(members) => {
                for (key, value) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    value.each_text(&format!("{path}{dot}{key}"), visit);
                }
            }
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Map(members) => match members.get("name") {
                Some(Self::Text(name)) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Serialize for ManifestNode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(members) => serializer.collect_map(members),
        }
    }
}
