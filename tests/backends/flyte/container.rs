use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use secrets_runtime::{Declaration, Error, Resolver, Secrets};
use secrets_tests::child;
use serde_json::{Value, json};

/// The variable that makes this program the process in a container, with the question to answer.
const QUESTION: &str = "SECRETS_TEST_FLYTE_QUESTION";

/// The environment that a platform prepares: variables and files, and only the setting of the backend.
pub struct Container {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
    unprivileged: bool,
}

/// What the process found: the value, or the error's kind and its text.
pub type Answer = Result<Vec<u8>, (String, String)>;

impl Container {
    /// A container with an empty folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Another user reads there too.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { folder, variables: Vec::new(), unprivileged: false }
            .variable("SECRETS_DEFAULT_BACKEND", "flyte")
    }

    /// A container whose folder is the one that secrets are mounted in.
    pub fn mounted() -> Self {
        let container = Self::new();
        let folder = container.folder().to_owned();
        container.variable("FLYTE_SECRETS_DEFAULT_DIR", folder)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn file(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder().join(path)
    }

    /// This container with a process that is not root.
    pub fn unprivileged(self) -> Self {
        Self { unprivileged: true, ..self }
    }

    /// A process of this program or another with this environment, in this folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        #[cfg(unix)]
        if self.unprivileged && is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(65_534).gid(65_534);
        }
        command
    }

    /// What a step gets there that requests this: `group`, `key`, `group_version` and the like as in Flyte, and
    /// what is not given left out.
    pub fn request(&self, request: &Value) -> Answer {
        let mut request = request.clone();
        request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.ask(&json!({ "requests": [request], "get": request }))
    }

    /// What a step gets there that declares this source, under its text and the key.
    pub fn source(&self, source: &Value, group: &str, key: &str) -> Answer {
        self.ask(&json!({ "sources": [source], "get": { "group": group, "key": key } }))
    }

    pub fn ask(&self, question: &Value) -> Answer {
        // Another user may not have the right to walk to the program; it is open already.
        let program = match self.unprivileged {
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe().unwrap(),
        };
        let output = self
            .command(program)
            .args(["--exact", &child::name(module_path!(), "answers"), "--nocapture"])
            .env(QUESTION, question.to_string())
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        let answer = shown.lines().find_map(|line| line.split_once("answer: "));
        let Some((_, answer)) = answer else {
            panic!("no answer: {}", String::from_utf8_lossy(&output.stderr));
        };
        let answer: Value = serde_json::from_str(answer).unwrap();
        match serde_json::from_value::<Vec<u8>>(answer["value"].clone()) {
            Ok(value) => Ok(value),
            Err(_) => {
                let text = |name: &str| answer[name].as_str().unwrap().to_owned();
                Err((text("kind"), text("text")))
            }
        }
    }
}

/// The kind of an answer's error.
pub fn kind(answer: &Answer) -> Option<&str> {
    answer.as_ref().err().map(|(kind, _)| kind.as_str())
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The user of a file that this process makes is its own.
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

/// The process in the container: what it prints is read by the test that started it.
#[test]
fn answers() {
    let Some(question) = std::env::var_os(QUESTION) else { return };
    let question: Value = serde_json::from_str(question.to_str().unwrap()).unwrap();
    let answer = match answer(&question) {
        Ok(value) => json!({ "value": value }),
        Err(error) => json!({ "kind": error.kind().as_str(), "text": error.to_string() }),
    };
    println!("\nanswer: {answer}");
}

fn answer(question: &Value) -> Result<Vec<u8>, Error> {
    let secrets = resolve(question)?;
    if let Some(name) = question["variable"].as_str() {
        let mut command = Command::new("true");
        secrets.apply_to(&mut command)?;
        let set = command.get_envs().find(|(known, _)| *known == name);
        return Ok(set.unwrap().1.unwrap().as_encoded_bytes().to_vec());
    }
    let text = |name: &str| question["get"][name].as_str().unwrap_or_default();
    let (group, key) = (text("group"), text("key"));
    if question["file"] == true {
        let path = secrets.file(group, key)?;
        // The variable holds the same path.
        let variable = secrets.var(text("env_var"))?;
        assert!(variable.expose_str()? == path.to_str().unwrap());
        return Ok(fs::read(path).unwrap());
    }
    let value = match question["get"]["group_version"].as_str() {
        Some(version) => secrets.get_versioned(group, key, version)?,
        None => secrets.get(group, key)?,
    };
    Ok(value.expose_bytes().to_vec())
}

fn resolve(question: &Value) -> Result<Secrets, Error> {
    let list = |name: &str| match &question[name] {
        Value::Null => "[]".to_owned(),
        list => list.to_string(),
    };
    let declaration = Declaration::builder("step")
        .sources_json(&list("sources"))?
        .requests_json(&list("requests"))?
        .build();
    Ok(Resolver::builder().build()?.resolve_blocking(&declaration)?.secrets)
}
