//! The recorded cases of ZenML's command line. Each has the recorded result, or a named change.

use serde_json::Value;

use crate::support::{CliOutput, Sandbox};

fn cases() -> Vec<Value> {
    let text = include_str!("../../../../tests/vectors/zenml.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    vectors["zenml_cli"].as_array().unwrap().clone()
}

#[test]
fn every_recorded_command_line() {
    let mut run = 0;
    for case in cases().iter().filter(|case| case["in"]["op"] == "args") {
        run += 1;
        let sandbox = Sandbox::new();
        let argv = case["in"]["argv"].as_array().unwrap();
        let argv: Vec<&str> = argv.iter().map(|word| word.as_str().unwrap()).collect();
        let result = sandbox.run(["register"].iter().chain(&argv));
        let Some(expected) = case["out"].get("ok") else {
            result.assert_fails(2);
            continue;
        };
        assert_eq!(result.code, Some(0), "{case} {result:?}");
        let name = expected["name"].as_str().unwrap();
        let got = sandbox.ok(["get", "--format=json", "--reveal", "--", name]);
        let got: Value = serde_json::from_str(&got).unwrap();
        assert_eq!(got, expected["args"], "{case}");
    }
    assert_eq!(run, 10, "a case was added or removed");
}

#[test]
fn every_recorded_value() {
    let mut run = 0;
    for case in cases().iter().filter(|case| case["in"]["op"] == "expand") {
        run += 1;
        let sandbox = Sandbox::new();
        sandbox.write("f_home.txt", "home");
        let value = case["in"]["value"].as_str().unwrap();
        let result: CliOutput =
            sandbox.run(["register", "db", &format!("--k={value}"), "--format=json"]);
        match case["out"]["ok"].as_str() {
            Some(expected) => {
                assert_eq!(
                    sandbox.ok(["get", "db", "k", "--reveal"]),
                    expected,
                    "{case} {result:?}"
                );
            }
            // Change Z6: exit code 5.
            None => {
                result.assert_fails(5);
                assert_eq!(result.json_kind(), "InvalidValue", "{case}");
            }
        }
    }
    assert_eq!(run, 5, "a case was added or removed");
}
