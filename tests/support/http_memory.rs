//! What is left in a process of a secret that came over HTTP.

use std::{
    env,
    process::{Command, Stdio},
};

use base64ct::{Base64, Encoding};
use secrets_runtime::{Declaration, Resolver};

use crate::{
    memory::{LENGTH, copies, places, value},
    stub_server::StubServer,
};

/// The variable that is set in the process which asks, to the type of the backend.
const ASKS: &str = "TEST_ASKS";

const SEED: u8 = 30;

/// How often an answer of the server has the value: it is one for all requests.
pub const PER_ANSWER: usize = 2;

/// Returns in which parts of the memory of a process the value is left, after it was read from a server and dropped.
/// Call it first in `main`: it starts the program again.
///
/// # Panics
///
/// If the process fails.
#[must_use]
pub fn left_of(backend: &str) -> Vec<String> {
    if let Ok(backend) = env::var(ASKS) {
        ask(&backend);
        std::process::exit(0);
    }
    // The server has the value, so it is in this process, and what is left is looked for in another.
    let text = String::from_utf8(value(SEED)).unwrap();
    let answer = format!(
        r#"{{"access_token": "SeNtInEl-token", "items": [{{"id": "1", "name": "db"}}], "name": "db", "body": {{"values": {{"db": "{text}"}}}}, "data": {{"value": "{text}"}}}}"#
    );
    // What Kubernetes sends is base64, so the value itself is not in its answer.
    let answer = match backend {
        "kubernetes" => {
            let text = Base64::encode_string(text.as_bytes());
            format!(r#"{{"metadata": {{"name": "db"}}, "data": {{"db": "{text}"}}}}"#)
        }
        _ => answer,
    };
    let server = StubServer::new(200, "", &answer);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(ASKS, backend).env("HOME", "/nonexistent");
    command.env("PREFECT_API_URL", server.url()).env("SECRETS_ZENML_URL", server.url());
    command.env("SECRETS_VAULT_ADDR", server.url()).env("BAO_TOKEN", "SeNtInEl-token");
    command.env("SECRETS_KUBERNETES_URL", server.url());
    command.env("SECRETS_ZENML_USERNAME", "ada").env("SECRETS_ZENML_PASSWORD", "SeNtInEl");
    let output = command.stderr(Stdio::inherit()).output().expect("a process");
    assert!(output.status.success(), "{backend}: {output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

fn ask(backend: &str) {
    let resolver = Resolver::builder().build().unwrap();
    let (source, group, key) = match backend {
        "kubernetes" => ("kubernetes.prod/db".to_owned(), "prod/db", "db"),
        "vault" => {
            let source = r#"{"id": "kv/db", "type": "vault", "options": {"kv": 1}}"#;
            (source.to_owned(), "kv/db", "value")
        }
        _ => (format!("{backend}.db"), "db", "db"),
    };
    let declaration = Declaration::builder("step").source(&source).unwrap().build();
    let step = resolver.resolve_blocking(&declaration).unwrap();
    let value = step.secrets.get(group, key).unwrap();
    assert_eq!(value.expose_bytes().len(), LENGTH);
    assert!(copies(SEED) > 0, "it is there");
    drop((step, value));
    resolver.shutdown_blocking();
    drop(resolver);
    for place in places(SEED) {
        println!("{place}.");
    }
}
