use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::{
    core::{error::ErrorKind, secret_value::SecretValue},
    testing,
};

const GIVEN: [(&str, &str, &str); 4] = [
    ("db", "user", "app"),
    ("db", "password", "SeNtInEl\"\\\n"),
    ("db", "port", "5432"),
    ("a-b/c", "x.y", "SeNtInEl-2"),
];

fn filled<T: DeserializeOwned>(text: &str, format: Format) -> Result<T, Error> {
    testing::with_secrets(GIVEN, || resolve_blocking(text, format))
}

/// Returns the problems as `origin: message`.
fn problems<T: DeserializeOwned>(text: &str, format: Format) -> Vec<String> {
    let Err(error) = filled::<T>(text, format) else { panic!("it is fine: {text}") };
    assert!(!format!("{error} {error:?}").contains("SeNtInEl"), "{error}");
    let problem = |p: &crate::core::error::Problem| format!("{}: {}", p.origin(), p.message());
    error.problems().iter().map(problem).collect()
}

#[derive(Debug, Deserialize)]
struct Stack {
    name: String,
    servers: Vec<Server>,
    labels: BTreeMap<String, SecretValue>,
    ratio: f64,
    on: bool,
    none: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Server {
    url: SecretValue,
    port: u16,
}

fn check(stack: &Stack) {
    assert_eq!((stack.name.as_str(), stack.ratio, stack.on), ("{{literal}} 123", 1.50, true));
    assert_eq!(stack.servers.len(), 2);
    let server = &stack.servers[0];
    assert_eq!(server.url.expose_str().unwrap(), "https://app:SeNtInEl%22%5C%0A@host");
    assert_eq!((server.port, stack.servers[1].port), (5432, 80));
    assert_eq!(stack.labels["raw"].expose_str().unwrap(), "SeNtInEl\"\\\n");
    assert_eq!(stack.labels["odd name"].expose_str().unwrap(), "SeNtInEl-2");
    assert!(stack.none.is_none() && !format!("{stack:?}").contains("SeNtInEl"));
}

#[test]
fn toml_json_and_yaml_are_read_alike() {
    let toml = r#"
name = '\{{literal}} 123'
ratio = +1.50
on = true
[[servers]]
url = "https://{{db.user}}:{{ db.password | url }}@host"
port = "{{db.port}}"
[[servers]]
url = ""
port = 0x50
[labels]
raw = "{{db.password}}"
"odd name" = "{{a-b/c.x.y}}"
"#;
    check(&filled(toml, Format::Toml).unwrap());
    let json = r#"{"name": "\\{{literal}} 123", "ratio": 1.50, "on": true, "none": null,
        "servers": [{"url": "https://{{db.user}}:{{ db.password | url }}@host", "port": "{{db.port}}"},
                    {"url": "", "port": 80}],
        "labels": {"raw": "{{db.password}}", "odd name": "{{a-b/c.x.y}}"}}"#;
    check(&filled(json, Format::Json).unwrap());
    let yaml = r#"
%YAML 1.2
---
name: '\{{literal}} 123'
ratio: 1.50
on: True
none: ~
servers:
  - &first
    url: "https://{{db.user}}:{{ db.password | url }}@host"
    port: "{{db.port}}"
  - <<: *first
    url: ""
    port: 0x50
labels: {raw: '{{db.password}}', "odd name": "{{a-b/c.x.y}}"}
"#;
    check(&filled(yaml.trim_start(), Format::Yaml).unwrap());
}

