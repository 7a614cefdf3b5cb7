//! `zenml.json`, `zenml_validation`: each case is as recorded, or a change that `docs/compatibility.md` names.

use std::{collections::BTreeSet, fs, path::Path};

use secrets_runtime::{
    Declaration, Error, ErrorKind, Report, Resolver, ValidationLevel, config::Format,
};
use serde_json::{Value, json};

use super::recording_backend::RecordingBackend;

/// Cases that differ: part of their level, their note, and the change.
const CHANGES: [(&str, &str, &str); 5] = [
    ("secret_exists", "", "Z3"),
    (" NONE", "", "Z3"),
    // Early ZenML lists before it reads; here a secret is read once, and nothing is listed.
    ("SECRET_AND_KEY_EXISTS", "list permission denied", "Z2"),
    // Today's ZenML reads a secret to see whether it is there.
    ("SECRET_EXISTS", "read permission denied", "Z2"),
    ("SECRET_EXISTS", "list permission denied", "Z2"),
];

#[test]
fn validation_is_as_recorded_or_a_named_change() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/zenml.json");
    let records: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = records["zenml_validation"].as_array().expect("a list");
    let mut used = BTreeSet::new();
    for case in cases {
        let note = case["note"].as_str().unwrap_or_default();
        let (table, found) = validate(case, note);
        let recorded = &case["out"];
        let is_wrong = recorded.get("err").is_some() || recorded.get("warned").is_some();
        let ours_is_wrong = !matches!(&found, Ok(report) if report.is_ok());
        if is_wrong != ours_is_wrong {
            let level = case["level"].as_str().unwrap_or("SECRET_AND_KEY_EXISTS");
            let change = CHANGES.iter().find(|(l, n, _)| *l == level && *n == note);
            used.insert(change.unwrap_or_else(|| panic!("{case}: {found:?}")));
        }
        hold(case, note, &table, found);
    }
    assert_eq!((cases.len(), used.len()), (107, CHANGES.len()), "{used:?}");
}

/// Validates a configuration with the references of the case.
fn validate(case: &Value, note: &str) -> (RecordingBackend, Result<Report, Error>) {
    let table = RecordingBackend {
        may_not_read: note == "read permission denied",
        may_not_list: note == "list permission denied",
        ..RecordingBackend::default()
    };
    let resolver = match note {
        "no secrets manager" => {
            let builder = Resolver::builder().default_backend("nobody-has-this");
            builder.build().expect("it is not looked for yet")
        }
        _ => table.resolver(),
    };
    let level = case["level"].as_str().map_or(Ok(ValidationLevel::default()), str::parse);
    let config = json!({ "stack": case["refs"] }).to_string();
    let found =
        level.and_then(|level| resolver.validate_config_blocking(level, &config, Format::Json));
    (table, found)
}

/// Checks the rules of Z2, which are independent of the record.
fn hold(case: &Value, note: &str, table: &RecordingBackend, found: Result<Report, Error>) {
    let level = case["level"].as_str().unwrap_or("SECRET_AND_KEY_EXISTS").trim().to_uppercase();
    let Ok(report) = found else {
        assert!(["", "BOGUS"].contains(&&*level), "{case}");
        return;
    };
    let names: BTreeSet<&str> = case["refs"].as_array().expect("a list").iter().map(name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let sorted = |mut asked: Vec<String>| {
        asked.sort();
        asked
    };
    let asked = note != "no secrets manager";
    match &*level {
        "SECRET_EXISTS" if asked => {
            assert_eq!(
                (sorted(table.listed()), table.read()),
                (owned(&names), Vec::new()),
                "{case}"
            );
        }
        "SECRET_AND_KEY_EXISTS" if asked => {
            assert_eq!(
                (sorted(table.read()), table.listed()),
                (owned(&names), Vec::new()),
                "{case}"
            );
        }
        _ => assert_eq!((table.read(), table.listed()), (Vec::new(), Vec::new()), "{case}"),
    }
    let kinds: Vec<ErrorKind> = report.problems().iter().map(|p| p.kind()).collect();
    let wanted: &[ErrorKind] = match (&*level, note, case["refs"].as_array().expect("a list").len())
    {
        ("NONE", ..) => &[],
        (_, "no secrets manager", _) => &[ErrorKind::InvalidConfig],
        ("SECRET_EXISTS", "list permission denied", _) => &[ErrorKind::AccessDenied],
        ("SECRET_AND_KEY_EXISTS", "read permission denied", _) => &[ErrorKind::AccessDenied],
        ("SECRET_EXISTS", "raise_exception=False", _) => &[ErrorKind::NotFound],
        (_, "raise_exception=False", _) => &[ErrorKind::KeyNotFound, ErrorKind::NotFound],
        ("SECRET_AND_KEY_EXISTS", _, 3) => &[ErrorKind::KeyNotFound, ErrorKind::KeyNotFound],
        (level, _, 1) if names == ["zz"] => {
            assert_ne!(level, "NONE");
            &[ErrorKind::NotFound]
        }
        ("SECRET_AND_KEY_EXISTS", _, 1) if case["refs"][0] == "{{a.nope}}" => {
            &[ErrorKind::KeyNotFound]
        }
        _ => &[],
    };
    assert_eq!(kinds, wanted, "{case}");
    let origins: BTreeSet<&str> = report.problems().iter().map(|p| p.origin()).collect();
    assert_eq!(origins.len(), kinds.len(), "each is reported once, with its name: {origins:?}");
}

fn name(reference: &Value) -> &str {
    let text = reference.as_str().expect("a text");
    text.trim_start_matches("{{").split('.').next().expect("a name")
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_declaration_is_validated_by_sources_and_requests() {
    let table = RecordingBackend::default();
    let declaration = Declaration::builder("load")
        .source("a")
        .and_then(|b| b.source(r#"{"id": "gone", "options": {"required": false}}"#))
        .and_then(|b| b.source("zz"))
        .and_then(|b| b.request("b", "x"))
        .and_then(|b| b.request("b", "y"))
        .unwrap()
        .build();
    let resolver = table.resolver();
    let report = resolver.validate_blocking(ValidationLevel::SecretExists, &declaration);
    let problems = |report: &Report| {
        let problem = |p: &secrets_runtime::Problem| (p.kind(), p.origin().to_owned());
        report.problems().iter().map(problem).collect::<Vec<_>>()
    };
    assert_eq!(problems(&report), [(ErrorKind::NotFound, "zz".to_owned())]);
    assert_eq!(table.read(), Vec::<String>::new());
    let report = resolver.validate_blocking(ValidationLevel::SecretAndKeyExists, &declaration);
    let wanted =
        [(ErrorKind::NotFound, "zz".to_owned()), (ErrorKind::KeyNotFound, "b/y".to_owned())];
    assert_eq!(problems(&report), wanted);
    assert_eq!(
        report.checked().iter().map(|c| c.kind().is_none()).collect::<Vec<_>>(),
        [true, true, false, true, false]
    );
    assert!(!format!("{report:?}").contains("SeNtInEl"));
    assert!(resolver.validate_blocking(ValidationLevel::None, &declaration).is_ok());
}
