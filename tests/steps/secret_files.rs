//! The files of `secrets.file`: private, and deleted when the step ends, however it ends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "also steps of a test may unwrap")]

use std::{
    cell::RefCell,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    pin::pin,
    process::Command,
    task::{Context, Poll, Waker},
};

use secrets_runtime::{
    Error, ErrorKind, SecretValue, current_context, get_secret_blocking, secrets, task,
    testing::{with_secrets, with_secrets_async},
};

const GIVEN: [(&str, &str, &str); 2] =
    [("tls", "key.pem", "SeNtInEl-key\n"), ("tls", "cert.pem", "SeNtInEl-cert")];

fn file(key: &str) -> PathBuf {
    current_context().secrets.file("tls", key).unwrap_or_else(|error| panic!("{error}"))
}

#[secrets(sources = ["tls"])]
fn sync_step<R>(body: impl FnOnce() -> R) -> Result<R, Error> {
    Ok(body())
}

#[secrets(sources = ["tls"])]
async fn async_step(
    paths: &RefCell<Vec<PathBuf>>,
    then: impl Future<Output = ()>,
) -> Result<(), Error> {
    paths.borrow_mut().push(file("key.pem"));
    then.await;
    Ok(())
}

#[secrets]
async fn with_parameter(
    paths: &RefCell<Vec<PathBuf>>,
    then: impl Future<Output = ()>,
    #[secret("tls", key = "key.pem")] _key: SecretValue,
) -> Result<(), Error> {
    paths.borrow_mut().push(file("key.pem"));
    then.await;
    Ok(())
}

#[test]
fn the_file_is_private_in_memory_and_holds_the_bytes() {
    with_secrets(GIVEN, || {
        sync_step(|| {
            let path = file("key.pem");
            assert_eq!(fs::read(&path).unwrap(), b"SeNtInEl-key\n");
            let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode(path.as_path()), 0o600);
            let folder = path.parent().unwrap();
            assert_eq!(mode(folder), 0o700);
            assert_eq!(fs::metadata(folder).unwrap().uid(), rustix::process::geteuid().as_raw());
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.len() == 32 && !name.contains("key"), "{name}");
            #[cfg(target_os = "linux")]
            assert_eq!(rustix::fs::statfs(&path).unwrap().f_type as i128, 0x0102_1994);
            let child = Command::new("cat").arg(&path).output().unwrap();
            assert_eq!(child.stdout, b"SeNtInEl-key\n");
        })
    })
    .unwrap();
}

#[test]
fn binary_values_are_written_as_they_are() {
    with_secrets([("tls", "der", vec![0xff, 0, 0xfe])], || {
        assert_eq!(fs::read(file("der")).unwrap(), [0xff, 0, 0xfe]);
    });
}

#[test]
fn the_same_field_has_one_path_and_others_have_others() {
    with_secrets(GIVEN, || {
        sync_step(|| {
            let context = current_context();
            let path = file("key.pem");
            let elsewhere = std::thread::spawn(move || context.secrets.file("tls", "key.pem"));
            assert_eq!(elsewhere.join().unwrap().unwrap(), path);
            assert_eq!(file("key.pem"), path);
            assert_ne!(file("cert.pem"), path);
            assert_eq!(fs::read(file("cert.pem")).unwrap(), b"SeNtInEl-cert");
        })
    })
    .unwrap();
}

#[test]
fn two_steps_have_files_of_their_own() {
    with_secrets(GIVEN, || {
        let outer = file("key.pem");
        let inner = sync_step(|| file("key.pem")).unwrap();
        assert_ne!(outer, inner);
        assert!(outer.exists() && !inner.exists());
    });
}

#[test]
fn it_ends_when_the_step_returns_even_if_the_context_is_held() {
    with_secrets(GIVEN, || {
        let (context, path) = sync_step(|| (current_context(), file("key.pem"))).unwrap();
        assert!(!path.exists());
        assert!(context.secrets.get("tls", "key.pem").is_ok());
        let error = context.secrets.file("tls", "cert.pem").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoContext);
        assert_eq!(error.problems()[0].origin(), "tls/cert.pem");
    });
}

#[test]
fn it_ends_when_the_step_panics() {
    let mut path = None;
    let panics = || {
        let body = || {
            path = Some(file("key.pem"));
            std::panic::resume_unwind(Box::new("on purpose"));
        };
        sync_step(body)
    };
    catch_unwind(AssertUnwindSafe(|| with_secrets(GIVEN, panics))).unwrap_err();
    assert!(!path.unwrap().exists());
}