#[test]
fn every_near_miss_is_reported_with_its_position() {
    let toml = "a = \"x-{{db}}\"\nb = ['{{db.user}}', '{{ }} {{db.user', 'é {{.k}}']\n[c.d]\ne = \"\\\"{{db.p q}}\"\n";
    let found = problems::<serde_json::Value>(toml, Format::Toml);
    let wanted = [
        "a: line 1, column 8: a reference has no dot",
        "b[1]: line 2, column 22: a reference is empty",
        "b[1]: line 2, column 28: a reference is not closed",
        "b[2]: line 2, column 43: a reference has no name before its dot",
        "c.d.e: line 4, column 8: a reference holds white space where none belongs",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}");
    }
    let yaml = "a:\n  - b: |\n      text\n      {{db.user}\n";
    let found = problems::<serde_json::Value>(yaml, Format::Yaml);
    assert!(
        found[0].starts_with("a[0].b: line 4, column 7: a reference is not closed"),
        "{found:?}"
    );
    let found = problems::<serde_json::Value>("a: {{db.user}}", Format::Yaml);
    assert!(found[0].contains("line 1, column 4: a reference without quotes"), "{found:?}");
    let found = problems::<serde_json::Value>(r#"{"a": [{"b": "{{no name.k}}"}]}"#, Format::Json);
    assert!(found[0].starts_with("a[0].b: line 1, column 15: "), "{found:?}");
}

#[test]
fn errors_of_unreadable_text_do_not_quote_it() {
    for (text, format, place) in [
        ("a = 1\nb = SeNtInEl", Format::Toml, "line 2, column 5"),
        ("{\"a\": SeNtInEl}", Format::Json, "line 1, column 7"),
        ("{\"a\": 1, \"a\": \"SeNtInEl\"}", Format::Json, "line 1, column 10"),
        ("a: 1\nb: 'SeNtInEl", Format::Yaml, "line "),
        ("a: 1\na: SeNtInEl", Format::Yaml, "line 2, column 1"),
        ("a: 1\n---\nb: SeNtInEl", Format::Yaml, "line 3, column 1"),
        ("? [a]\n: SeNtInEl", Format::Yaml, "line 1, column 3"),
        ("a: &a [*a]", Format::Yaml, "line 1, column 8"),
    ] {
        let found = problems::<serde_json::Value>(text, format);
        assert!(found[0].starts_with(&format!("the configuration: {place}")), "{found:?}");
    }
}

#[test]
fn aliases_do_not_fill_the_memory() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        yaml += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", "));
    }
    let found = problems::<serde_json::Value>(&yaml, Format::Yaml);
    assert!(found[0].contains("too large or too deep"), "{found:?}");
}

#[test]
fn long_texts_and_names_under_aliases_do_not_fill_the_memory() {
    let long = "x".repeat(200 << 10);
    // 20 MB: if aliases were copied, this test would fail before the machine runs out of memory.
    let aliases = vec!["*a"; 100].join(", ");
    for anchor in [format!("&a {long}"), format!("&a {{? {long} : 1}}")] {
        let yaml = format!("a: {anchor}\nb: [{aliases}]\n");
        let found = problems::<serde_json::Value>(&yaml, Format::Yaml);
        assert!(found[0].contains("too large or too deep"), "{}", found.len());
    }
    // Many more aliases of a short text are fine.
    let aliases = vec!["*a"; 40_000].join(", ");
    let yaml = format!("a: &a x\nb: [{aliases}]\n");
    let value: serde_json::Value = filled(&yaml, Format::Yaml).unwrap();
    assert_eq!(value["b"].as_array().map(Vec::len), Some(40_000));
}

#[test]
fn depth_under_aliases_counts() {
    let nested =
        |levels: usize, inner: &str| format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    let yaml = |outer: usize| format!("a: &a {}\nb: {}\n", nested(40, "x"), nested(outer, "*a"));
    let found = problems::<serde_json::Value>(&yaml(24), Format::Yaml);
    assert!(found[0].contains("line 2, column 28: the document is too large or too deep"));
    assert!(filled::<serde_json::Value>(&yaml(23), Format::Yaml).is_ok());
}

