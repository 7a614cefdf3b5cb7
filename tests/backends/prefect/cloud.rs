//! Prefect 1's Cloud: what was recorded on the wire, each case as recorded or a named change.

use secrets_tests::{
    lookup::{self, Case},
    stub_server::StubServer,
};
use serde_json::{Value, json};

#[test]
fn cloud_is_asked_as_recorded() {
    let mut counts = (0, 0);
    for case in lookup::recorded().into_iter().filter(|case| case.tag.contains("cloud")) {
        let stub = StubServer::new(200, "", &case.input["cloud"].to_string());
        let wanted = wanted(&case);
        let local = case.input["use_local_secrets"].to_string();
        let recorded = &case.output["requests"];
        case.hold(
            &json!({ "type": "prefect", "id": case.name() }),
            &wanted,
            &[
                ("PREFECT__BACKEND", "cloud"),
                ("PREFECT__CLOUD__USE_LOCAL_SECRETS", &local),
                ("PREFECT__CLOUD__API", &stub.url()),
                ("PREFECT__CLOUD__API_KEY", "pcu_TESTKEY"),
                ("PREFECT__CLOUD__TENANT_ID", "11111111-2222-3333-4444-555555555555"),
            ],
        );
        let asked = stub.requests();
        assert_eq!(asked.len(), recorded.as_array().map_or(0, Vec::len), "{}", case.input);
        counts.0 += 1;
        let Some(asked) = asked.first() else { continue };
        counts.1 += 1;
        let recorded = &recorded[0];
        assert!(asked.line.starts_with("POST / HTTP/1.1"), "{asked:?}");
        let headers = &recorded["headers"];
        assert_eq!(asked.header("authorization"), headers["Authorization"].as_str());
        assert_eq!(asked.header("x-prefect-tenant-id"), headers["X-PREFECT-TENANT-ID"].as_str());
        assert_eq!(asked.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        let words =
            |query: &Value| query.as_str().expect("a text").split_whitespace().collect::<String>();
        assert_eq!(words(&body["query"]), words(&recorded["json"]["query"]));
        let variables = |value: &Value| {
            serde_json::from_str::<Value>(value.as_str().expect("a text")).expect("JSON in JSON")
        };
        assert_eq!(variables(&body["variables"]), variables(&recorded["json"]["variables"]));
    }
    assert_eq!(counts, (8, 6));
}

/// P2: a value is its text. P6: an error other than "no value" is `Unavailable`.
fn wanted(case: &Case) -> Value {
    let data = &case.input["cloud"]["data"];
    let local = case.input["use_local_secrets"] == true;
    match &*case.tag {
        "exists-cloud" => json!({ "exists": false }),
        "cloud-get-error" => json!({ "error": "Unavailable" }),
        "cloud-get" if !local => json!({ "text": data["secret_value"] }),
        _ => json!({ "error": "NotFound" }),
    }
}

#[test]
fn both_settings_are_needed_and_the_key_is_too() {
    let stub = StubServer::new(200, "", r#"{"data": {"secret_value": "SeNtInEl"}}"#);
    let (source, url) = (json!({ "type": "prefect", "id": "A" }), stub.url());
    let case = lookup::recorded().remove(0);
    let api = ("PREFECT__CLOUD__API", url.as_str());
    let key = ("PREFECT__CLOUD__API_KEY", "SeNtInEl-key");
    let (cloud, not_local) =
        (("PREFECT__BACKEND", "cloud"), ("PREFECT__CLOUD__USE_LOCAL_SECRETS", "false"));
    for some in [[api, key, cloud], [api, key, not_local]] {
        case.hold(&source, &json!({ "error": "NotFound" }), &some);
    }
    case.hold(&source, &json!({ "error": "InvalidConfig" }), &[api, cloud, not_local]);
    assert!(stub.requests().is_empty());
    case.hold(&source, &json!({ "text": "SeNtInEl" }), &[api, key, cloud, not_local]);
    assert_eq!(stub.requests()[0].header("x-prefect-tenant-id"), None);
    // What is in the local context is not asked for.
    case.hold(
        &json!({ "type": "prefect", "id": "FOO" }),
        &json!({ "text": "mypassword" }),
        &[api, key, cloud, not_local],
    );
    assert_eq!(stub.requests().len(), 1);
}
