//! The recorded cases of Metaflow's `inline` backend, run with `secrets resolve`. Each has the recorded result, or a
//! named change.

use serde_json::Value;

use crate::support::{CliOutput, Sandbox};

/// Cases that mention `inline`, but also have a source in a backend of AWS.
const OTHER_BACKENDS: &[&str] = &["dup-across-via-sanitize", "aws-prefix-inline-name"];

fn changed(id: &str) -> Option<&'static str> {
    match id {
        // Change D9.
        "inline-nul" | "inline-nul-2nd" => Some("InvalidValue"),
        // Change D12.
        "key:LD_PRELOAD" => Some("InvalidName"),
        // Change D3.
        id if id.starts_with("get_secret:") => Some("InvalidSource"),
        _ => None,
    }
}

fn kind_of(recorded: &str) -> &'static str {
    match recorded {
        "InvalidEnvName" | "ForbiddenEnvName" => "InvalidName",
        "CollisionWithEnv" | "CollisionAcrossSources" => "Collision",
        "NonStringValue" => "InvalidSource",
        other => panic!("{other} is not among the recorded kinds"),
    }
}

#[test]
fn every_recorded_case() {
    let text = include_str!("../../../../tests/vectors/metaflow.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut run = 0;
    for case in vectors["metaflow_aws"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if !case.to_string().contains("inline") || OTHER_BACKENDS.contains(&id) {
            continue;
        }
        run += 1;
        let input = &case["input"];
        let sources = match &input["sources"] {
            Value::Array(sources) => sources.clone(),
            _ => vec![input["source"].clone()],
        };
        let sandbox = Sandbox::new();
        let list = Value::Array(sources).to_string();
        let mut command =
            sandbox.command(["resolve", "--sources", &list, "--format=json", "--reveal"]);
        for (name, value) in input["env"].as_object().into_iter().flatten() {
            command.env(name, value.as_str().unwrap());
        }
        let allow = input["allow_override"].as_bool().unwrap_or_default();
        command.args(allow.then_some("--allow-override"));
        let result = CliOutput::new(command.output().unwrap());
        let recorded = || case["expect"]["error_kind"].as_str().map(kind_of);
        match changed(id).or_else(recorded) {
            Some(kind) => {
                assert_eq!(result.code, Some(5), "{id} {result:?}");
                assert_eq!(result.json_kind(), kind, "{id}");
            }
            None => {
                assert_eq!(result.code, Some(0), "{id} {result:?}");
                let got: Value = serde_json::from_str(&result.text()).unwrap();
                assert_eq!(got["env"], case["expect"]["env"], "{id}");
            }
        }
    }
    assert_eq!(run, 16, "a case was added or removed");
}
