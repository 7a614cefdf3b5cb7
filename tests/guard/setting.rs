//! `SECRETS_GUARD`: what happens to the results of steps that say nothing, and what the audit log says of it.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    env, fmt,
    process::Command,
    sync::{Arc, LazyLock, Mutex},
};

use secrets_runtime::{
    AuditEvent, AuditEventKind, AuditSink, Error, ErrorKind, Fetched, Resolver, backend,
    current_context, mask::Masker, secrets, settings::variables, task, testing,
};
use serde::Serialize;

type Result<T, E = Error> = std::result::Result<T, E>;

const TOKEN: &str = "SeNtInEl-9";

/// Remembers what leaked: step, group and key.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<[String; 3]>>>);

impl AuditSink for Recorder {
    fn record(&self, event: &AuditEvent) -> Result<()> {
        assert!(!format!("{event:?}").contains("SeNtInEl"));
        if event.event() == AuditEventKind::Leaked {
            assert!(event.call().is_some() && event.source().is_none());
            let texts = [event.step(), event.group(), event.key()];
            self.0.lock().unwrap().push(texts.map(|text| text.unwrap().to_owned()));
        }
        Ok(())
    }
}

static RECORDER: LazyLock<Recorder> = LazyLock::new(|| {
    let recorder = Recorder::default();
    let json = backend::from_fn("json", |_| async {
        let json =
            r#"{"port": 54321, "tls": true, "pin": "54322", "account": 543210, "list": [54323]}"#;
        Ok(Fetched::json(json))
    });
    let resolver = Resolver::builder().setting(&variables::GUARD, "deny").audit(recorder.clone());
    let resolver = resolver.backend(json).default_backend("json");
    resolver.build().unwrap().install().unwrap();
    recorder
});

/// Runs a step in a process with `SECRETS_GUARD=deny`.
fn with_deny<R>(step: impl FnOnce() -> R) -> R {
    LazyLock::force(&RECORDER);
    testing::with_secrets([("api", "token", TOKEN)], step)
}

fn token() -> Result<String> {
    Ok(current_context().secrets.get("api", "token")?.expose_str()?.to_owned())
}

/// Whether a step failed since its result contains a secret.
#[track_caller]
fn is_leak<T>(result: Result<T>) -> bool {
    let Err(error) = result else { return false };
    assert!(!error.to_string().contains("SeNtInEl"), "it passed");
    assert_eq!(error.kind(), ErrorKind::Leaked);
    true
}

