//! The recorded cases of ZenML's command line: each equal, or expecting a change that is named.

use serde_json::Value;

use crate::bench::{Bench, Ran};

fn cases() -> Vec<Value> {
    let text = include_str!("../../../tests/vectors/zenml.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    vectors["zenml_cli"].as_array().unwrap().clone()
}

#[test]
fn every_recorded_command_line() {
    let mut run = 0;
    for case in cases().iter().filter(|case| case["in"]["op"] == "args") {
        run += 1;
        let bench = Bench::new();
        let argv = case["in"]["argv"].as_array().unwrap();
        let argv: Vec<&str> = argv.iter().map(|word| word.as_str().unwrap()).collect();
        let ran = bench.run(["register"].iter().chain(&argv));
        let Some(expected) = case["out"].get("ok") else {
            ran.fails(2);
            continue;
        };
        assert_eq!(ran.code, Some(0), "{case} {ran:?}");
        let name = expected["name"].as_str().unwrap();
        let got = bench.ok(["get", "--format=json", "--reveal", "--", name]);
        let got: Value = serde_json::from_str(&got).unwrap();
        assert_eq!(got, expected["args"], "{case}");
    }
    assert_eq!(run, 10, "a case was added or lost");
}

#[test]
fn every_recorded_value() {
    let mut run = 0;
    for case in cases().iter().filter(|case| case["in"]["op"] == "expand") {
        run += 1;
        let bench = Bench::new();
        bench.write("f_home.txt", "home");
        let value = case["in"]["value"].as_str().unwrap();
        let ran: Ran = bench.run(["register", "db", &format!("--k={value}"), "--format=json"]);
        match case["out"]["ok"].as_str() {
            Some(expected) => {
                assert_eq!(bench.ok(["get", "db", "k", "--reveal"]), expected, "{case} {ran:?}");
            }
            // Z6: exit 5.
            None => {
                ran.fails(5);
                assert_eq!(ran.json_kind(), "InvalidValue", "{case}");
            }
        }
    }
    assert_eq!(run, 5, "a case was added or lost");
}