/// A poll, or a panic in it.
type Outcome = std::thread::Result<Poll<Result<(), Error>>>;

/// Polls a step once, and looks whether its file is there afterwards; then drops it, and looks again.
fn there_after_poll_and_drop(
    step: impl Future<Output = Result<(), Error>>,
    paths: &RefCell<Vec<PathBuf>>,
    expected: fn(Outcome) -> bool,
) -> (bool, bool) {
    let there = || paths.borrow().iter().all(|path| path.exists()) && !paths.borrow().is_empty();
    let after_poll = {
        let mut step = pin!(with_secrets_async(GIVEN, step));
        let poll = || step.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(expected(catch_unwind(AssertUnwindSafe(poll))));
        there()
    };
    (after_poll, there())
}

macro_rules! both_kinds {
    ($($name:ident, $then:expr, $outcome:expr, $expected:expr;)*) => { $(
        #[test]
        fn $name() {
            let paths = RefCell::default();
            let seen = there_after_poll_and_drop(async_step(&paths, $then), &paths, $outcome);
            assert_eq!(seen, $expected);
            let paths = RefCell::default();
            let seen = there_after_poll_and_drop(with_parameter(&paths, $then), &paths, $outcome);
            assert_eq!(seen, $expected);
            assert_eq!(paths.borrow().len(), 1);
        }
    )* };
}

both_kinds! {
    it_ends_when_an_asynchronous_step_returns,
        async {}, |outcome| matches!(outcome, Ok(Poll::Ready(Ok(())))), (false, false);
    it_ends_when_an_asynchronous_step_panics,
        async { std::panic::resume_unwind(Box::new("on purpose")) }, |outcome| outcome.is_err(), (false, false);
    it_ends_when_an_asynchronous_step_is_dropped_half_way,
        std::future::pending(), |outcome| matches!(outcome, Ok(Poll::Pending)), (true, false);
}

#[test]
fn outside_a_step_it_ends_with_the_last_holder() {
    with_secrets(GIVEN, || {
        let secrets = get_secret_blocking("tls").unwrap();
        let path = secrets.file("tls", "key.pem").unwrap();
        let clone = secrets.clone();
        drop(secrets);
        assert!(path.exists());
        drop(clone);
        assert!(!path.exists());
    });
}

#[test]
fn what_was_not_declared_has_no_file() {
    with_secrets(GIVEN, || {
        let of = |group, key| current_context().secrets.file(group, key).unwrap_err().kind();
        assert_eq!(of("tls", "none"), ErrorKind::KeyNotFound);
        assert_eq!(of("other", "key"), ErrorKind::NotRequested);
    });
}

#[task(secret_requests = [
    Secret(group = "tls", key = "key.pem", mount_requirement = FILE, env_var = "KEY_FILE"),
    Secret(group = "tls", key = "cert.pem", env_var = "CERT"),
    Secret(group = "tls", key = "ca.pem", mount_requirement = FILE),
])]
fn requesting() -> Result<PathBuf, Error> {
    let secrets = current_context().secrets;
    let path = PathBuf::from(secrets.var("KEY_FILE")?.expose_str()?);
    assert_eq!(fs::read(&path).unwrap(), b"SeNtInEl-key\n");
    assert_eq!(secrets.file("tls", "key.pem")?, path);
    assert_eq!(secrets.var("CERT")?.expose_str()?, "SeNtInEl-cert");
    let names: Vec<_> = secrets.vars().map(|(name, _)| name).collect();
    assert_eq!(names, ["CERT", "KEY_FILE"]);
    let values = secrets.exports(|_| None)?;
    let values: Vec<_> = values.iter().map(|(_, value)| value.expose_str().unwrap()).collect();
    assert_eq!(values, ["SeNtInEl-cert", "SeNtInEl-key\n"], "no path in what outlives the step");
    // A request may be read any way, whatever it says.
    assert_eq!(fs::read(secrets.file("tls", "ca.pem")?).unwrap(), b"SeNtInEl-ca");
    let mut command = Command::new("sh");
    command.args(["-c", "cat \"$KEY_FILE\"; printf %s \"$CERT\""]);
    secrets.apply_to(&mut command)?;
    assert_eq!(command.output().unwrap().stdout, b"SeNtInEl-key\nSeNtInEl-cert");
    Ok(path)
}

#[test]
fn a_requested_file_has_its_path_in_its_variable() {
    let given = [GIVEN[0], GIVEN[1], ("tls", "ca.pem", "SeNtInEl-ca")];
    let path = with_secrets(given, requesting).unwrap();
    assert!(!path.exists());
}
