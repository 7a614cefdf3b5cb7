//! The recorded cases of Metaflow's `inline` backend: each equal, or expecting a change that is named.

use std::{collections::BTreeMap, process::Command};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, Secrets};
use serde_json::Value;

/// Cases of which another source is in a backend of AWS, and which only look like `inline`.
const OTHER_BACKENDS: &[&str] = &["dup-across-via-sanitize", "aws-prefix-inline-name"];

/// Cases whose outcome is changed on purpose, and by which change.
fn changed(id: &str) -> Option<(&'static str, ErrorKind)> {
    match id {
        "inline-nul" | "inline-nul-2nd" => Some(("D9", ErrorKind::InvalidValue)),
        "key:LD_PRELOAD" => Some(("D12", ErrorKind::InvalidName)),
        // There a value that is not a text comes back as it is; here options are typed.
        id if id.starts_with("get_secret:") => Some(("D3", ErrorKind::InvalidSource)),
        _ => None,
    }
}

fn kind_of(recorded: &str) -> ErrorKind {
    match recorded {
        "InvalidEnvName" | "ForbiddenEnvName" => ErrorKind::InvalidName,
        "CollisionWithEnv" | "CollisionAcrossSources" => ErrorKind::Collision,
        "NonStringValue" => ErrorKind::InvalidSource,
        other => panic!("{other} is not among the recorded kinds"),
    }
}

fn resolve(sources: &[Value]) -> Result<Secrets, Error> {
    let mut declaration = Declaration::builder("step");
    for source in sources {
        declaration = declaration.source(&source.to_string())?;
    }
    Ok(Resolver::builder().build()?.resolve_blocking(&declaration.build())?.secrets)
}

/// The variables as a child gets them, beside those that are there.
fn export(sources: &[Value], present: &Value) -> Result<BTreeMap<String, String>, Error> {
    let mut command = Command::new("true");
    for (name, value) in present.as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap());
    }
    let before = command.get_envs().count();
    let applied = resolve(sources)?.apply_to(&mut command);
    if let Err(error) = applied {
        assert_eq!(command.get_envs().count(), before, "something was set");
        return Err(error);
    }
    let set = command.get_envs().filter(|(name, _)| present.get(name.to_str().unwrap()).is_none());
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    Ok(set.map(|(name, value)| (text(name), text(value.unwrap()))).collect())
}

#[test]
fn every_recorded_case() {
    let text = include_str!("../vectors/metaflow.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut run = 0;
    for case in vectors["metaflow_aws"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if !case.to_string().contains("inline") || OTHER_BACKENDS.contains(&id) {
            continue;
        }
        run += 1;
        let input = &case["input"];
        let sources = match (&input["sources"], &input["source"]) {
            (Value::Array(sources), _) => sources.clone(),
            (_, source) => vec![source.clone()],
        };
        let got = export(&sources, &input["env"]).map_err(|error| error.kind());
        if let Some((change, kind)) = changed(id) {
            assert_eq!(got, Err(kind), "{id}, changed by {change}");
        } else if let Some(kind) = case["expect"]["error_kind"].as_str() {
            assert_eq!(got, Err(kind_of(kind)), "{id}");
        } else {
            let expected: BTreeMap<String, String> =
                serde_json::from_value(case["expect"]["env"].clone()).unwrap();
            assert_eq!(got, Ok(expected), "{id}");
        }
    }
    assert_eq!(run, 16, "a case was added or lost");
}

#[test]
fn the_example_of_metaflows_own_tests() {
    let sources: Value = serde_json::from_str(
        r#"[{"type": "inline", "id": "1", "options": {"env_vars":
            {"secret_1": "Pizza is a vegetable.", "SECRET_2": "How do eels reproduce?"}}}]"#,
    )
    .unwrap();
    let variables = export(sources.as_array().unwrap(), &Value::Null).unwrap();
    assert_eq!(variables["secret_1"], "Pizza is a vegetable.");
    assert_eq!(variables["SECRET_2"], "How do eels reproduce?");
}
