//! A backend of a program's own has every right of the built-in one whose type it takes: what it is, it says itself.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use secrets_runtime::{
    Backend, BoxFuture, Capabilities, Context, Declaration, Error, ErrorKind, FetchRequest,
    Fetched, Identity, Resolver, Secret, SecretValue,
    backend::{self, one_by_one},
};

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";

/// What takes a request and makes an answer of it.
type Answer = fn(&FetchRequest<'_>) -> Result<Fetched, Error>;

/// A backend that is what a test says, and remembers what it was asked.
#[derive(Clone)]
struct Own {
    kind: &'static str,
    capabilities: Capabilities,
    identity: fn(&FetchRequest<'_>) -> Identity,
    answer: Answer,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Own {
    fn new(kind: &'static str, answer: Answer) -> Self {
        let capabilities = Capabilities::new();
        Self { kind, capabilities, identity: Identity::of, answer, asked: Arc::default() }
    }

    fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self { capabilities, ..self }
    }

    fn with_identity(self, identity: fn(&FetchRequest<'_>) -> Identity) -> Self {
        Self { identity, ..self }
    }

    fn resolver(&self) -> Resolver {
        let builder = Resolver::builder().backend(self.clone()).default_backend(self.kind);
        builder.role(ROLE).build().unwrap()
    }

    /// The ids that it was asked for since it was looked at last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Own")
    }
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backend of the test's")
    }
}

impl Backend for Own {
    fn kind(&self) -> &str {
        self.kind
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        (self.identity)(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        one_by_one(requests, |request| {
            self.asked.lock().unwrap().push(request.id().to_owned());
            (self.answer)(request)
        })
    }
}

fn declared(sources: &[&str]) -> Declaration {
    Declaration::builder("step").sources(sources).unwrap().build()
}

#[track_caller]
fn assert_reads(context: &Context, group: &str, value: &str) {
    let found = context.secrets.get(group, "value").unwrap();
    assert!(found.expose_str().is_ok_and(|found| found == value), "{group}");
}

fn field(value: &str) -> Result<Fetched, Error> {
    Ok(Fetched::fields([("value".to_owned(), SecretValue::from(value))]))
}

/// The types of which the built-in backends do not look at how an answer is read.
const TYPES: [&str; 5] = ["local", "env", "file", "aws-secrets-manager", "my-vault"];

#[test]
fn one_that_uses_an_option_never_gets_an_answer_to_another_request() {
    for kind in TYPES {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        // It has the identity that every backend has which says nothing of it.
        let own = backend::from_fn(kind, move |request| {
            count.fetch_add(1, Ordering::Relaxed);
            std::future::ready(match request.as_request().options().json {
                Some(true) => field("SeNtInEl-json"),
                Some(false) => Ok(Fetched::text("SeNtInEl-text")),
                None => field("SeNtInEl-none"),
            })
        });
        let resolver = Resolver::builder().backend(own).default_backend(kind).build().unwrap();
        let json = r#"{"id": "db", "group": "json", "options": {"json": true}}"#;
        // In one step, and in later ones that read what is cached.
        for _ in 0..2 {
            let context = resolver.resolve_blocking(&declared(&["db", json])).unwrap();
            assert_reads(&context, "db", "SeNtInEl-none");
            assert_reads(&context, "json", "SeNtInEl-json");
        }
        let text = r#"{"id": "db", "options": {"json": false}}"#;
        let context = resolver.resolve_blocking(&declared(&[text])).unwrap();
        let value = context.secrets.get("db", "db").unwrap();
        assert!(value.expose_str().is_ok_and(|value| value == "SeNtInEl-text"), "{kind}");
        assert_eq!(calls.load(Ordering::Relaxed), 3, "{kind}");
    }
}

#[test]
fn a_role_is_passed_to_those_that_read_in_roles() {
    let answer: Answer = |request| field(request.role().unwrap_or("none"));
    for kind in TYPES {
        let own = Own::new(kind, answer);
        let source = r#"{"id": "db", "role": "arn:aws:iam::123456789012:role/Own"}"#;
        let all = declared(&["api", source]);
        let context = own.resolver().resolve_blocking(&all).unwrap();
        assert_reads(&context, "api", ROLE);
        assert_reads(&context, "db", "arn:aws:iam::123456789012:role/Own");
        let without = own.with_capabilities(Capabilities::new().uses_role(false));
        let context = without.resolver().resolve_blocking(&all).unwrap();
        assert_reads(&context, "api", "none");
        assert_reads(&context, "db", "none");
    }
}

#[test]
fn in_a_chain_each_has_the_role_that_it_uses() {
    let first = Own::new("local", |request| match request.role() {
        None => Err(Error::new(ErrorKind::NotFound, "it has nothing")),
        Some(_) => Err(Error::new(ErrorKind::AccessDenied, "it has no roles")),
    });
    let first = first.with_capabilities(Capabilities::new().uses_role(false));
    let second = Own::new("my-vault", |request| field(request.role().unwrap_or("none")));
    let builder = Resolver::builder().backend(first).backend(second).role(ROLE);
    let resolver = builder.default_backend("local,my-vault").build().unwrap();
    let context = resolver.resolve_blocking(&declared(&["db"])).unwrap();
    assert_reads(&context, "db", ROLE);
}

#[test]
fn names_of_fields_are_variables_where_the_backend_says_so() {
    let answer: Answer =
        |_| Ok(Fetched::fields([("some-name".to_owned(), SecretValue::from("SeNtInEl"))]));
    for kind in ["inline", "my-vault"] {
        let own = Own::new(kind, answer);
        let source = match kind {
            "inline" => r#"{"id": "x", "type": "inline", "options": {"env_vars": {"A": "b"}}}"#,
            _ => "x",
        };
        let context = own.resolver().resolve_blocking(&declared(&[source])).unwrap();
        assert!(context.secrets.var("some_name").is_ok(), "{kind}");
        let own = own.with_capabilities(Capabilities::new().names_are_variables(true));
        let context = own.resolver().resolve_blocking(&declared(&[source])).unwrap();
        assert_eq!(context.secrets.var("some_name").unwrap_err().kind(), ErrorKind::KeyNotFound);
    }
}

#[test]
fn a_variable_that_is_set_is_no_collision_where_the_backend_reads_the_environment() {
    let answer: Answer = |_| {
        let path = std::env::var("PATH").unwrap();
        Ok(Fetched::fields([("PATH".to_owned(), SecretValue::from(path))]))
    };
    for kind in ["env", "flyte", "my-vault"] {
        for (reads, request) in [(false, false), (true, false), (false, true), (true, true)] {
            let capabilities = Capabilities::new().cached(false).reads_environment(reads);
            let own = Own::new(kind, answer).with_capabilities(capabilities);
            let declaration = match request {
                false => declared(&["x"]),
                true => {
                    let secret = Secret::new("x", "PATH").env_var("PATH");
                    Declaration::builder("step").secret(secret).unwrap().build()
                }
            };
            let context = own.resolver().resolve_blocking(&declaration).unwrap();
            let applied = context.secrets.apply_to(&mut std::process::Command::new("true"));
            let kinds = applied.map_err(|error| error.kind());
            let expected = if reads { Ok(()) } else { Err(ErrorKind::Collision) };
            assert_eq!(kinds, expected, "{kind} {reads} {request}");
        }
    }
}

#[test]
fn requests_of_one_identity_are_made_once() {
    let own = Own::new("local", |request| field(&format!("SeNtInEl-{}", request.id())))
        .with_identity(|request| Identity::new(request.id().to_lowercase()));
    let resolver = own.resolver();
    let both = declared(&["db", r#"{"id": "DB", "group": "upper"}"#]);
    let context = resolver.resolve_blocking(&both).unwrap();
    assert_reads(&context, "db", "SeNtInEl-db");
    assert_reads(&context, "upper", "SeNtInEl-db");
    let context = resolver.resolve_blocking(&declared(&["Db"])).unwrap();
    assert_reads(&context, "Db", "SeNtInEl-db");
    assert_eq!(own.asked(), ["db"]);
    // A refresh reaches the secret whatever it is called.
    resolver.refresh_blocking("dB").unwrap();
    let context = resolver.resolve_blocking(&declared(&["db"])).unwrap();
    assert_reads(&context, "db", "SeNtInEl-dB");
    assert_eq!(own.asked(), ["dB"]);
}

#[test]
fn an_answer_is_used_for_the_identities_that_it_names_and_no_others() {
    let own = Own::new("my-vault", |request| {
        let identity = Identity::of(request);
        let found = field(&format!("SeNtInEl-{}", request.id()))?;
        Ok(match request.id() {
            "current" => found.with_identity(identity.with_id("v7")),
            _ => found,
        })
    });
    let resolver = own.resolver();
    for (id, value, asked) in [
        ("current", "SeNtInEl-current", &["current"][..]),
        ("v7", "SeNtInEl-current", &[]),
        ("v6", "SeNtInEl-v6", &["v6"]),
    ] {
        let context = resolver.resolve_blocking(&declared(&[id])).unwrap();
        assert_reads(&context, id, value);
        assert_eq!(own.asked(), asked, "{id}");
    }
    // In another region it is another answer.
    let there = r#"{"id": "v7", "options": {"region": "eu-west-1"}}"#;
    resolver.resolve_blocking(&declared(&[there])).unwrap();
    assert_eq!(own.asked(), ["v7"]);
    // A refresh under one id reaches it under the other.
    resolver.refresh_blocking("v7").unwrap();
    resolver.resolve_blocking(&declared(&["current"])).unwrap();
    assert_eq!(own.asked(), ["v7", "current"]);
}

#[test]
fn one_whose_identity_panics_shares_nothing() {
    let own = Own::new("local", |request| field(&format!("SeNtInEl-{}", request.id())))
        .with_identity(|_| panic!("it has none"));
    let resolver = own.resolver();
    let context = resolver.resolve_blocking(&declared(&["db", "api"])).unwrap();
    assert_reads(&context, "db", "SeNtInEl-db");
    assert_reads(&context, "api", "SeNtInEl-api");
}
