//! `export = "process"`: which variables the environment has, and when.

use std::{
    any::type_name,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use secrets_runtime::{
    __private::{Step, adapter, call, run, run_with},
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver, current_context,
    secrets, task,
    testing::with_secrets,
};

use crate::{
    child::cases,
    exporting_steps::{GIVEN, assert_set, assert_unset, exporting, overriding, refused, var},
};

pub const CASES: &[(&str, fn())] = cases![
    variables_are_there_in_the_body_only,
    a_panic_takes_them_away,
    nested_steps_restore_in_turn,
    a_variable_that_is_already_set_is_a_collision,
    two_sources_collide,
    allow_override_restores_the_old_values,
    nothing_is_set_unless_everything_can_be,
    guarded_names_are_refused,
    a_request_for_a_file_exports_its_path,
    asynchronous_steps_are_refused,
    the_second_run_has_fresh_variables,
];

fn variables_are_there_in_the_body_only() {
    with_secrets(GIVEN, || {
        exporting(|| {
            assert_set();
            let script = "test \"$DB_PASSWORD\" = SeNtInEl-password";
            assert!(Command::new("sh").args(["-c", script]).status().unwrap().success());
            assert!(current_context().secrets.get("db", "db-user").is_ok());
        })
    })
    .unwrap();
    assert_unset();
}

fn a_panic_takes_them_away() {
    let panics = || {
        exporting(|| {
            assert_set();
            std::panic::resume_unwind(Box::new("on purpose"));
        })
    };
    catch_unwind(AssertUnwindSafe(|| with_secrets(GIVEN, panics))).unwrap_err();
    assert_unset();
}

fn nested_steps_restore_in_turn() {
    let inner = [("db", "DB_PASSWORD", "SeNtInEl-inner"), ("db", "ONLY_INNER", "SeNtInEl-2")];
    with_secrets(GIVEN, || {
        exporting(|| {
            with_secrets(inner, || {
                assert_eq!(exporting(|| ()).unwrap_err().kind(), ErrorKind::Collision);
                assert_set();
                overriding(|| {
                    assert_eq!(var("DB_PASSWORD").as_deref(), Some("SeNtInEl-inner"));
                    assert_eq!(var("ONLY_INNER").as_deref(), Some("SeNtInEl-2"));
                    assert_eq!(var("db_user").as_deref(), Some("SeNtInEl-user"));
                })
            })
            .unwrap();
            assert_set();
            assert_eq!(var("ONLY_INNER"), None);
        })
    })
    .unwrap();
    assert_unset();
}

fn a_variable_that_is_already_set_is_a_collision() {
    // `HOME` is set everywhere.
    let given = [("db", "HOME", "SeNtInEl"), ("db", "FREE", "SeNtInEl")];
    let home = var("HOME").unwrap();
    assert_eq!(refused(&given, exporting), [ErrorKind::Collision]);
    let error = with_secrets(given, || exporting(|| ())).unwrap_err();
    assert!(error.to_string().contains("HOME") && error.to_string().contains("db"), "{error}");
    assert_eq!((var("FREE"), var("HOME")), (None, Some(home)));
}

#[secrets(sources = ["a", "b"], export = "process", allow_override = true)]
fn of_two(body: impl FnOnce()) -> Result<(), Error> {
    body();
    Ok(())
}

fn two_sources_collide() {
    let given = [("a", "SAME", "SeNtInEl"), ("b", "SAME", "SeNtInEl"), ("b", "FREE", "SeNtInEl")];
    assert_eq!(refused(&given, of_two), [ErrorKind::Collision]);
    assert_eq!((var("FREE"), var("SAME")), (None, None));
}

fn allow_override_restores_the_old_values() {
    let home = var("HOME").unwrap();
    let given = [("db", "HOME", "SeNtInEl"), ("db", "LD_SENTINEL", "SeNtInEl-2")];
    with_secrets(given, || {
        overriding(|| {
            assert_eq!(var("HOME").as_deref(), Some("SeNtInEl"));
            assert_eq!(var("LD_SENTINEL").as_deref(), Some("SeNtInEl-2"));
        })
    })
    .unwrap();
    assert_eq!((var("HOME"), var("LD_SENTINEL")), (Some(home), None));
}

fn nothing_is_set_unless_everything_can_be() {
    let given = [
        ("db", "A_GOOD", "SeNtInEl"),
        ("db", "M_NUL", "SeNtInEl\0x"),
        ("db", "9digit", "SeNtInEl"),
        ("db", "Z_GOOD", "SeNtInEl"),
    ];
    let kinds = [ErrorKind::InvalidValue, ErrorKind::InvalidName];
    assert_eq!(refused(&given, overriding), kinds);
    assert_eq!((var("A_GOOD"), var("M_NUL"), var("Z_GOOD")), (None, None, None));
}

fn guarded_names_are_refused() {
    let given = [
        ("db", "LD_PRELOAD", "SeNtInEl"),
        ("db", "DYLD_X", "SeNtInEl"),
        ("db", "METAFLOW_X", "SeNtInEl"),
        ("db", "SECRETS_X", "SeNtInEl"),
    ];
    assert_eq!(refused(&given, exporting), [ErrorKind::InvalidName; 4]);
    assert_eq!(refused(&given, overriding), [ErrorKind::InvalidName; 2]);
    assert!(given.iter().all(|(_, name, _)| var(name).is_none()));
}

#[task(secret_requests = [Secret(group = "db", key = "key", mount_requirement = FILE, env_var = "KEY_FILE")],
    export = "process")]