/// Cannot be serialized.
struct Opened(#[expect(dead_code, reason = "nobody reads it")] String);

#[secrets(sources = ["api"])]
fn text() -> Result<String> {
    token()
}

#[secrets(sources = ["api"])]
async fn text_async() -> Result<String> {
    token()
}

#[secrets(sources = ["api"])]
fn not_serialize() -> Result<Opened> {
    token().map(Opened)
}

#[secrets(sources = ["api"])]
fn error_of_not_serialize() -> Result<Opened> {
    Err(Error::new(ErrorKind::Other, token()?))
}

#[secrets(sources = ["api"])]
fn bounded<T: Serialize + From<String>>() -> Result<T> {
    token().map(T::from)
}

#[secrets(sources = ["api"])]
fn unbounded<T: From<String>>() -> Result<T> {
    token().map(T::from)
}

#[secrets(sources = ["api"])]
fn opaque() -> Result<impl Serialize + use<>> {
    token()
}

#[secrets(sources = ["api"])]
fn opaque_otherwise() -> Result<impl fmt::Display> {
    token()
}

#[secrets(sources = ["api"])]
async fn opaque_otherwise_async() -> Result<impl fmt::Display> {
    token()
}

#[secrets(sources = ["api"])]
fn opaque_error(fails: bool) -> Result<String, impl fmt::Debug> {
    if fails { Err(Error::new(ErrorKind::Other, "no")) } else { token() }
}

#[secrets(sources = ["api"], guard = "off")]
fn off() -> Result<String> {
    token()
}

#[secrets(sources = ["api"], guard = "errors")]
fn errors() -> Result<String> {
    token()
}

#[secrets(sources = ["api"], guard = "warn")]
fn warn() -> Result<String> {
    token()
}

#[secrets]
fn parameter(#[secret("api", key = "token")] token: String) -> anyhow::Result<Vec<String>> {
    Ok(vec![token])
}

#[test]
fn a_step_without_a_mode_is_searched_as_far_as_its_type_is_known() {
    assert!(is_leak(with_deny(text)));
    assert!(is_leak(with_deny(error_of_not_serialize)));
    assert!(!is_leak(with_deny(not_serialize)));
    assert!(is_leak(with_deny(bounded::<String>)));
    assert!(!is_leak(with_deny(unbounded::<String>)));
    assert!(is_leak(with_deny(opaque)));
    assert!(!is_leak(with_deny(opaque_otherwise)));
    assert!(with_deny(|| opaque_error(false)).is_ok() && with_deny(|| opaque_error(true)).is_err());
    let error = with_deny(parameter).unwrap_err();
    assert_eq!(error.downcast_ref::<Error>().unwrap().kind(), ErrorKind::Leaked);
    drop(opaque_otherwise_async());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    LazyLock::force(&RECORDER);
    let given = [("api", "token", TOKEN)];
    assert!(is_leak(runtime.block_on(testing::with_secrets_async(given, text_async()))));
}

#[test]
fn a_number_of_fewer_than_six_digits_is_not_looked_for() {
    #[secrets(sources = ["db"])]
    fn of_source<T: Serialize>(value: T) -> Result<T> {
        Ok(value)
    }
    #[task(secret_requests = [Secret(group = "db", key = "port"), Secret(group = "db", key = "account")])]
    fn of_requests<T: Serialize>(value: T) -> Result<T> {
        Ok(value)
    }
    LazyLock::force(&RECORDER);
    assert_eq!(of_source("54321 true 54323").unwrap(), "54321 true 54323");
    assert_eq!(of_source(54321).unwrap(), 54321);
    // A text of digits is a text, and a list is a text of JSON.
    for value in ["54322", "543210", "[54323]"] {
        assert!(is_leak(of_source(value)), "{value}");
    }
    assert!(is_leak(of_source(543_210)));
    assert_eq!(of_requests("54321").unwrap(), "54321");
    assert!(is_leak(of_requests("543210")));
}

#[test]
fn the_help_of_a_setting_names_the_setting() {
    let error = with_deny(text).unwrap_err();
    assert!(error.problems()[0].help().unwrap().contains("`SECRETS_GUARD=warn` lets it pass"));
}

#[test]
fn the_attribute_wins() {
    assert!(!is_leak(with_deny(off)) && !is_leak(with_deny(errors)) && !is_leak(with_deny(warn)));
}

#[test]
fn a_field_that_leaks_is_recorded_once_a_call() {
    #[secrets(sources = ["api"])]
    fn denied() -> Result<[String; 2]> {
        Ok([token()?, token()?])
    }
    #[secrets(sources = ["api"], guard = "warn")]
    fn warned() -> Result<String> {
        token()
    }
    assert!(is_leak(with_deny(denied)));
    assert_eq!(with_deny(warned).unwrap(), TOKEN);
    let leaked = RECORDER.0.lock().unwrap().clone();
    let of = |step: &str| leaked.iter().filter(|leak| leak[0] == step).collect::<Vec<_>>();
    assert_eq!(of("denied"), [&["denied", "api", "token"]]);
    assert_eq!(of("warned"), [&["warned", "api", "token"]]);
}

/// The variable that names what a child of this program does.
const CHILD: &str = "GUARD_CHILD";

/// Starts this program again with settings in its environment, and returns what it writes.
fn child(case: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "a_child_of_this_program", "--nocapture"]).env(CHILD, case);
    command.env_remove("SECRETS_CONFIG").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    text(output.stdout) + &text(output.stderr)
}

#[test]
#[allow(clippy::print_stdout, reason = "its parent reads it")]
fn a_child_of_this_program() {
    let Ok(case) = env::var(CHILD) else { return };
    let error = match &*case {
        "step" => child_step().map(drop),
        "masked step" => {
            let _masker = Masker::current();
            child_step().map(drop)
        }
        "chain" => {
            let result = testing::with_secrets([("api", "token", TOKEN)], || warned_chain(500));
            assert!(result.is_err_and(|error| error.is::<Chain>()));
            Ok(())
        }
        _ => testing::with_secrets([("api", "token", TOKEN)], text).map(drop),
    };
    match error {
        Ok(()) => println!("\npassed"),
        Err(error) => println!("\n{}: {error}", error.kind()),
    }
}

#[secrets(sources = ["env.GUARDED_TOKEN"])]
fn child_step() -> Result<String> {
    let value = current_context().secrets.get("GUARDED_TOKEN", "GUARDED_TOKEN")?;
    Ok(value.expose_str()?.to_owned())
}

/// An error with so many sources.
#[derive(Debug)]
struct Chain(Option<Box<Chain>>);

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a link")
    }
}

