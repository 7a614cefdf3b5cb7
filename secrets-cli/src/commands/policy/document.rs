//! Policy documents of AWS IAM, as they are written.

use crate::output::{
    escape::json_string,
    json_object::{JsonObject, json_texts},
};

/// A policy document.
#[derive(Debug, Default, Clone)]
pub struct PolicyDocument(Vec<Statement>);

/// A statement that allows actions.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sid: String,
    pub actions: Vec<String>,
    /// It is empty in a trust policy.
    pub resources: Vec<String>,
    pub principal: Option<Principal>,
    /// A key and the value that it must have.
    pub condition: Option<(&'static str, String)>,
}

/// Who is allowed, in a trust policy.
#[derive(Debug, Clone)]
pub enum Principal {
    /// The ARN of an account's root, which stands for the whole account.
    Aws(String),
}

impl PolicyDocument {
    pub fn add(&mut self, statement: Statement) {
        self.0.push(statement);
    }

    pub fn statements(&self) -> &[Statement] {
        &self.0
    }

    pub fn json(&self) -> String {
        let statements = self.0.iter().map(Statement::json);
        JsonObject::default().text("Version", "2012-10-17").list("Statement", statements).finish()
    }
}

impl Statement {
    pub fn allow<'a>(
        sid: &str,
        actions: impl IntoIterator<Item = &'a str>,
        resources: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            sid: sid.to_owned(),
            actions: actions.into_iter().map(str::to_owned).collect(),
            resources: resources.into_iter().collect(),
            principal: None,
            condition: None,
        }
    }

    pub fn with_principal(self, principal: Principal) -> Self {
        Self { principal: Some(principal), ..self }
    }

    pub fn with_condition(self, key: &'static str, value: String) -> Self {
        Self { condition: Some((key, value)), ..self }
    }

    fn json(&self) -> String {
        let mut object = JsonObject::default().text("Sid", &self.sid).text("Effect", "Allow");
        if let Some(Principal::Aws(arn)) = &self.principal {
            object = object.raw("Principal", &JsonObject::default().text("AWS", arn).finish());
        }
        object = object.raw("Action", &texts(&self.actions));
        if !self.resources.is_empty() {
            object = object.raw("Resource", &texts(&self.resources));
        }
        if let Some((key, value)) = &self.condition {
            let equals = JsonObject::default().text(key, value).finish();
            let condition = JsonObject::default().raw("StringEquals", &equals).finish();
            object = object.raw("Condition", &condition);
        }
        object.finish()
    }
}

/// Returns one text as it is, and several as a list, as the console of AWS writes them.
fn texts(texts: &[String]) -> String {
    match texts {
        [text] => json_string(text),
        texts => json_texts(texts.iter().map(String::as_str)),
    }
}

/// Writes JSON with indentation, each member on its own line.
pub fn indent(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    let break_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            in_string = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            text.push(c);
            continue;
        }
        if matches!(c, '}' | ']') {
            depth -= 1;
            break_line(&mut text, depth);
        }
        text.push(c);
        match c {
            '"' => in_string = true,
            ':' => text.push(' '),
            ',' => break_line(&mut text, depth),
            '{' | '[' if matches!(chars.peek(), Some('}' | ']')) => text.extend(chars.next()),
            '{' | '[' => {
                depth += 1;
                break_line(&mut text, depth);
            }
            _ => {}
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_json_means_what_it_meant() {
        let json = r#"{"a":[],"b":{"c":"x,{\"[:","d":["1","\\"]},"e":{}}"#;
        let indented = indent(json);
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(json), parse(&indented), "{indented}");
        let expected = "{\n  \"a\": [],\n  \"b\": {\n    \"c\": \"x,{\\\"[:\",\n    \"d\": [\n      \"1\",\n      \"\\\\\"\n    ]\n  },\n  \"e\": {}\n}\n";
        assert_eq!(indented, expected);
    }
}
