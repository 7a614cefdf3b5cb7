use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

/// A recorded case, and its number.
pub struct Case {
    pub number: usize,
    pub tag: String,
    pub input: Value,
    pub output: Value,
}

/// All cases of `prefect.json`.
pub fn all() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/prefect.json");
    let text = fs::read_to_string(path).expect("the records can be read");
    let records: Value = serde_json::from_str(&text).expect("the records are JSON");
    let cases = records["prefect"].as_array().expect("a list").iter().enumerate();
    let case = |(number, case): (usize, &Value)| Case {
        number,
        tag: case["tag"].as_str().expect("a tag").to_owned(),
        input: case["in"].clone(),
        output: case["out"].clone(),
    };
    cases.map(case).collect()
}

impl Case {
    pub fn name(&self) -> &str {
        self.input["name"].as_str().unwrap_or_default()
    }

    /// Looks `name` up in a process that has the case's environment and `config.toml`, with `more` variables,
    /// and holds the answer to `wanted`.
    pub fn hold(&self, source: &Value, wanted: &Value, more: &[(&str, &str)]) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(".git")).expect("a folder");
        if let Some(toml) = self.input["toml"].as_str() {
            fs::create_dir(folder.path().join(".prefect")).expect("a folder");
            fs::write(folder.path().join(".prefect/config.toml"), toml).expect("a file");
        }
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "child::looks_one_secret_up", "--nocapture"]);
        for (name, _) in std::env::vars_os() {
            let lower = name.to_string_lossy().to_lowercase();
            if ["prefect", "secrets_", "metaflow_"].iter().any(|start| lower.starts_with(start)) {
                child.env_remove(name);
            }
        }
        for (name, value) in self.input["env"].as_object().into_iter().flatten() {
            child.env(name, value.as_str().expect("a text"));
        }
        let task = json!({ "source": source, "wanted": wanted }).to_string();
        child.env(super::child::TASK, task).env("HOME", folder.path()).current_dir(folder.path());
        child.envs(more.iter().copied());
        let output = child.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
        let number = self.number;
        assert!(output.status.success() && ran, "case {number} ({}): {said}", self.input);
    }
}
