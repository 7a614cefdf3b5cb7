use std::{
    fmt,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Identity, Payload,
    Resolver, SecretValue, backends::File, conformance, try_current_context,
};
use secrets_tests::{
    child,
    table::{Table, assert_no_value},
};

/// A backend that counts its calls and misbehaves in the way that its type names.
#[derive(Debug, Clone)]
struct Odd {
    kind: &'static str,
    calls: Arc<AtomicUsize>,
}

impl Odd {
    fn new(kind: &'static str) -> Self {
        Self { kind, calls: Arc::default() }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an odd backend")
    }
}

impl Backend for Odd {
    fn kind(&self) -> &str {
        self.kind
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = || Ok(Fetched::json(r#"{"a": "SeNtInEl"}"#));
        if self.kind == "panics-at-once" {
            panic!("before there is a future");
        }
        Box::pin(async move {
            let count = requests.len();
            match self.kind {
                "too-few" => (1..count).map(|_| answer()).collect(),
                "none-at-all" => Vec::new(),
                "too-many" => (0..=count).map(|_| answer()).collect(),
                "panics" => panic!("in the future"),
                "never" => std::future::pending().await,
                "has-nothing" => {
                    let missing = || Err(Error::new(ErrorKind::NotFound, "nothing is here"));
                    (0..count).map(|_| missing()).collect()
                }
                "broken" => {
                    let broken = || Err(Error::new(ErrorKind::Unavailable, "it is down"));
                    (0..count).map(|_| broken()).collect()
                }
                _ => (0..count).map(|_| answer()).collect(),
            }
        })
    }
}

fn resolve(
    default: &str,
    backends: Vec<Odd>,
    sources: &[&str],
) -> Result<secrets_runtime::Context, Error> {
    let mut builder = Resolver::builder().default_backend(default).backend(Table);
    for backend in backends {
        builder = builder.backend(backend);
    }
    let mut declaration = Declaration::builder("step");
    for source in sources {
        declaration = declaration.source(source)?;
    }
    builder.build()?.resolve_blocking(&declaration.build())
}

#[test]
fn too_few_answers_are_unavailable_for_the_rest() {
    let error = resolve("too-few", vec![Odd::new("too-few")], &["x", "y", "z"]).unwrap_err();
    let origins: Vec<_> = error.problems().iter().map(|problem| problem.origin()).collect();
    assert_eq!(origins, ["z"]);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for kind in ["none-at-all", "too-many"] {
        let error = resolve(kind, vec![Odd::new(kind)], &["x", "y"]).unwrap_err();
        assert_eq!(error.problems().len(), 2, "{error}");
        assert!(error.is_transient());
        assert_no_value(&format!("{error:?}"));
    }
}

#[test]
fn a_backend_that_panics_is_unavailable_and_the_others_are_reported_too() {
    for kind in ["panics", "panics-at-once"] {
        let table = r#"{"id": "missing", "type": "table"}"#;
        let error = resolve(kind, vec![Odd::new(kind)], &["x", table]).unwrap_err();
        let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
        assert_eq!(kinds, [ErrorKind::Unavailable, ErrorKind::NotFound], "{error}");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}

#[test]
fn a_chain_moves_on_only_at_not_found() {
    let all = || vec![Odd::new("has-nothing"), Odd::new("broken"), Odd::new("good")];
    assert!(resolve("has-nothing,good", all(), &["x"]).is_ok());
    let stopped = resolve("broken,good", all(), &["x"]).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Unavailable);
    let nowhere = resolve("has-nothing,table", all(), &["x", "y"]).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    let text = nowhere.to_string();
    assert!(
        text.contains("has-nothing: nothing is here") && text.contains("table: the table has"),
        "{text}"
    );
    // What the first has is not asked of the second.
    let second = Odd::new("good");
    resolve("table,good", vec![second.clone()], &["db", "api"]).unwrap();
    assert_eq!(second.calls.load(Ordering::Relaxed), 0);
}

#[test]
fn one_call_for_all_secrets_of_a_backend() {
    let backend = Odd::new("good");
    let sources = ["a", "b", "c", r#"{"id": "a", "group": "again", "options": {"json": false}}"#];
    let context = resolve("good", vec![backend.clone()], &sources).unwrap();
    assert_eq!(backend.calls.load(Ordering::Relaxed), 1);
    assert!(context.secrets.get("again", "a").is_ok());
}

#[test]
fn a_missing_secret_that_is_not_required_is_absent() {
    let source = r#"{"id": "missing", "options": {"required": false}}"#;
    let context = resolve("table", vec![], &[source, "db"]).unwrap();
    assert_eq!(context.secrets.get("missing", "x").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(
        context
            .secrets
            .get_as::<Option<std::collections::HashMap<String, SecretValue>>>("missing")
            .unwrap()
            .is_none()
    );
    // A real failure is one all the same.
    let denied = r#"{"id": "denied", "options": {"required": false}}"#;
    assert_eq!(resolve("table", vec![], &[denied]).unwrap_err().kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn the_conformance_suite_takes_the_good_and_tells_the_bad() {
    let subject = conformance::Subject {
        present: vec![
            ("api".to_owned(), Payload::Json(SecretValue::from(r#"{"token": "SeNtInEl-api"}"#))),
            ("plain".to_owned(), Payload::Text(SecretValue::from("SeNtInEl-plain"))),
        ],
        missing: "missing".to_owned(),
    };
    conformance::check_reading(&Table, &subject).await;

    for kind in ["too-few", "too-many", "has-nothing", "good"] {
        let subject = subject.clone();
        let check =
            tokio::spawn(
                async move { conformance::check_reading(&Odd::new(kind), &subject).await },
            );
        let panic = check.await.unwrap_err().into_panic();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.contains("breaks"), "{text}");
        assert_no_value(text);
    }
}

#[test]
fn problems_of_planning_and_of_fetching_come_in_one_error_in_declared_order() {
    let vault = r#"{"id": "x", "type": "my-vault"}"#;
    let error =
        resolve("table", vec![], &["missing", vault, "gcp-secret-manager.other", "denied", "db"])
            .unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    use ErrorKind::{AccessDenied, InvalidConfig, NotFound, NotSupported};
    assert_eq!(kinds, [NotFound, InvalidConfig, NotSupported, AccessDenied], "{error}");
}

/// The process of the test below, with `SECRETS_TIMEOUT` set.
#[test]
fn child_of_the_test_of_timeouts() {
    if std::env::var_os("SECRETS_TIMEOUT").is_none() {
        return;
    }
    let never = r#"{"id": "x", "type": "never"}"#;
    let error = resolve("table", vec![Odd::new("never")], &[never, "missing"]).unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Timeout, ErrorKind::NotFound], "{error}");
    assert!(error.to_string().contains("SECRETS_TIMEOUT"), "{error}");
    println!("timed out as it should");
}

#[test]
fn a_backend_that_never_answers_is_a_timeout() {
    let child = child::of_test(module_path!(), "child_of_the_test_of_timeouts")
        .env("SECRETS_TIMEOUT", "0.05")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && out.contains("timed out as it should"), "{out}");
}

#[test]
fn a_probe_asks_whether_a_backend_answers() {
    let message = |kind| {
        let probe = Odd::new(kind).probe_blocking();
        assert_eq!((probe.caller(), probe.is_reachable()), (None, probe.error().is_none()));
        probe.error().map(|error| (error.kind(), error.problems()[0].message().to_owned()))
    };
    assert_eq!((message("good"), message("has-nothing")), (None, None));
    let unavailable = |text: &str| Some((ErrorKind::Unavailable, text.to_owned()));
    assert_eq!(message("broken"), unavailable("it is down"));
    assert_eq!(message("none-at-all"), unavailable("the backend returned no answer"));
}

#[test]
fn a_probe_of_mounted_files_needs_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert!(File::new(folder.path()).probe_blocking().is_reachable());
    let gone = folder.path().join("gone");
    let probe = File::new(&gone).probe_blocking();
    let message = probe.error().unwrap().problems()[0].message();
    assert_eq!(message, format!("there is no folder {}", gone.display()));
}

/// A backend that counts how often it identifies a request, from where no step's secrets are seen.
#[derive(Debug, Clone, Default)]
struct Identifying(Arc<AtomicUsize>);

impl fmt::Display for Identifying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backend that counts")
    }
}

impl Backend for Identifying {
    fn kind(&self) -> &str {
        "identifying"
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        assert!(try_current_context().is_none());
        self.0.fetch_add(1, Ordering::Relaxed);
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |request: &FetchRequest<'_>| {
            Ok(Fetched::json(r#"{"a": "SeNtInEl"}"#).with_name(request.id()))
        };
        Box::pin(std::future::ready(requests.iter().map(answer).collect()))
    }
}

#[test]
fn a_backend_identifies_each_request_once() {
    let backend = Identifying::default();
    let resolver =
        Resolver::builder().backend(backend.clone()).default_backend("identifying").build();
    let resolver = resolver.unwrap();
    let declaration = Declaration::builder("step").source("db").unwrap().source("api").unwrap();
    let declaration = declaration.build();
    let identified = || backend.0.swap(0, Ordering::Relaxed);
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    assert_eq!(identified(), 2);
    resolver.resolve_blocking(&declaration).unwrap();
    assert_eq!(identified(), 2, "the cache is asked by the identities of the plan");
    secrets.refresh_blocking("db").unwrap();
    assert_eq!(identified(), 0, "the plan is that of the step");
    let context = resolver.resolve_blocking(&declaration).unwrap();
    identified();
    let _entered = context.enter();
    resolver.resolve_blocking(&declaration).unwrap();
    assert_eq!(identified(), 2, "it has not seen the context, which would have made it panic");
}
