use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    core::{error::ErrorKind, secret_value::SecretValue},
    testing,
};

fn fill_with(value: &str, document: &Document<'_>) -> Result<String, Error> {
    let given = [
        ("db", "user", SecretValue::from("app")),
        ("db", "password", SecretValue::from(value)),
        ("db", "port", SecretValue::from("5432")),
        ("db", "hosts", SecretValue::from("[\"a\", 1.50]")),
        ("db", "bytes", SecretValue::from(vec![0xff_u8])),
    ];
    let filled = testing::with_secrets(given, || Resolver::current()?.fill_blocking(document))?;
    Ok(filled.expose_str()?.to_owned())
}

#[track_caller]
fn fill(value: &str, text: &str, format: Format) -> String {
    let filled = fill_with(value, &Document::new(text, format));
    filled.unwrap_or_else(|error| panic!("{value:?} in {format:?}: {error}"))
}

fn read_back(text: &str, format: Format) -> Value {
    let read = format.read(text).and_then(|tree| read(&tree));
    read.unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Values that break a format, or that it reads as something else.
const ODD: &[&str] = &[
    "a\"b",
    "a\\b",
    "a: b",
    "a\nb",
    "a\r\nb",
    "it's",
    "#x",
    "a #b",
    "- a",
    "{a}",
    "[a",
    "[a]",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "'",
    "\"",
    "",
    " ",
    " a ",
    "~",
    "null",
    "true",
    "no",
    "0123",
    "1_000",
    "0x1F",
    "1e3",
    "12:30:00",
    "2024-01-02",
    ".inf",
    "=",
    "<<",
    "a\tb",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é😀",
    "a, \"b\": 1",
    "\"\nadmin = true\nx = \"",
    "a\nadmin: true",
    "'''",
    "\"\"\"",
    "{{db.user}}",
    "---",
    "...",
    "731004627000000",
    "-0",
    "18446744073709551616",
];

const JSON: &str = "{\n  \"url\": \"x://{{db.user}}:{{db.password}}@h\",\n  \"only\": \"{{ db.password }}\",\n  \
    \"bare\": {{db.password}}, \"json\": {{db.password | json}},\n  \"port\": {{db.port}}, \"hosts\": {{db.hosts}}, \"n\": 1.50\n}\n";
const TOML: &str = "# of {{db.user}}\nurl = 'x://{{db.user}}:{{db.password}}@h' # here\nonly = \"{{db.password}}\"\n\
    bare = {{db.password}}\njson = {{db.password | json}}\nport = {{db.port}}\n\n[a.\"b c\"]\nmany = [\"\"\"\n{{db.password}}\"\"\"]\n";
const YAML: &str = "# of {{db.user}}\nurl: x://{{db.user}}:{{db.password}}@h # here\nonly: \"{{db.password}}\"\n\
    single: 'a {{db.password}}'\nbare: {{db.password}}\njson: {{db.password | json}}\nport: {{db.port}}\n\
    base: &base\n  token: {{db.password}}\nother:\n  <<: *base\n  list: [{{db.password}}, '{{db.password}}', x]\n\
    block: |\n  user {{db.user}}\nmany: |- # b > c\n  {{db.password}}\n  x\nlast: *base\n";

#[test]
fn every_value_stays_one_value_in_every_format() {
    for value in ODD {
        let url = format!("x://app:{value}@h");
        let json = read_back(&fill(value, JSON, Format::Json), Format::Json);
        assert_eq!(
            (&json["url"], &json["only"]),
            (&Value::from(url.clone()), &Value::from(*value))
        );
        assert_eq!((&json["json"], &json["port"]), (&Value::from(*value), &Value::from(5432)));
        assert_eq!(json["hosts"], serde_json::json!(["a", 1.5]));
        let bare = |found: &Value| match found {
            Value::String(text) => assert_eq!(text, value),
            Value::Number(_) | Value::Bool(_) => {
                assert!(value.parse::<f64>().is_ok() || *value == "true")
            }
            Value::Array(_) => assert_eq!(*value, "[a]"),
            other => panic!("{value:?} became {other}"),
        };
        bare(&json["bare"]);

        let toml = read_back(&fill(value, TOML, Format::Toml), Format::Toml);
        assert_eq!(
            (&toml["url"], &toml["only"]),
            (&Value::from(url.clone()), &Value::from(*value))
        );
        assert_eq!((&toml["json"], &toml["port"]), (&Value::from(*value), &Value::from(5432)));
        assert_eq!(toml["a"]["b c"]["many"], serde_json::json!([value]));
        bare(&toml["bare"]);

        let yaml = read_back(&fill(value, YAML, Format::Yaml), Format::Yaml);
        assert_eq!((&yaml["url"], &yaml["only"]), (&Value::from(url), &Value::from(*value)));
        assert_eq!((&yaml["json"], &yaml["port"]), (&Value::from(*value), &Value::from(5432)));
        assert_eq!(yaml["single"], Value::from(format!("a {value}")));
        assert_eq!(yaml["other"]["list"][1], Value::from(*value));
        assert_eq!(yaml["other"]["list"][2], Value::from("x"));
        assert_eq!(yaml["block"], Value::from("user app\n"));
        assert_eq!(yaml["many"], Value::from(format!("{value}\nx")));
        for found in
            [&yaml["bare"], &yaml["base"]["token"], &yaml["other"]["token"], &yaml["last"]["token"]]
        {
            bare(found);
        }
    }
}

#[test]
fn a_value_that_fits_leaves_the_document_as_it_is_written() {
    for (text, format) in [(JSON, Format::Json), (TOML, Format::Toml), (YAML, Format::Yaml)] {
        let password = if format == Format::Yaml { "SeNtInEl" } else { "12" };
        let expected = fill(password, text, Format::Text);
        assert_eq!(fill(password, text, format), expected);
    }
    assert_eq!(
        fill("a: b", "---\na: 1\n---\nb: {{db.password}}\n...\n---\n- {{db.user}}\n", Format::Yaml),
        "---\na: 1\n---\nb: \"a: b\"\n...\n---\n- \"app\"\n"
    );
    // Only what does not fit is quoted; comments and layout stay.
    assert_eq!(
        fill("a: #b", "# note\na:   {{db.password}}   # here\nb: {{db.user}}\n", Format::Yaml),
        "# note\na:   \"a: #b\"   # here\nb: \"app\"\n"
    );
}

#[test]
fn a_value_that_would_change_a_comment_or_a_key_is_refused() {
    for (text, format) in [
        ("# {{db.password}}\na = 1\n", Format::Toml),
        ("{{db.password}} = 1\n", Format::Toml),
        ("# {{db.password}}\na: 1\n", Format::Yaml),
        ("{\"{{db.password}}\": 1}", Format::Json),
    ] {
        let document = Document::new(text, format);
        let error = fill_with("SeNtInEl\nb\" = 2\nb: \"", &document).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        assert!(!format!("{error:?}").contains("SeNtInEl"), "{error}");
    }
    // Readers of YAML 1.1 end a line, and the comment, at these characters.
    for end in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let value = format!("SeNtInEl{end}b: 2");
        let document = Document::new("# {{db.password}}\na: 1\n", Format::Yaml);
        let error = fill_with(&value, &document).expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        for text in ["a: {{db.password}}\n", "a: '{{db.password}}'\n", "a: |-\n  {{db.password}}\n"]
        {
            let filled = fill(&value, text, Format::Yaml);
            assert!(!filled.contains(end), "{filled}");
            assert_eq!(read_back(&filled, Format::Yaml)["a"], Value::from(value.clone()));
        }
    }
    assert_eq!(
        fill("SeNtInEl", "{{db.user}}: 1 # {{db.password}}\n", Format::Yaml),
        "app: 1 # SeNtInEl\n"
    );
}

