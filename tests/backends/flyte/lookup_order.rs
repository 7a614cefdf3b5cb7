//! The places where a request is looked up, their order, and what is refused.

use std::os::unix::fs::symlink;

use secrets_runtime::{
    ErrorKind, FetchRequest, Options, Payload, SecretValue, backends::Flyte, conformance,
};
use serde_json::{Value, json};

use super::container::{Container, kind};
use secrets_tests::table::assert_no_value;

fn db() -> Value {
    json!({ "group": "Db", "key": "Password", "env_var": "PASSWORD" })
}

fn version(id: &str) -> Options {
    let mut options = Options::default();
    options.version_id = Some(id.to_owned());
    options
}

/// Every place, from the last to the first: each takes precedence over those before it.
#[test]
fn places_are_tried_in_order() {
    let mut container = Container::mounted().variable("DB_PASSWORD", "SeNtInEl-bare");
    let answer = container.request(&db());
    assert_eq!(kind(&answer), Some("NotFound"));
    let (_, text) = answer.unwrap_err();
    let folder = container.folder().to_str().unwrap().to_owned();
    let places = format!(
        "the variable _FSEC_DB_PASSWORD, the file {folder}/db/password, the file {folder}/Db/Password, \
         the variable _UNION_DB_PASSWORD, the variable PASSWORD"
    );
    assert!(text.contains(&places) && text.contains("FLYTE_SECRETS_DEFAULT_DIR"), "{text}");
    assert_no_value(&text);

    container = container.variable("PASSWORD", "5");
    assert!(container.request(&db()).is_ok_and(|value| value == b"5"));
    container = container.variable("_UNION_DB_PASSWORD", "4");
    assert!(container.request(&db()).is_ok_and(|value| value == b"4"));
    container = container.file("Db/Password", "3");
    assert!(container.request(&db()).is_ok_and(|value| value == b"3"));
    container = container.file("db/password", "2");
    assert!(container.request(&db()).is_ok_and(|value| value == b"2"));
    container = container.variable("_FSEC_DB_PASSWORD", "1");
    assert!(container.request(&db()).is_ok_and(|value| value == b"1"));
}

#[test]
fn the_three_settings_hold_for_all_names() {
    let container = Container::new()
        .file("elsewhere/db/pre-password", "SeNtInEl-file")
        .file("elsewhere/db/password", "SeNtInEl-without")
        .variable("_FSEC_DB_USER", "SeNtInEl-other-prefix")
        .variable("_OURS_DB_USER", "SeNtInEl-variable")
        .variable("FLYTE_SECRETS_DEFAULT_DIR", "elsewhere")
        .variable("FLYTE_SECRETS_FILE_PREFIX", " pre- ")
        .variable("FLYTE_SECRETS_ENV_PREFIX", "_OURS_");
    assert!(container.request(&db()).is_ok_and(|value| value == b"SeNtInEl-file"));
    let user = json!({ "group": "db", "key": "user" });
    assert!(container.request(&user).is_ok_and(|value| value == b"SeNtInEl-variable"));
    // A set has the prefix before the names of its files.
    let set = json!("flyte.db");
    assert!(container.source(&set, "db", "password").is_ok_and(|v| v == b"SeNtInEl-file"));
    let (_, text) = container.source(&set, "db", "other").unwrap_err();
    assert!(text.ends_with("its fields are `password`"), "{text}");
}

/// F4 and F11.
#[test]
fn one_line_loses_its_end_and_several_lines_and_bytes_lose_nothing() {
    let cases: [(&[u8], &[u8]); 8] = [
        (b"SeNtInEl\n", b"SeNtInEl"),
        (b"SeNtInEl\r\n", b"SeNtInEl"),
        (b"SeNtInEl\n\n", b"SeNtInEl\n\n"),
        (b"a\nSeNtInEl\n", b"a\nSeNtInEl\n"),
        (b"a\r\nSeNtInEl\r\n", b"a\r\nSeNtInEl\r\n"),
        (b" SeNtInEl\t", b" SeNtInEl\t"),
        (b"a\r\nSeNtInEl\r", b"a\r\nSeNtInEl\r"),
        (b"SeNtInEl\xff\n", b"SeNtInEl\xff\n"),
    ];
    for (content, value) in cases {
        use std::os::unix::ffi::OsStrExt;
        let mounted = std::ffi::OsStr::from_bytes(content);
        let containers = [
            Container::mounted().file("k", content),
            Container::mounted().variable("_FSEC_K", mounted),
        ];
        for container in containers {
            let answer = container.request(&json!({ "key": "k" }));
            assert!(answer.is_ok_and(|found| found == value), "{}", content.escape_ascii());
        }
    }
}

/// F3: what a link outside leads to is not read, nor is anything but a file.
#[test]
fn nothing_leads_out() {
    let container = Container::new()
        .file("outside", "SeNtInEl-outside")
        .file("in/db/password", "SeNtInEl-inside")
        .variable("FLYTE_SECRETS_DEFAULT_DIR", "in");
    symlink("../../outside", container.path("in/db/link")).unwrap();
    symlink("..", container.path("in/up")).unwrap();
    symlink("db/password", container.path("in/inside")).unwrap();
    let asked = |group: &str, key: &str| {
        let answer = container.request(&json!({ "group": group, "key": key }));
        if let Err((_, text)) = &answer {
            assert_no_value(text);
        }
        kind(&answer).unwrap_or("a value").to_owned()
    };
    assert_eq!(asked("db", "link"), "InvalidName");
    assert_eq!(asked("up", "outside"), "InvalidName");
    assert_eq!(asked("..", "outside"), "InvalidName");
    assert_eq!(asked("/etc", "passwd"), "InvalidName");
    assert_eq!(asked("db", "../../outside"), "InvalidSource");
    assert_eq!(asked("", "inside"), "a value");
    assert_eq!(asked("db/password", "below"), "NotFound");
    // Longer than a file's name can be: no such file, and the next of a chain is asked.
    assert_eq!(asked("db", &"k".repeat(300)), "NotFound");
}

