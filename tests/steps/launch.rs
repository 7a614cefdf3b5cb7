//! Sources that are attached at launch: in processes of their own, since settings are read once.

use std::{fmt::Debug, process::Output};

use secrets_runtime::{Error, current_context, secrets};
use secrets_tests::child;
use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};

/// Writes events to standard error. With the feature `tracing`, which another package of a build may switch on, the
/// runtime's warnings are events and not lines.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line;

impl Visit for Line {
    #[allow(clippy::print_stderr, reason = "the parent reads it")]
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        eprintln!("{value:?}");
    }
}

#[secrets]
fn bare() -> Result<String, Error> {
    Ok(current_context().secrets.var("GIVEN")?.expose_str()?.to_owned())
}

#[secrets(sources = ["env.PATH"])]
fn with_its_own() -> Result<(), Error> {
    assert!(current_context().secrets.var("GIVEN").is_err());
    current_context().secrets.get("PATH", "PATH").map(drop)
}

#[test]
fn child_of_the_tests_of_launch() {
    if std::env::var_os("SECRETS_WITH").is_none() {
        return;
    }
    tracing::subscriber::set_global_default(Lines).unwrap();
    match bare() {
        Ok(given) => println!("a bare step got a text of {} bytes", given.len()),
        Err(error) => return println!("{error}"),
    }
    with_its_own().unwrap();
    with_its_own().unwrap();
}

fn launch(with: &str) -> (String, String) {
    let output: Output = child::of_test(module_path!(), "child_of_the_tests_of_launch")
        .env("SECRETS_WITH", with)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_bare_step_gets_them_and_one_with_its_own_is_named_once() {
    let given = r#"{"id": "1", "type": "inline", "options": {"env_vars": {"GIVEN": "SeNtInEl"}}}"#;
    let (out, err) = launch(&format!("secrets:sources=[{given}]"));
    assert!(out.contains("a bare step got a text of 8 bytes"), "{out} {err}");
    assert_eq!(err.matches("the step `with_its_own` has sources of its own").count(), 1, "{err}");
    assert!(!format!("{out}{err}").contains("SeNtInEl"), "a value is shown");
}

#[test]
fn a_mistake_in_it_stops_every_step() {
    let (out, _) = launch("secrets:sources=['db']");
    assert!(out.contains("SECRETS_WITH: single quotes") && out.contains("write \"db\""), "{out}");
}