#[test]
fn a_text_of_another_format_is_said_to_be_one() {
    for (text, format) in [
        ("{\"a\": {{db.user}}", Format::Json),
        ("a = {{db.user}} x", Format::Toml),
        ("a: b: {{db.user}}", Format::Yaml),
        ("a: {{db.user}}\n---\nb: c: 1\n", Format::Yaml),
        ("{\"a\": \"{{db.password | json}}\" x}", Format::Json),
    ] {
        let document = Document::new(text, format);
        let error = document.check_format().expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Undecodable, "{error}");
        assert!(error.problems()[0].message().starts_with("line "), "{error}");
        assert!(fill_with("SeNtInEl", &document).is_err());
        assert!(Document::new(text, Format::Text).check_format().is_ok());
    }
}

#[test]
fn other_delimiters_leave_the_braces_of_other_tools() {
    for delimiters in ["<% %>", "[[ ]]", "${ }"] {
        let (open, close) = delimiters.split_once(' ').expect("there are two");
        let text =
            format!("a: \"{open}db.password{close} {{{{ .Values.x }}}} ${{{{ secrets.X }}}}\"\n");
        let delimiters = Delimiters::parse(delimiters).expect("they are good");
        for format in [Format::Text, Format::Yaml] {
            let document = Document::new(&text, format).with_delimiters(delimiters.clone());
            let filled = fill_with("SeNtInEl", &document).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(filled, "a: \"SeNtInEl {{ .Values.x }} ${{ secrets.X }}\"\n");
            assert_eq!(document.references().map(|found| found.len()).ok(), Some(1));
        }
    }
}