#[test]
fn plain_scalars_of_yaml_follow_the_core_schema() {
    let yaml = "[~, null, True, FALSE, yes, 0o17, 0xfF, -007, +1, 1_000, .5, -1.e3, .inf, .nan, 1.2.3, '1', !!str 1, \"null\", 2024-01-02, .]";
    let value: serde_json::Value = filled(yaml, Format::Yaml).unwrap();
    let wanted = json!([
        null,
        null,
        true,
        false,
        "yes",
        15,
        255,
        -7,
        1,
        "1_000",
        0.5,
        -1000.0,
        ".inf",
        ".nan",
        "1.2.3",
        "1",
        "1",
        "null",
        "2024-01-02",
        "."
    ]);
    assert_eq!(value, wanted);
}

#[test]
fn missing_secrets_and_fields_and_type_mismatches_are_all_reported() {
    let text = "a = '{{db.nope}}'\nb = '{{db.user}} {{db.passwort}}'";
    let found = problems::<serde_json::Value>(text, Format::Toml);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("a: line 1, column 6: the template has {{db.nope}}"), "{found:?}");
    let found = problems::<serde_json::Value>("a = '{{zz.k}} {{yy.k}}'", Format::Toml);
    assert_eq!(found.len(), 2, "{found:?}");

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is never built")]
    struct Misfit {
        a: u16,
        b: bool,
        c: String,
    }
    let found = problems::<Misfit>("a = '{{db.password}}'\nb = '{{db.password}}'", Format::Toml);
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn a_json_value_is_filled_in_in_place_or_unchanged() {
    let mut value = json!({ "a": ["{{db.user}}", 1, null], "{{db.user}}": "\\{{", "b": "x" });
    testing::with_secrets(GIVEN, || resolve_value_blocking(&mut value)).unwrap();
    assert_eq!(value, json!({ "a": ["app", 1, null], "{{db.user}}": "{{", "b": "x" }));

    let mut value = json!({ "a": "{{db.user}}", "b": { "c": "{{db}}" } });
    let before = value.clone();
    let error = testing::with_secrets(GIVEN, || resolve_value_blocking(&mut value)).unwrap_err();
    assert_eq!((error.kind(), error.problems()[0].origin()), (ErrorKind::InvalidSource, "b.c"));
    assert_eq!(value, before);
}

#[test]
fn references_are_listed_with_their_paths() {
    let found = references("[a]\nb = ['x {{db.user}} {{db.user}}']", Format::Toml).unwrap();
    assert_eq!((found.len(), found[0].name(), found[0].key()), (2, "db", "user"));
    assert_eq!(found[1].place(), "a.b[0]");
}

#[test]
fn validation_looks_for_secrets_and_for_their_keys() {
    let resolver = Resolver::builder().default_backend("inline").build().unwrap();
    let text = "a = '{{db.user}}'\nb = '{{db.nope}}'\n";
    let report = testing::with_secrets(GIVEN, || {
        block_on(resolver.validate_config(ValidationLevel::SecretAndKeyExists, text, Format::Toml))
    });
    let report = report.unwrap();
    assert_eq!(report.problems().len(), 1);
    assert_eq!(report.problems()[0].kind(), ErrorKind::KeyNotFound);
    assert_eq!(report.checked().len(), 3);
}

#[test]
fn types_that_accept_anything_get_the_written_value() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Number(f64),
        Text(String),
        Many(Vec<Any>),
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        a: String,
        #[serde(flatten)]
        rest: BTreeMap<String, Any>,
    }
    let flat: Flat = filled("a: x\nb: 1.5\nc: ['{{db.port}}', 2]\n", Format::Yaml).unwrap();
    let many = Any::Many(vec![Any::Text("5432".to_owned()), Any::Number(2.0)]);
    let rest = [("b".to_owned(), Any::Number(1.5)), ("c".to_owned(), many)].into();
    assert_eq!(flat, Flat { a: "x".to_owned(), rest });
    let kept: BTreeMap<String, SecretValue> = filled("a = 1.50", Format::Toml).unwrap();
    assert_eq!(kept["a"].expose_str().unwrap(), "1.50");
}

