//! A real Prefect 3 server.

use secrets_tests::{
    http::{ask, server},
    lookup::Case,
};
use serde_json::{Value, json};

/// A server with secret blocks in it.
struct Prefect {
    url: String,
    block_type: Value,
    schema: Value,
}

impl Prefect {
    fn start() -> Option<Self> {
        let url = server("SECRETS_TEST_PREFECT_URL")?;
        let (status, block_type) = ask(&url, "GET", "/api/block_types/slug/secret", "", "");
        assert_eq!(status, 200, "{block_type}");
        let filter =
            json!({ "block_schemas": { "block_type_id": { "any_": [block_type["id"]] } } });
        let path = "/api/block_schemas/filter";
        let headers = "content-type: application/json\r\n";
        let (_, schemas) = ask(&url, "POST", path, headers, &filter.to_string());
        Some(Self { url, block_type: block_type["id"].clone(), schema: schemas[0]["id"].clone() })
    }

    fn keep(&self, name: &str, value: &Value) {
        let block = json!({
            "name": name, "data": { "value": value },
            "block_type_id": self.block_type, "block_schema_id": self.schema,
        });
        let headers = "content-type: application/json\r\n";
        let post = || ask(&self.url, "POST", "/api/block_documents/", headers, &block.to_string());
        // Its database takes one writer at a time; a second one has to try again.
        let mut tries = (0..50).map(|_| post()).skip_while(|(status, _)| *status == 503);
        let (status, said) = tries.next().expect("it takes the block");
        assert!(status == 201 || status == 409, "{status} {said}");
    }

    fn hold(&self, name: &str, wanted: &Value, more: &[(&str, &str)]) {
        let url = format!("{}/api", self.url);
        let mut all = vec![("PREFECT_API_URL", url.as_str()), ("PREFECT_API_KEY", "SeNtInEl-key")];
        all.extend(more);
        empty().hold(&json!({ "type": "prefect", "id": name }), wanted, &all);
    }
}

fn empty() -> Case {
    let input = json!({ "env": { "PREFECT__CONTEXT__SECRETS__local": "SeNtInEl-local" } });
    Case::unrecorded(input)
}

#[test]
fn secret_blocks_are_read_as_they_are_written() {
    let Some(prefect) = Prefect::start() else { return };
    prefect.keep("plain", &json!("SeNtInEl $HOME {{x}}"));
    prefect.keep("object", &json!({ "user": "app", "port": 5432, "none": null }));
    prefect.keep("text-of-json", &json!("{\"password\": \"SeNtInEl\"}"));
    prefect.keep("number", &json!(1.5));
    prefect.keep("empty", &json!(""));
    prefect.keep("local", &json!("SeNtInEl-remote"));
    prefect.hold("plain", &json!({ "text": "SeNtInEl $HOME {{x}}" }), &[]);
    prefect.hold("object", &json!({ "fields": { "user": "app", "port": "5432" } }), &[]);
    prefect.hold("text-of-json", &json!({ "fields": { "password": "SeNtInEl" } }), &[]);
    prefect.hold("number", &json!({ "text": "1.5" }), &[]);
    prefect.hold("empty", &json!({ "text": "" }), &[]);
    // The local context comes first.
    prefect.hold("local", &json!({ "text": "SeNtInEl-local" }), &[]);
    prefect.hold("plain", &json!({ "exists": true }), &[]);
    prefect.hold("local", &json!({ "exists": true }), &[]);
}

#[test]
fn a_missing_secret_is_not_found_and_a_wrong_api_is_reported() {
    let Some(prefect) = Prefect::start() else { return };
    for name in ["no-such", "Upper_Case", "../../health", "a/b"] {
        prefect.hold(name, &json!({ "error": "NotFound" }), &[]);
        prefect.hold(name, &json!({ "exists": false }), &[]);
    }
    for wrong in [prefect.url.clone(), format!("{}/api/v9", prefect.url)] {
        prefect.hold("plain", &json!({ "error": "InvalidConfig" }), &[("PREFECT_API_URL", &wrong)]);
    }
}

#[test]
fn it_keeps_the_rules_of_backends() {
    let Some(prefect) = Prefect::start() else { return };
    let mut present = serde_json::Map::new();
    // More than are asked for at the same time.
    for number in 0..20 {
        let (name, value) = (format!("rule-{number}"), json!(format!("SeNtInEl-{number}")));
        prefect.keep(&name, &value);
        present.insert(name, value);
    }
    let rules = json!({ "rules": { "present": present, "missing": "rule-missing" } });
    prefect.hold("-", &rules, &[]);
}
