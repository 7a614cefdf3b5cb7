//! One secret, looked up in a process of its own.

use std::{fs, path::Path};

use secrets_runtime::{
    Declaration, Error, FetchRequest, Options, Payload, Resolver, Secrets,
    conformance::{Subject, check_reading},
};
use serde_json::{Map, Value, json};

use crate::child;

/// The variable that says what to look up and what is wanted.
const TASK: &str = "SECRETS_TEST_TASK";

/// A lookup with an environment of its own: one that was recorded of Prefect, or a test's.
pub struct Case {
    /// Its position in the records.
    pub number: usize,
    /// What the record calls it.
    pub tag: String,
    /// `env`, the variables of the process, and `toml`, its `config.toml`.
    pub input: Value,
    /// What Prefect did.
    pub output: Value,
}

/// The cases of `prefect.json`.
pub fn recorded() -> Vec<Case> {
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
    /// A case of a test's own, with this environment and this `config.toml`.
    pub fn unrecorded(input: Value) -> Self {
        Self { number: 0, tag: "own".to_owned(), input, output: Value::Null }
    }

    /// The name of its secret.
    pub fn name(&self) -> &str {
        self.input["name"].as_str().unwrap_or_default()
    }

    /// Looks `source` up in a process that has the case's environment and `config.toml`, and `more` variables.
    ///
    /// # Panics
    ///
    /// If the answer is not `wanted`.
    pub fn hold(&self, source: &Value, wanted: &Value, more: &[(&str, &str)]) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(".git")).expect("a folder");
        if let Some(toml) = self.input["toml"].as_str() {
            fs::create_dir(folder.path().join(".prefect")).expect("a folder");
            fs::write(folder.path().join(".prefect/config.toml"), toml).expect("a file");
        }
        let mut child = child::of_test("", "looks_one_secret_up");
        for (name, _) in std::env::vars_os() {
            let lower = name.to_string_lossy().to_lowercase();
            if ["prefect", "secrets_", "metaflow_"].iter().any(|start| lower.starts_with(start)) {
                child.env_remove(name);
            }
        }
        // The machine may have other work to do.
        child.envs([("SECRETS_ATTEMPT_TIMEOUT", "30"), ("SECRETS_TIMEOUT", "60")]);
        for (name, value) in self.input["env"].as_object().into_iter().flatten() {
            child.env(name, value.as_str().expect("a text"));
        }
        let task = json!({ "source": source, "wanted": wanted }).to_string();
        child.env(TASK, task).env("HOME", folder.path()).current_dir(folder.path());
        child.envs(more.iter().copied());
        let output = child.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
        let number = self.number;
        assert!(output.status.success() && ran, "case {number} ({}): {said}", self.input);
    }
}

/// What the test `looks_one_secret_up` in the root of a program does: nothing, unless its process was started
/// for a case.
///
/// # Panics
///
/// If the answer is not the wanted one.
pub fn run() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).expect("a task");
    let (source, wanted) = (&task["source"], &task["wanted"]);
    let backend = || {
        let resolver = Resolver::builder().build().expect("good settings");
        resolver.backend(text(&source["type"])).expect("it is built in")
    };
    if let Some(rules) = wanted.get("rules") {
        let present = rules["present"].as_object().expect("secrets").iter();
        let payload = |(id, value): (&String, &Value)| match value {
            Value::String(text) => (id.clone(), Payload::Text(text.as_str().into())),
            object => (id.clone(), Payload::Json(object.to_string().into())),
        };
        let missing = text(&rules["missing"]).to_owned();
        let subject = Subject { present: present.map(payload).collect(), missing };
        block_on(check_reading(&*backend(), &subject));
        return;
    }
    if let Some(exists) = wanted.get("exists") {
        let backend = backend();
        let options = Options::default();
        let requests = [FetchRequest::new(text(&source["id"]), &options)];
        let answers = block_on(backend.exists(&requests));
        assert_eq!(answers[0].as_ref().ok(), exists.as_bool().as_ref(), "{answers:?}");
        return;
    }
    let looked_up = look_up(&source.to_string());
    if let Some(kind) = wanted.get("error") {
        let error = looked_up.and_then(|secrets| match wanted.get("number") {
            Some(_) => secrets.get_as::<i64>(secrets.groups().next().expect("a group")).map(drop),
            None => Ok(()),
        });
        let error = error.expect_err("it is an error");
        assert_eq!(error.kind().as_str(), text(kind), "{error}");
        assert!(!error.to_string().contains("SeNtInEl"), "{error}");
        return;
    }
    let secrets = looked_up.expect("it is found");
    let mut entries = secrets.entries();
    if let Some(wanted) = wanted.get("text") {
        let entry = entries.next().expect("a value");
        assert_eq!(entry.value().expose_str().expect("a text"), text(wanted));
        assert!(entries.next().is_none(), "it is one plain value");
    } else if let Some(wanted) = wanted.get("fields") {
        let field = |entry: secrets_runtime::Entry<'_>| {
            let value = entry.value().expose_str().expect("a text");
            (entry.key().to_owned(), Value::from(value))
        };
        assert_eq!(&Value::Object(entries.map(field).collect::<Map<_, _>>()), wanted);
    } else {
        assert!(entries.next().is_none(), "it is absent");
    }
}

fn look_up(source: &str) -> Result<Secrets, Error> {
    let declaration = Declaration::builder("case").source(source)?.build();
    Ok(Resolver::builder().build()?.resolve_blocking(&declaration)?.secrets)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
