//! The conformance suite on the built-in backends. `inline` is left out: its values come with the request, in
//! `options.env_vars`, so there is nothing to find by an id.

use std::{fs, ops::ControlFlow, path::Path};

use secrets_runtime::{
    Backend, BoxFuture, Error, Payload, SecretValue, Store,
    backends::{Env, File, Local},
    conformance::{Subject, check_reading, check_writing},
};
use secrets_tests::child;

fn text(value: impl Into<SecretValue>) -> Payload {
    Payload::Text(value.into())
}

fn subject(present: &[(&str, Payload)], missing: &str) -> Subject {
    let present = present.iter().map(|(id, payload)| ((*id).to_owned(), payload.clone())).collect();
    Subject { present, missing: missing.to_owned() }
}

fn store(folder: &Path) -> Local {
    Local::new(folder.join("store"), folder.join("keys/key.jwk"))
}

#[tokio::test]
async fn the_local_store_keeps_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    // Before anything is there, not even the folder.
    check_reading(&store(folder.path()), &subject(&[], "missing")).await;
    check_writing(&store(folder.path())).await;
    // What is left of deleted secrets is in nobody's way.
    check_writing(&store(folder.path())).await;
}

#[tokio::test]
async fn a_value_that_one_local_store_wrote_is_read_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let present = [
        ("prod/db", Payload::Json(r#"{"user": "app", "password": "SeNtInEl-db"}"#.into())),
        ("Prod/DB", text("SeNtInEl-another-case")),
        ("a name with spaces, and a sign: \u{1f511}", text("SeNtInEl-odd-name")),
        ("..", text("SeNtInEl-dots")),
        ("no-value", text("")),
        ("bytes", Payload::Binary(b"SeNtInEl\xff\x00".to_vec().into())),
    ];
    let writer = store(folder.path());
    for (id, payload) in &present {
        writer.as_store().unwrap().put(id, payload.clone()).await.unwrap();
    }
    check_reading(&store(folder.path()), &subject(&present, "prod")).await;
}

#[tokio::test]
async fn mounted_files_keep_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("token", b"SeNtInEl-token\n");
    write("windows", b"SeNtInEl-windows\r\n");
    write("lines", b"SeNtInEl-lines\n\n");
    write("empty", b"");
    write("bytes", b"SeNtInEl\xff\n");
    write("long", "x".repeat(65_536).as_bytes());
    write("db/user", b"app\n");
    write("db/password", b"SeNtInEl-db\n");
    let present = [
        ("token", text("SeNtInEl-token")),
        ("windows", text("SeNtInEl-windows")),
        ("lines", text("SeNtInEl-lines\n\n")),
        ("empty", text("")),
        ("bytes", Payload::Binary(b"SeNtInEl\xff\n".to_vec().into())),
        ("long", text("x".repeat(65_536))),
        ("db/password", text("SeNtInEl-db")),
        ("db", Payload::Json(r#"{"user": "app", "password": "SeNtInEl-db"}"#.into())),
    ];
    for missing in ["missing", "db/missing", "missing/password", "token/below-a-file"] {
        check_reading(&File::new(folder.path()), &subject(&present, missing)).await;
    }
    check_reading(&File::new(folder.path().join("nowhere")), &subject(&[], "token")).await;
}

/// A volume as Kubernetes mounts it: each name is a link into the version that is current.
#[cfg(unix)]
#[tokio::test]
async fn a_volume_of_links_keeps_the_rules() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let volume = folder.path().join("db");
    fs::create_dir_all(volume.join("..2024")).unwrap();
    fs::write(volume.join("..2024/password"), "SeNtInEl-volume").unwrap();
    symlink("..2024", volume.join("..data")).unwrap();
    symlink("..data/password", volume.join("password")).unwrap();
    let present = [
        ("db", Payload::Json(r#"{"password": "SeNtInEl-volume"}"#.into())),
        ("db/password", text("SeNtInEl-volume")),
    ];
    check_reading(&File::new(folder.path()), &subject(&present, "db/user")).await;
    // The volume itself as the folder.
    let present = [("password", text("SeNtInEl-volume"))];
    check_reading(&File::new(volume), &subject(&present, "user")).await;
}

/// The variables of the process of the test below.
const MARK: &str = "CONFORMANCE_TOKEN";

fn variables() -> Vec<(&'static str, Payload)> {
    let mut all = vec![
        (MARK, text("SeNtInEl-token")),
        ("CONFORMANCE_EMPTY", text("")),
        ("conformance-lower.case", text("SeNtInEl-lower")),
        ("CONFORMANCE_LINES", text("SeNtInEl-a\nSeNtInEl-b\n")),
        ("CONFORMANCE_JSON", text(r#"{"password": "SeNtInEl-json"}"#)),
    ];
    // Elsewhere a variable is shorter, and is text.
    if cfg!(unix) {
        all.push(("CONFORMANCE_LONG", text("x".repeat(65_536))));
        all.push(("CONFORMANCE_BYTES", Payload::Binary(b"SeNtInEl\xff".to_vec().into())));
    }
    all
}

/// The process of the test below.
#[tokio::test]
async fn child_of_the_test_of_the_environment() {
    if std::env::var_os(MARK).is_none() {
        return;
    }
    for missing in ["CONFORMANCE_MISSING", "CONFORMANCE_TOKEN ", "CONFORMANCE=TOKEN", ""] {
        check_reading(&Env::new(), &subject(&variables(), missing)).await;
    }
    // Windows does not tell them apart.
    if cfg!(unix) {
        check_reading(&Env::new(), &subject(&variables(), "conformance_token")).await;
    }
    println!("the environment keeps the rules");
}

#[test]
fn the_environment_keeps_the_rules() {
    let mut command = child::of_test(module_path!(), "child_of_the_test_of_the_environment");
    for (name, payload) in variables() {
        command.env(name, os_string(payload.value()));
    }
    let output = command.output().unwrap();
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && out.contains("the environment keeps the rules"),
        "{out}{error}"
    );
}

#[cfg(unix)]
fn os_string(value: &SecretValue) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(value.expose_bytes().to_vec())
}

#[cfg(not(unix))]
fn os_string(value: &SecretValue) -> std::ffi::OsString {
    value.expose_str().unwrap().into()
}

/// The suite itself, on two backends that cannot be written.
#[tokio::test]
async fn a_backend_that_cannot_be_written_breaks_the_rules_of_writing() {
    let backends: [Box<dyn Backend>; 2] = [Box::new(File::new("nowhere")), Box::new(Env::new())];
    for backend in backends {
        let check = tokio::spawn(async move { check_writing(&*backend).await });
        let panic = check.await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("breaks 1 rules") && message.contains("as_store"), "{message}");
    }
}

/// A store that can only list all its names at once.
struct Listed;

impl Store for Listed {
    fn put<'a>(&'a self, _: &'a str, _: Payload) -> BoxFuture<'a, Result<String, Error>> {
        unreachable!()
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        unreachable!()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(["a", "b", "c"].map(String::from).into()) })
    }

    fn versions<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        unreachable!()
    }
}

#[tokio::test]
async fn a_list_is_given_one_by_one_until_it_is_enough() {
    for (enough, wanted) in [("b", &["a", "b"][..]), ("", &["a", "b", "c"])] {
        let mut given = Vec::new();
        let mut each = |id: String| {
            let is_enough = id == enough;
            given.push(id);
            if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        Listed.list_each(&mut each).await.unwrap();
        assert_eq!(given, wanted);
    }
}
