//! The OpenBao that `cargo xtask` has started (`SECRETS_TEST_OPENBAO_URL`), and what tests do with it as root.

use secrets_runtime::{
    Declaration, Error, ErrorKind, Resolver, ResolverBuilder, settings::variables,
};
use secrets_tests::http::{ask, server};
use serde_json::{Value, json};

/// The root token that `cargo xtask` starts the server with.
const ROOT: &str = "SeNtInEl-openbao-root";

#[derive(Clone)]
pub struct Bao {
    pub url: String,
}

impl Bao {
    /// The server; `None` if it is not started.
    pub fn start() -> Option<Self> {
        Some(Self { url: server("SECRETS_TEST_OPENBAO_URL")? })
    }

    /// Asks as root.
    #[track_caller]
    pub fn root(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(ROOT, method, path, body);
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Asks with this token.
    pub fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = format!("x-vault-token: {token}\r\ncontent-type: application/json\r\n");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        ask(&self.url, method, &format!("/v1/{path}"), &headers, &body)
    }

    /// Mounts an engine for one test, in the place of what an earlier run has left.
    pub fn mount(&self, path: &str, body: &Value) {
        self.ask(ROOT, "DELETE", &format!("sys/mounts/{path}"), &Value::Null);
        self.root("POST", &format!("sys/mounts/{path}"), body);
        // A new KV of version 2 takes a moment.
        let options = &body["options"]["version"];
        while options == "2"
            && self.ask(ROOT, "GET", &format!("{path}/config"), &Value::Null).0 != 200
        {
            std::thread::yield_now();
        }
    }

    pub fn mount_kv(&self, path: &str, version: u8) {
        let version = version.to_string();
        self.mount(path, &json!({ "type": "kv", "options": { "version": version } }));
    }

    /// Makes a token with this policy, which is written for it.
    pub fn token(&self, name: &str, policy: &str, more: &Value) -> String {
        self.root("PUT", &format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
        let mut body = json!({ "policies": [name] });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let answer = self.root("POST", "auth/token/create", &body);
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// A builder of a resolver that reads from this server.
    pub fn builder(&self) -> ResolverBuilder {
        Resolver::builder().setting(&variables::VAULT_ADDR, &self.url).default_backend("vault")
    }

    pub fn resolver(&self, token: &str) -> Resolver {
        self.builder().setting(&variables::VAULT_TOKEN, token).build().unwrap()
    }

    pub fn as_root(&self) -> Resolver {
        self.resolver(ROOT)
    }
}

/// The fields of sources, or what is wrong with each.
pub fn resolve(resolver: &Resolver, sources: &[&str]) -> Result<Value, Error> {
    let builder = Declaration::builder("step");
    let declared =
        sources.iter().fold(builder, |builder, source| builder.source(source).unwrap()).build();
    let secrets = resolver.resolve_blocking(&declared)?.secrets;
    let mut found = json!({});
    for entry in secrets.entries() {
        let value = entry.value().expose_str().unwrap();
        found[entry.group()][entry.key()] = Value::from(value);
    }
    Ok(found)
}

/// The kind of error of one source, whose text has these words and no value.
#[track_caller]
pub fn refused(resolver: &Resolver, source: &str, words: &[&str]) -> ErrorKind {
    let error = resolve(resolver, &[source]).unwrap_err();
    let text = format!("{error} {:?} {error:?}", error.problems()[0].help());
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    assert!(!text.contains("SeNtInEl"), "a value is shown");
    assert!(error.problems().iter().all(|problem| problem.help().is_some()), "{text}");
    error.kind()
}
