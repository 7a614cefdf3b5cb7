//! A backend with a table of secrets, and with secrets that are made from their id.

use std::fmt;

use secrets_runtime::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver, SecretValue,
};

/// `made/NAME` exists for every name, with the fields `name` and `value`, the latter `SeNtInEl-NAME`. So does
/// `rotating/NAME`, which changes. The others are in a list.
#[derive(Debug, Clone, Copy)]
pub struct Table;

const JSON: &[(&str, &str)] = &[
    (
        "db",
        r#"{"user": "app", "password": "SeNtInEl-db", "port": 5432, "ratio": 1.50, "on": true, "none": null}"#,
    ),
    ("api", r#"{"token": "SeNtInEl-api"}"#),
    ("bad-json", r#"{"password": "SeNtInEl-bad"#),
    ("list", r#"["SeNtInEl-list"]"#),
    ("twice", r#"{"a": "SeNtInEl-1", "a": "SeNtInEl-2"}"#),
    ("surrogate", r#"{"a": "SeNtInEl-\ud800"}"#),
    ("nan", r#"{"a": NaN, "b": "SeNtInEl-nan"}"#),
    ("trailing", r#"{"a": "SeNtInEl-trailing"} x"#),
    ("bom", "\u{feff}{\"a\": \"SeNtInEl-bom\"}"),
    ("same-variable", r#"{"a-b": "SeNtInEl-1", "a.b": "SeNtInEl-2"}"#),
    (
        "odd-names",
        r#"{"hello world": "SeNtInEl-1", "9lives": "SeNtInEl-2", "METAFLOW_X": "SeNtInEl-3", "": "SeNtInEl-4"}"#,
    ),
    ("linker", r#"{"LD_PRELOAD": "SeNtInEl-ld"}"#),
    ("nul", r#"{"A_NUL": "SeNtInEl-\u0000-nul"}"#),
    ("path", r#"{"PATH": "SeNtInEl-path"}"#),
];

impl Table {
    fn answer(request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let id = request.id();
        if let Some(name) = id.strip_prefix("made/") {
            let value = SecretValue::from(format!("SeNtInEl-{name}"));
            let fields =
                [("name".to_owned(), SecretValue::from(name)), ("value".to_owned(), value)];
            return Ok(Fetched::fields(fields));
        }
        if id.starts_with("rotating/") {
            return crate::password_server::answer(id);
        }
        if let Some((_, text)) = JSON.iter().find(|(known, _)| *known == id) {
            return Ok(Fetched::json(*text).with_name(id));
        }
        match (id, request.key()) {
            ("plain", _) => Ok(Fetched::text("SeNtInEl-plain").with_name("plain-name")),
            ("binary", _) => Ok(Fetched::binary(b"SeNtInEl\xff\x00".to_vec()).with_name(id)),
            ("", Some("token")) => Ok(Fetched::text("SeNtInEl-token")),
            ("long", _) => Ok(Fetched::text("x".repeat(65_536))),
            ("too-long", _) => Ok(Fetched::text("x".repeat(65_537))),
            ("denied", _) => {
                Err(Error::new(ErrorKind::AccessDenied, "the table does not permit it"))
            }
            _ => Err(Error::new(ErrorKind::NotFound, "the table has no such secret")
                .with_help("add it to the table")),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table of the tests")
    }
}

impl Backend for Table {
    fn kind(&self) -> &str {
        "table"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move { requests.iter().map(Self::answer).collect() })
    }
}

/// Lets the steps of this process read from the table.
pub fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let resolver = Resolver::builder().backend(Table).default_backend("table").build();
        resolver.and_then(Resolver::install).expect("no other resolver is installed");
    });
}

/// Checks that a text has no value of a secret.
///
/// # Panics
///
/// If it has one.
pub fn assert_no_value(text: &str) {
    assert!(!text.contains("SeNtInEl"), "a value is shown in: {}", text.replace("SeNtInEl", "***"));
}