/// The system's own lookup would take `_FSEC_A` with the value `B=..` for it.
#[test]
fn a_name_with_an_equals_sign_is_not_a_variable() {
    let container = Container::mounted().variable("_FSEC_A", "B=SeNtInEl");
    let answer = container.request(&json!({ "key": "a=b" }));
    assert_eq!(kind(&answer), Some("NotFound"));
}

#[test]
fn only_files_are_opened() {
    let container = Container::mounted();
    let made = std::process::Command::new("mkfifo").arg(container.path("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("`mkfifo` is missing: a pipe is not tried");
        return;
    }
    assert_eq!(kind(&container.request(&json!({ "key": "pipe" }))), Some("Unavailable"));
}

/// A variable that is already set may be exported under its own name.
#[test]
fn a_platforms_own_variable_is_not_a_collision() {
    let requests = |request: Value| json!({ "requests": [request], "variable": "PASSWORD" });
    let request = json!({ "group": "db", "key": "password", "env_var": "PASSWORD" });
    let container = Container::mounted().variable("PASSWORD", "SeNtInEl\n");
    assert!(container.ask(&requests(request.clone())).is_ok_and(|value| value == b"SeNtInEl"));
    // Another value is one.
    let container = container.file("db/password", "SeNtInEl-file");
    assert_eq!(kind(&container.ask(&requests(request))), Some("Collision"));

    let request = json!({ "group": "db", "key": "password", "mount_requirement": "ENV_VAR" });
    let asked = json!({ "requests": [request], "variable": "_FSEC_DB_PASSWORD" });
    let container = Container::mounted().variable("_FSEC_DB_PASSWORD", "SeNtInEl");
    assert!(container.ask(&asked).is_ok_and(|value| value == b"SeNtInEl"));
}

#[tokio::test]
async fn it_passes_the_suite_of_backends() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("text", b"SeNtInEl-text\n");
    write("bytes", b"SeNtInEl-\xff\x00");
    write("set/user", b"SeNtInEl-user");
    let set = Payload::Json(SecretValue::from(r#"{"user": "SeNtInEl-user"}"#));
    let subject = conformance::Subject {
        present: vec![
            ("text".to_owned(), Payload::Text(SecretValue::from("SeNtInEl-text"))),
            ("bytes".to_owned(), Payload::Binary(SecretValue::from(b"SeNtInEl-\xff\x00".to_vec()))),
            ("set".to_owned(), set),
        ],
        missing: "missing".to_owned(),
    };
    conformance::check_reading(&Flyte::new(folder.path()), &subject).await;
}

/// A direct request to the backend has not passed the grammar.
#[tokio::test]
async fn a_backend_checks_names_itself() {
    use secrets_runtime::Backend;
    let folder = tempfile::tempdir().unwrap();
    let flyte = Flyte::new(folder.path().join("in"));
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("outside"), "SeNtInEl").unwrap();
    let options = Options::default();
    let leading_out = version("../..");
    let request = |id| FetchRequest::new(id, &options);
    let requests = [
        request("../outside"),
        request("a\0b"),
        request("..").with_key("outside"),
        request("a").with_key("../../outside"),
        request("").with_key(""),
        request("a").with_key("b").with_group_version(Some("../..")),
        FetchRequest::new("a", &leading_out),
    ];
    let answers = flyte.fetch(&requests).await.into_iter();
    let kinds: Vec<_> = answers.map(|answer| answer.unwrap_err().kind()).collect();
    use ErrorKind::{InvalidName as Name, InvalidSource as Source};
    assert_eq!(kinds, [Name, Source, Name, Source, Source, Source, Source]);
    assert!(flyte.exists(&requests).await.iter().all(Result::is_err));
}

/// Two names of one secret are two requests where each has a variable of its own.
#[test]
fn a_variable_belongs_to_its_request() {
    let container = Container::mounted()
        .file("secrets.toml", "[sources.a]\nid = \"shared\"\n\n[sources.b]\nid = \"shared\"\n")
        .variable("B_K", "SeNtInEl-b");
    let request =
        |group: &str, env_var: &str| json!({ "group": group, "key": "k", "env_var": env_var });
    let b = request("b", "B_K");
    assert!(container.request(&b).is_ok_and(|value| value == b"SeNtInEl-b"));
    let both = json!({ "requests": [b, request("a", "A_K")], "get": b });
    let (kind, text) = container.ask(&both).unwrap_err();
    assert_eq!(kind, "NotFound");
    assert!(
        text.contains("a/k") && text.contains("_FSEC_SHARED_K") && !text.contains("b/k"),
        "{text}"
    );
}

/// A request's own version has precedence over that of a setting.
#[tokio::test]
async fn a_version_is_a_part_of_the_name() {
    use secrets_runtime::Backend;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("a/v2")).unwrap();
    std::fs::write(folder.path().join("a/v2/k"), "SeNtInEl").unwrap();
    let flyte = Flyte::new(folder.path());
    let set = version("v1");
    let request = FetchRequest::new("a", &set).with_key("k");
    let requests = [request, request.with_group_version(Some("v2"))];
    let exists: Vec<_> = flyte.exists(&requests).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(exists, [false, true]);
}