fn with_file(path: &mut String) -> Result<(), Error> {
    *path = std::env::var("KEY_FILE").unwrap_or_default();
    let child = Command::new("cat").arg(&*path).output().map(|output| output.stdout);
    assert_eq!(child.unwrap(), b"SeNtInEl");
    assert_eq!(current_context().secrets.file("db", "key")?.to_str(), Some(path.as_str()));
    Ok(())
}

fn a_request_for_a_file_exports_its_path() {
    let mut path = String::new();
    with_secrets([("db", "key", "SeNtInEl")], || with_file(&mut path)).unwrap();
    assert_eq!(var("KEY_FILE"), None);
    assert!(path.starts_with('/') && !std::fs::exists(path).unwrap());
}

static ASYNC: Step = Step::new(
    concat!(
        "\u{2}secrets-step-1:",
        r#"{"step":"async_step","sources":["db"],"export":"process"}"#,
        "\u{3}"
    ),
    type_name::<Step>,
);

fn asynchronous_steps_are_refused() {
    static RAN: OnceLock<()> = OnceLock::new();
    let body = async {
        RAN.get_or_init(|| ());
        Ok(())
    };
    let mut task = Context::from_waker(Waker::noop());
    with_secrets(GIVEN, || {
        let mut first = pin!(run(&ASYNC, adapter!(Err::<(), Error>, off), body));
        let mut second = pin!(run_with(
            &ASYNC,
            adapter!(Err::<(), Error>, off),
            |_| Some(()),
            |()| async {
                RAN.get_or_init(|| ());
                Ok(())
            }
        ));
        for outcome in [first.as_mut().poll(&mut task), second.as_mut().poll(&mut task)] {
            let Poll::Ready(Err(error)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            assert!(error.to_string().contains("apply_to"), "{error}");
        }
        // A synchronous step works with the same descriptor.
        call(&ASYNC, adapter!(Err::<(), Error>, off), || {
            assert_set();
            Ok(())
        })
        .unwrap();
    });
    assert_unset();
    assert!(RAN.get().is_none());
}

/// A counter, as the value of every secret.
#[derive(Debug)]
struct Counter;

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the counter")
    }
}

impl Backend for Counter {
    fn kind(&self) -> &str {
        "counter"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        assert_eq!(var("COUNTED"), None, "the environment is as before between two runs");
        let value = format!("SeNtInEl-{}", COUNT.load(Ordering::Relaxed));
        Box::pin(async move { requests.iter().map(|_| Ok(Fetched::text(value.clone()))).collect() })
    }
}

/// Fails until it is run for the second time.
#[secrets(
    sources = [{ id = "a", options = { env_var_name = "COUNTED" } }],
    export = "process",
    refresh_on = is_throttled
)]
fn counting(seen: &Mutex<Vec<String>>) -> Result<(), Error> {
    seen.lock().unwrap().extend(var("COUNTED"));
    match COUNT.fetch_add(1, Ordering::Relaxed) {
        0 => Err(Error::new(ErrorKind::Throttled, "the body fails")),
        _ => Ok(()),
    }
}

fn is_throttled(error: &Error) -> bool {
    error.kind() == ErrorKind::Throttled
}

fn the_second_run_has_fresh_variables() {
    let resolver = Resolver::builder().backend(Counter).default_backend("counter").build();
    resolver.and_then(Resolver::install).unwrap();
    let seen = Mutex::default();
    counting(&seen).unwrap();
    assert_eq!(seen.into_inner().unwrap(), ["SeNtInEl-0", "SeNtInEl-1"]);
    assert_eq!(var("COUNTED"), None);
}