#[test]
fn any_other_text_is_one_value() {
    let text: SecretValue = filled("a\n  {{db.user}}\n", Format::Text).unwrap();
    assert_eq!(text.expose_str().unwrap(), "a\n  app\n");
    let found = problems::<SecretValue>("a\n  {{db}}\n", Format::Text);
    assert!(found[0].starts_with("the configuration: line 2, column 3: "), "{found:?}");
}

#[test]
fn of_many_problems_the_first_are_reported() {
    let many = |text: &str| format!("a = [{}]", vec![text; 1000].join(", "));
    let in_one = format!("a = '{}'", "{{x}} ".repeat(1000));
    for text in [many("'{{x}}'"), many("'{{db.nope}}'"), in_one] {
        let found = problems::<serde_json::Value>(&text, Format::Toml);
        assert_eq!(found.len(), 101);
        assert!(found[100].contains("there may be more than these 100"), "{}", found[100]);
    }
}

#[test]
fn a_number_is_a_number_however_it_is_written() {
    let json = "{\"a\": 1.50, \"b\": 1e3, \"c\": 0.1234567890123456789, \"d\": -0, \"e\": 123456789012345678901, \"f\": 7}";
    let toml = "a = 1.50\nb = 1e3\nc = 0.1234567890123456789\nd = -0\ne = 1.23456789012345678901e20\nf = 0x7";
    let yaml = "a: 1.50\nb: 1e3\nc: 0.1234567890123456789\nd: -0\ne: 123456789012345678901\nf: 0o7";
    for (text, format) in [(json, Format::Json), (toml, Format::Toml), (yaml, Format::Yaml)] {
        let value: serde_json::Value = filled(text, format).unwrap();
        for (name, number) in [
            ("a", 1.5),
            ("b", 1000.0),
            ("c", 0.123_456_789_012_345_68),
            ("d", 0.0),
            ("e", 1.234_567_890_123_456_8e20),
            ("f", 7.0),
        ] {
            assert_eq!(value[name].as_f64(), Some(number), "{format:?} {name}: {}", value[name]);
        }
        let kept: BTreeMap<String, SecretValue> = filled(text, format).unwrap();
        assert_eq!(kept["a"].expose_str().unwrap(), "1.50");
    }
    for text in ["n = 0x", "n = 0o", "n = 0b"] {
        let found = problems::<serde_json::Value>(text, Format::Toml);
        assert!(found[0].contains("line 1, column 5: this is not valid TOML"), "{found:?}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    for (text, format) in
        [("{\"a\": \"b\"}", Format::Json), ("a = 'b'", Format::Toml), ("a: b", Format::Yaml)]
    {
        let value: serde_json::Value = filled(&format!("\u{FEFF}{text}"), format).unwrap();
        assert_eq!(value, json!({ "a": "b" }), "{format:?}");
    }
}

#[test]
fn only_what_a_configuration_refers_to_is_left_of_a_declaration() {
    let sources = r#"["unused", "api", {"id": "prod/db", "group": "db"}]"#;
    let declared = || {
        let builder = Declaration::builder("step").sources_json(sources).unwrap();
        builder.request("group", "key").unwrap().allow_override(true)
    };
    let declaration = declared().only_config("{{db.password}} {{other.x}}", Format::Text);
    let declaration = declaration.unwrap().build();
    let sources = declaration.sources.iter().map(|source| (source.id(), source.group()));
    let found: Vec<_> = sources.collect();
    assert_eq!(found, [("prod/db", "db"), ("other", "other")]);
    assert!(declaration.requests.is_empty() && declaration.step().is_none());
    let keys: Vec<_> = declaration.keys.iter().map(|(group, key)| (&**group, &**key)).collect();
    assert_eq!(keys, [("db", "password"), ("other", "x")]);
    assert!(declaration.allow_override, "it is not a secret");
    // A wrong reference is an error, and a text without any needs nothing.
    let wrong = declared().only_config("{{db.}}", Format::Text).err().unwrap();
    assert_eq!(wrong.kind(), ErrorKind::InvalidSource);
    assert!(declared().only_config("text", Format::Text).unwrap().build().is_empty());
}