impl std::error::Error for Chain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.as_deref()?;
        Some(source)
    }
}

fn chain(length: usize) -> Box<dyn std::error::Error> {
    Box::new((0..length).fold(Chain(None), |inner, _| Chain(Some(Box::new(inner)))))
}

#[secrets(sources = ["api"], guard = "warn")]
fn warned_chain(length: usize) -> std::result::Result<(), Box<dyn std::error::Error>> {
    Err(chain(length))
}

#[secrets(sources = ["api"], guard = "deny")]
fn denied_chain(length: usize) -> std::result::Result<(), Box<dyn std::error::Error>> {
    Err(chain(length))
}

#[secrets(sources = ["api"], guard = "errors")]
fn chain_of_errors(length: usize) -> std::result::Result<fn(), Box<dyn std::error::Error>> {
    Err(chain(length))
}

#[test]
fn a_chain_that_is_too_long_is_refused() {
    assert!(with_deny(|| denied_chain(128)).unwrap_err().is::<Chain>());
    let of_deny = with_deny(|| denied_chain(129)).unwrap_err();
    let of_errors = with_deny(|| chain_of_errors(500)).unwrap_err();
    for (error, way_out) in [(of_deny, "`guard = \"warn\"`"), (of_errors, "`guard = \"off\"`")] {
        let error = error.downcast::<Error>().unwrap();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Leaked, 1));
        let problem = &error.problems()[0];
        let message = problem.message();
        assert!(message.contains("the error of the step cannot be searched"), "{message}");
        assert!(message.contains("too long a chain of sources (the error was: a link: a link"));
        assert!(problem.help().unwrap().contains(way_out), "{error}");
    }
}

#[test]
fn a_value_that_is_not_looked_for_is_reported_once() {
    let reasons = [
        ("abc", "it is shorter than four bytes"),
        ("prod", "it is a common word"),
        ("abcd", ""),
        ("", ""),
    ];
    for (value, reason) in reasons {
        for case in ["step", "masked step"] {
            let variables = [("GUARDED_TOKEN", value), ("SECRETS_GUARD", "warn")];
            let said = child(case, &variables);
            assert!(said.contains("\npassed"), "{said}");
            let warnings: Vec<_> = said
                .lines()
                .filter(|line| line.starts_with("secrets: warning: the value"))
                .collect();
            let wanted = format!(
                "secrets: warning: the value of GUARDED_TOKEN/GUARDED_TOKEN is neither masked nor looked for by the guard: {reason}"
            );
            let wanted: &[&str] = if reason.is_empty() { &[] } else { &[&wanted] };
            assert_eq!(warnings, wanted, "{value}: {said}");
        }
    }
}

#[test]
fn a_chain_that_is_too_long_is_reported_with_warn() {
    let said = child("chain", &[]);
    assert!(said.contains("\npassed"), "{said}");
    let warning = said.lines().find(|line| line.starts_with("secrets: warning: ")).unwrap();
    assert!(warning.contains("`warned_chain`") && warning.contains("chain of sources"), "{said}");
}

#[test]
fn the_setting_is_read_from_the_environment_and_from_the_file() {
    let folder = env::temp_dir().join(format!("secrets-guard-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("secrets.toml");
    std::fs::write(&file, "guard = \"deny\"\n").unwrap();
    let file = file.to_str().unwrap();
    let token = ("GUARDED_TOKEN", TOKEN);
    let run = |case, guard| child(case, &[token, ("SECRETS_GUARD", guard)]);
    for case in ["step", "test"] {
        let said = run(case, "deny");
        assert!(said.contains("\nLeaked: ") && !said.contains("SeNtInEl"), "{said}");
        for guard in ["", "off", "errors"] {
            let said = run(case, guard);
            assert!(said.contains("\npassed") && !said.contains("warning"), "{said}");
        }
        let said = run(case, "warn");
        assert!(said.contains("\npassed"), "{said}");
        let warning = said.lines().find(|line| line.starts_with("secrets: warning: ")).unwrap();
        let words = ["/", " is in what the step returned, at $ (as value)"];
        assert!(words.iter().all(|word| warning.contains(word)), "{said}");
        assert!(!said.contains("SeNtInEl"), "{said}");
    }
    let said = run("step", "denny");
    assert!(said.contains("\nInvalidConfig: ") && said.contains("did you mean deny?"), "{said}");
    let said = child("step", &[token, ("SECRETS_CONFIG", file)]);
    assert!(said.contains("\nLeaked: "), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}