#[test]
fn everything_missing_is_reported_together_with_its_line() {
    let text =
        "a: {{db.passwort}}\nb: {{nodb.x}} {{nodb.y}}\n\nc: é {{db.passwort}} {{db.bytes}}\n";
    let error = fill_with("SeNtInEl", &Document::new(text, Format::Yaml)).expect_err("it is wrong");
    let places: Vec<_> = error
        .problems()
        .iter()
        .map(|p| p.message().split(": ").next().unwrap_or_default())
        .collect();
    assert_eq!(places, ["line 1, column 4", "line 2, column 4", "line 4, column 22"], "{error}");
    assert!(
        error.problems()[1].help().unwrap_or_default().contains(r"a literal `{{` is written \{{"),
        "{error}"
    );

    let error =
        fill_with("SeNtInEl", &Document::new("\n x {{db}} {{db.a | b}}\n{{db.user", Format::Json));
    assert_eq!(error.expect_err("it is wrong").problems().len(), 3);
}

#[test]
fn the_help_of_a_dotted_name_is_an_alias() {
    for (reference, alias) in [
        ("{{n.m.a}}", "n-m = { id = \"n.m\" } under [sources] in secrets.toml, and {{n-m.a}} here"),
        (
            "{{n.m.o.a}}",
            "n-m = { id = \"n.m\" } under [sources] in secrets.toml, and {{n-m.o.a}} here",
        ),
        (
            "{{env.MY_X}}",
            "MY_X = { type = \"env\", id = \"MY_X\" } under [sources] in secrets.toml, and {{MY_X.MY_X}} here",
        ),
        (
            "{{aws-secrets-manager.prod/db.user}}",
            "prod-db = { type = \"aws-secrets-manager\", id = \"prod/db\" } under [sources] in secrets.toml, and {{prod-db.user}} here",
        ),
        (
            "{{file.db.user}}",
            "db = { type = \"file\", id = \"db\" } under [sources] in secrets.toml, and {{db.user}} here",
        ),
    ] {
        let error =
            fill_with("SeNtInEl", &Document::new(reference, Format::Text)).expect_err(reference);
        let help = error.problems()[0].help().unwrap_or_default();
        assert!(help.contains(alias), "{reference}: {help}");
    }
}

fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        "[ \n#='\"`\\\\{}\\[\\]|.:,<%-]{1,3}",
        Just("{{db.password}}".to_owned()),
        Just("{{db.".to_owned()),
    ];
    let places = text.chars().count();
    proptest::collection::vec((0..places, 0..6_usize, piece), 1..5).prop_map(move |changes| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, removed, piece) in changes {
            let at = at.min(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_error_shows_a_value(
        (text, format) in prop_oneof![
            mutated(JSON).prop_map(|text| (text, Format::Json)),
            mutated(TOML).prop_map(|text| (text, Format::Toml)),
            mutated(YAML).prop_map(|text| (text, Format::Yaml)),
        ],
        value in "SeNtInEl[ \n\"'\\\\#:]{0,3}SeNtInEl",
    ) {
        for format in [format, Format::Text] {
            if let Err(error) = fill_with(&value, &Document::new(&text, format)) {
                prop_assert!(!format!("{error:?}").contains("SeNtInEl"), "{}", error);
            }
            let read: Result<BTreeMap<String, SecretValue>, _> = testing::with_secrets(
                [("db", "password", value.as_str()), ("db", "user", "app")],
                || resolve_blocking(&text, format),
            );
            if let Err(error) = read {
                prop_assert!(!format!("{error:?}").contains("SeNtInEl"), "{}", error);
            }
        }
    }
}
