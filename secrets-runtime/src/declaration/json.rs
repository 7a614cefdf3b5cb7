use secrets_spec::{MountType, Request, Source};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use crate::declaration::Declaration;

impl Serialize for Declaration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sources: Vec<_> = self.sources.iter().map(source).collect();
        let requests: Vec<_> = self.requests.iter().map(RequestFields).collect();
        let mut declaration = serializer.serialize_struct("Declaration", 5)?;
        declaration.serialize_field("step", &self.step)?;
        declaration.serialize_field("sources", &sources)?;
        declaration.serialize_field("secret_requests", &requests)?;
        declaration.serialize_field("role", &self.role.as_str())?;
        declaration.serialize_field("allow_override", &self.allow_override)?;
        declaration.end()
    }
}

/// Converts a source. A source prints itself as one text, or as JSON of its fields with its values masked.
fn source(source: &Source) -> Value {
    let text = source.to_string();
    // A name may be `true` or a number, but none starts with a brace.
    let fields = serde_json::from_str(&text).ok().filter(Value::is_object);
    fields.unwrap_or(Value::String(text))
}

struct RequestFields<'a>(&'a Request);

impl Serialize for RequestFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0.view();
        let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let mount = Some(view.mount_requirement).filter(|mount| *mount != MountType::ANY);
        let mut fields = serializer.serialize_map(None)?;
        for (name, value) in [
            ("group", given(view.group)),
            ("key", given(view.key)),
            ("group_version", view.group_version),
            ("mount_requirement", mount.map(MountType::as_str)),
            ("env_var", view.env_var),
        ] {
            if let Some(value) = value {
                fields.serialize_entry(name, value)?;
            }
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = r#"["prod-db", "env.token", "true", "1", {"id": "a", "type": "inline", "options": {"env_vars": {"A": "SeNtInEl"}}}, {"id": "b", "group": "c", "options": {"json": false}}]"#;
    const REQUESTS: &str = r#"[{"group": "db", "key": "password", "env_var": "PASSWORD"}, {"key": "{\"a\": 1}", "group_version": "3", "mount_requirement": "FILE"}]"#;

    fn declaration() -> Declaration {
        let builder = Declaration::builder("load").sources_json(SOURCES).expect("good sources");
        builder.requests_json(REQUESTS).expect("good requests").role("").expect("none").build()
    }

    #[test]
    fn json_is_what_the_attribute_takes_without_values() {
        let json = serde_json::to_value(declaration()).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "step": "load",
                "sources": [
                    "prod-db",
                    "env.token",
                    "true",
                    "1",
                    {"id": "a", "type": "inline", "options": {"env_vars": {"A": "***"}}},
                    {"id": "b", "group": "c", "options": {"json": false}},
                ],
                "secret_requests": [
                    {"group": "db", "key": "password", "env_var": "PASSWORD"},
                    {"key": "{\"a\": 1}", "group_version": "3", "mount_requirement": "FILE"},
                ],
                "role": "",
                "allow_override": false,
            })
        );
        assert!(!json.to_string().contains("SeNtInEl"));
    }

    #[test]
    fn it_is_read_back() {
        let json = serde_json::to_value(declaration()).expect("JSON");
        let builder = Declaration::builder("load").sources_json(&json["sources"].to_string());
        let builder = builder.expect("good sources");
        let builder = builder.requests_json(&json["secret_requests"].to_string());
        let read = builder.expect("good requests").role("").expect("none").build();
        assert_eq!(serde_json::to_value(&read).expect("JSON"), json);
        assert_eq!(read.requests, declaration().requests);
        assert_eq!(read.sources[5], declaration().sources[5]);
    }
}
