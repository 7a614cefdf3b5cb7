//! A resolution in a process of its own, whose environment has the settings.

use std::{collections::BTreeMap, fs, process::Command};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, Secrets, secrets};
use secrets_tests::child;
use serde_json::{Value, json};

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The variables that a process would get.
    Variables(BTreeMap<String, String>),
    /// The kind and the text of the error.
    Failed { kind: String, text: String },
}

impl Outcome {
    pub fn failure(self) -> (String, String) {
        match self {
            Self::Failed { kind, text } => (kind, text),
            Self::Variables(names) => panic!("it did not fail: {:?}", names.keys()),
        }
    }
}

/// Resolves `sources` (and the other fields of a recorded input) in a child that has this environment alone.
pub fn resolve(input: &Value, environment: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result.json");
    fs::create_dir(folder.path().join(".git")).unwrap();
    let mut command = child::of_test(module_path!(), "resolve_what_is_asked");
    command.arg("--test-threads=1");
    command.env_clear().current_dir(folder.path()).env("PATH", "/usr/bin:/bin");
    command.env("HOME", folder.path()).env("XDG_RUNTIME_DIR", folder.path());
    command.env("SECRETS_TEST_CHILD_INPUT", input.to_string());
    command.env("SECRETS_TEST_CHILD_RESULT", &result);
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = fs::read_to_string(&result).unwrap_or_else(|_| {
        panic!("the child gave nothing:\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let result: Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    match result.get("env") {
        Some(variables) => Outcome::Variables(serde_json::from_value(variables.clone()).unwrap()),
        None => Outcome::Failed { kind: text("kind"), text: text("text") },
    }
}

#[test]
fn resolve_what_is_asked() {
    let Ok(input) = std::env::var("SECRETS_TEST_CHILD_INPUT") else { return };
    let input: Value = serde_json::from_str(&input).unwrap();
    let result = match variables(&input) {
        Ok(variables) => json!({ "env": variables }),
        Err(error) => json!({ "kind": error.kind().as_str(), "text": error.to_string() }),
    };
    let file = std::env::var_os("SECRETS_TEST_CHILD_RESULT").unwrap();
    fs::write(file, result.to_string()).unwrap();
}

/// For `source` its fields, as Metaflow's `get_secret` returns them; for `sources` the variables of a child.
fn variables(input: &Value) -> Result<BTreeMap<String, String>, Error> {
    if input["export_between"] == true {
        resolved(input)?;
        // It stops the I/O thread, and then refuses, since the test has threads of its own.
        assert_eq!(exported().unwrap_err().kind(), ErrorKind::NotSupported);
    }
    let secrets = resolved(input)?;
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    if input.get("source").is_some() {
        let group = group(&input["source"]);
        return secrets.get_as(&group);
    }
    let mut command = Command::new("true");
    secrets.apply_to(&mut command)?;
    let set = command.get_envs();
    Ok(set.map(|(name, value)| (text(name), text(value.unwrap()))).collect())
}

#[secrets(
    sources = [{ type = "inline", id = "1", options = { env_vars = { A = "b" } } }],
    export = "process"
)]
fn exported() -> Result<(), Error> {
    Ok(())
}

fn resolved(input: &Value) -> Result<Secrets, Error> {
    let sources = match (&input["sources"], &input["source"]) {
        (Value::Array(sources), _) => sources.clone(),
        (_, source) => vec![source.clone()],
    };
    let mut declaration = Declaration::builder("step");
    if let Some(role) = input["role"].as_str() {
        declaration = declaration.role(role)?;
    }
    for source in &sources {
        let text = source.as_str().map_or_else(|| source.to_string(), str::to_owned);
        declaration = declaration.source(&text)?;
    }
    Ok(Resolver::builder().build()?.resolve_blocking(&declaration.build())?.secrets)
}

fn group(source: &Value) -> String {
    source.as_str().or(source["id"].as_str()).unwrap_or_default().to_owned()
}
