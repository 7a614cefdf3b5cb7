use crate::output::escape::{json_string, json_string_or_null};

/// A JSON object that is written member by member, in the order of a documented format.
#[derive(Default)]
pub struct JsonObject(String);

impl JsonObject {
    pub fn text(self, name: &str, text: &str) -> Self {
        self.raw(name, &json_string(text))
    }

    pub fn text_or_null(self, name: &str, text: Option<&str>) -> Self {
        self.raw(name, &json_string_or_null(text))
    }

    pub fn list(self, name: &str, items: impl IntoIterator<Item = String>) -> Self {
        self.raw(name, &json_list(items))
    }

    /// Adds a member whose value is JSON already.
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&json_string(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    pub fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// Joins values that are JSON already into a list.
pub fn json_list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// Returns texts as a JSON list.
pub fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    json_list(texts.into_iter().map(json_string))
}
