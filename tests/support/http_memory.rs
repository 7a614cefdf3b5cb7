//! What is left in a process of a secret that came over HTTP.

use std::{
    env,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64ct::{Base64, Encoding};
use secrets_runtime::{Declaration, Resolver};

use crate::{
    fault_server::FaultServer,
    memory::{LENGTH, base64_places, copies, places, value},
    stub_server::StubServer,
};

/// The variable that is set in the process which asks, to the source.
const ASKS: &str = "TEST_ASKS";

/// The variable with the seconds that it waits until nothing is left.
const WAITS: &str = "TEST_WAITS";

/// The I/O thread ends when it has been idle for 5 to 10 seconds, and with it the connections, whose buffers hyper keeps
/// as long as they are open. They have what was read last.
pub const UNTIL_CONNECTIONS_END: Duration = Duration::from_secs(20);

const SEED: u8 = 30;

/// How often an answer of the server has the value at most: it is one for all requests.
pub const PER_ANSWER: usize = 3;

/// Returns in which parts of the memory of a process the value of a source is left, after it was read from a server and
/// dropped. It waits so long until nothing is left. Call it first in `main`: it starts the program again.
///
/// # Panics
///
/// If the process fails.
#[must_use]
pub fn left_of(source: &str, patience: Duration) -> Vec<String> {
    if let Ok(source) = env::var(ASKS) {
        ask(&source);
        std::process::exit(0);
    }
    // The server has the value, so it is in this process, and what is left is looked for in another.
    let text = String::from_utf8(value(SEED)).unwrap();
    let base64 = Base64::encode_string(text.as_bytes());
    let answer = match source.starts_with("kubernetes.") {
        true => format!(r#"{{"metadata": {{"name": "db"}}, "data": {{"db": "{base64}"}}}}"#),
        // Those of Prefect, ZenML and Vault at once.
        false => format!(
            r#"{{"access_token": "SeNtInEl-token", "items": [{{"id": "1", "name": "db"}}], "name": "db",
            "body": {{"values": {{"db": "{text}"}}}}, "data": {{"value": "{text}",
            "path": "kv/", "type": "kv", "options": {{"version": "2"}},
            "data": {{"db": "{text}"}}, "metadata": {{"version": 1, "deletion_time": ""}}}}}}"#
        ),
    };
    let server = StubServer::new(200, "", &answer);
    let aws = FaultServer::start().with("us-east-1", "db", &format!(r#"{{"db": "{text}"}}"#));
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .env(ASKS, source)
        .env(WAITS, patience.as_secs().to_string())
        .env("HOME", "/nonexistent");
    command.env("PREFECT_API_URL", server.url()).env("SECRETS_ZENML_URL", server.url());
    command.env("SECRETS_ZENML_USERNAME", "ada").env("SECRETS_ZENML_PASSWORD", "SeNtInEl");
    command.env("SECRETS_VAULT_ADDR", server.url()).env("BAO_TOKEN", "SeNtInEl-bao");
    command.env("SECRETS_KUBERNETES_URL", server.url());
    command.env("AWS_ENDPOINT_URL", &aws.url).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "CALLER").env("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key");
    let output = command.stderr(Stdio::inherit()).output().expect("a process");
    assert!(output.status.success(), "{source}: {output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

fn ask(source: &str) {
    let resolver = Resolver::builder().build().unwrap();
    let declaration = Declaration::builder("step").source(source).unwrap().build();
    let step = resolver.resolve_blocking(&declaration).unwrap();
    let (_, group) = source.split_once('.').expect("a type");
    let value = step.secrets.get(group, "db").unwrap();
    assert_eq!(value.expose_bytes().len(), LENGTH);
    assert!(copies(SEED) > 0, "it is there");
    drop((step, value));
    resolver.shutdown_blocking();
    drop(resolver);
    let seconds = env::var(WAITS).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    let patience = Instant::now() + Duration::from_secs(seconds);
    let left = || places(SEED).into_iter().chain(base64_places(SEED)).collect::<Vec<_>>();
    while Instant::now() < patience && !left().is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    for place in left() {
        println!("{place}.");
    }
}
