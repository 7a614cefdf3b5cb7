use std::collections::HashMap;

use secrets_runtime::{Error, ErrorKind, SecretValue, current_context, secrets, task, testing};
use secrets_tests::table::{assert_no_value, install};

#[derive(serde::Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
    port: u16,
    ratio: f32,
    on: bool,
    none: Option<String>,
}

#[secrets]
async fn load(
    rows: usize,
    #[secret("db")] db: Db,
    #[secret("api", key = "token")] token: SecretValue,
    #[secret("db", key = "ratio")] mut ratio: String,
) -> anyhow::Result<usize> {
    assert_eq!((db.user.as_str(), db.port, db.on, db.none), ("app", 5432, true, None));
    assert!((db.ratio - 1.5).abs() < f32::EPSILON);
    assert_eq!(db.password.expose_str()?, "SeNtInEl-db");
    assert_eq!(token.expose_str()?, "SeNtInEl-api");
    ratio.push('!');
    assert_eq!(ratio, "1.50!");
    // One source is one fetch, and is reachable in the body too.
    assert!(current_context().secrets.get("db", "user").is_ok());
    Ok(rows)
}

#[secrets(sources = [{ id = "db", group = "main" }])]
fn by_group(
    #[secret("main", key = "user")] user: String,
    #[secret("plain")] plain: String,
) -> Result<String, Error> {
    Ok(format!("{user} {plain}"))
}

#[task(secret_requests = [Secret(group = "db", key = "user")])]
fn of_a_request(#[secret("db", key = "user")] user: String) -> Result<String, Error> {
    assert_eq!(
        current_context().secrets.get("db", "port").unwrap_err().kind(),
        ErrorKind::NotRequested
    );
    Ok(user)
}

#[secrets(sources = [{ id = "missing", options = { required = false } }])]
fn optional(
    #[secret("missing")] db: Option<HashMap<String, SecretValue>>,
    #[secret("api", key = "tokn")] token: Option<SecretValue>,
) -> Result<bool, Error> {
    Ok(db.is_none() && token.is_none())
}

#[secrets]
fn type_mismatches(
    #[secret("db", key = "user")] _user: u16,
    #[secret("db", key = "pasword")] _password: SecretValue,
    #[secret("api", key = "token")] _token: bool,
) -> Result<(), Error> {
    panic!("the body runs")
}

#[tokio::test]
async fn parameters_are_filled_and_vanish() {
    install();
    assert_eq!(load(10).await.unwrap(), 10);
    assert_eq!(by_group().unwrap(), "app SeNtInEl-plain");
    assert_eq!(of_a_request().unwrap(), "app");
    assert!(optional().unwrap());
}

#[test]
fn all_type_mismatches_are_in_one_error() {
    install();
    let error = type_mismatches().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(
        kinds,
        [ErrorKind::Undecodable, ErrorKind::KeyNotFound, ErrorKind::Undecodable],
        "{error}"
    );
    assert_eq!(error.step(), Some("type_mismatches"));
    assert_no_value(&format!("{error:?}"));
    assert!(!error.to_string().contains("app"), "{error}");
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "what is read of it are its problems")]
struct Login {
    user: String,
    port: u16,
}

#[secrets(sources = [{ id = "plain", options = { env_var_name = "TOKEN" } }])]
fn explained(
    #[secret("db", key = "user")] port: u16,
    #[secret("db")] whole: SecretValue,
    #[secret("db")] text: String,
    #[secret("plain")] Login { user, .. }: Login,
    #[secret("api", key = "token")] Login { port: other, .. }: Login,
) -> Result<(), Error> {
    panic!("the body runs: {port} {whole:?} {text} {user} {other}")
}

#[task(secret_requests = [Secret(group = "db", key = "user"), Secret(key = "token")])]
fn explained_requests(
    #[secret("db", key = "user")] port: u16,
    #[secret("db")] other: u16,
) -> Result<(), Error> {
    panic!("the body runs: {port} {other}")
}

#[test]
fn a_mismatch_of_a_request_names_its_backend_too() {
    install();
    let text = explained_requests().unwrap_err().to_string();
    for told in [
        "db (table): user: expected u16, found a text (parameter `port`)",
        "db (table): expected u16, found a text (parameter `other`)",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
}

#[test]
fn a_mismatch_says_what_was_found_where_and_for_which_parameter() {
    install();
    let error = explained().unwrap_err();
    assert_no_value(&format!("{error} {error:?} {error:#?}"));
    let text = error.to_string();
    let fields = "such as key = \"user\", or take all of them as a struct or a map: its fields are `user`, `password`, `port`, `ratio`, `on`";
    for told in [
        "db (table): user: expected u16, found a text (parameter `port`)",
        "db (table): expected one value, found a set of 5 fields (parameter `whole`)",
        "db (table): expected text, found a set of 5 fields (parameter `text`)",
        &format!("help: name one of them as the `key`, {fields}"),
        "plain (table): expected a set of fields, found one plain value (parameter `Login { user, .. }`)",
        "set options = { json = true }",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert_eq!(error.problems().len(), 5, "{text}");
    // Of a secret that is a set, one field.
    assert!(text.contains("api (table): token: expected a JSON object ("), "{text}");
}

#[secrets(sources = [{ id = "named", group = "alias" }])]
fn lacking(
    #[secret("missing")] maybe: Option<SecretValue>,
    #[secret("alias", key = "token")] one: Option<String>,
    #[secret({ id = "absent", type = "table" })] two: Option<Login>,
    #[secret("absent-too")] needed: SecretValue,
) -> Result<(), Error> {
    panic!("the body runs: {maybe:?} {one:?} {two:?} {needed:?}")
}

#[test]
fn an_option_whose_secret_is_missing_says_how_to_declare_it() {
    install();
    let error = lacking().unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
    let helps: Vec<_> = error.problems().iter().map(|p| p.help().unwrap_or_default()).collect();
    let by_origin = |origin: &str| {
        let place = error.problems().iter().position(|problem| problem.origin() == origin);
        helps[place.unwrap()]
    };
    for (origin, written) in [
        ("missing", r#"{ id = "missing", options = { required = false } }"#),
        ("named", r#"{ id = "named", group = "alias", options = { required = false } }"#),
        ("absent", r#"{ id = "absent", type = "table", options = { required = false } }"#),
    ] {
        let help = by_origin(origin);
        assert!(help.contains(written) && help.starts_with("add it to the table; "), "{help}");
    }
    assert_eq!(by_origin("absent-too"), "add it to the table");
}

#[secrets]
fn declared_with_fields(
    #[secret({ id = "missing", options = { required = false } })] db: Option<SecretValue>,
    #[secret({ id = "api", group = "alias" }, key = "token")] token: SecretValue,
    #[secret("alias")] all: HashMap<String, SecretValue>,
) -> Result<usize, Error> {
    assert!(db.is_none() && current_context().secrets.get("alias", "token").is_ok());
    Ok(token.len() + all.len())
}

#[test]
fn a_parameter_declares_its_source_with_fields() {
    install();
    assert_eq!(declared_with_fields().unwrap(), 13);
}

#[tracing::instrument(skip_all)]
#[secrets]
fn under_instrument(
    rows: usize,
    #[secret("api", key = "token")] token: String,
) -> Result<usize, Error> {
    Ok(rows + token.len())
}

#[tracing::instrument(skip(token))]
#[secrets]
async fn under_instrument_async(
    rows: usize,
    #[secret("api", key = "token")] token: String,
) -> Result<usize, Error> {
    Ok(rows + token.len())
}

#[tokio::test]
async fn a_parameter_that_a_span_skips_is_filled_under_it() {
    install();
    assert_eq!(under_instrument(1).unwrap(), 13);
    assert_eq!(under_instrument_async(1).await.unwrap(), 13);
}

#[test]
fn a_test_provides_them_by_group() {
    let given = [("main", "user", "someone"), ("plain", "plain", "text")];
    assert_eq!(testing::with_secrets(given, by_group).unwrap(), "someone text");
}

#[secrets(sources = ["missing"])]
fn mismatches_beside_a_missing_secret(
    #[secret("db", key = "user")] user: u16,
    #[secret("db", key = "usr")] near: String,
    #[secret("absent")] absent: SecretValue,
) -> Result<(), Error> {
    panic!("the body does not run: {user} {near} {absent:?}");
}

#[secrets(sources = ["missing"])]
async fn mismatches_beside_a_missing_secret_async(
    #[secret("db", key = "user")] user: u16,
) -> Result<(), Error> {
    panic!("the body does not run: {user}");
}

/// The context that a parameter sees while it is read.
#[derive(Clone)]
struct Seen(String);

impl<'de> serde::Deserialize<'de> for Seen {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer)?;
        Ok(Self(format!("{:?}", current_context().secrets)))
    }
}

#[secrets]
fn sees(#[secret("api")] seen: Seen) -> Result<String, Error> {
    Ok(seen.0)
}

#[secrets]
async fn sees_async(#[secret("api")] seen: Seen) -> Result<String, Error> {
    Ok(seen.0)
}

fn never(_: &Error) -> bool {
    false
}

#[secrets(refresh_on = never)]
async fn sees_again(#[secret("api")] seen: Seen) -> Result<String, Error> {
    Ok(seen.0)
}

#[secrets(sources = ["db"])]
async fn outside_of_them() -> Result<[String; 3], Error> {
    Ok([sees()?, sees_async().await?, sees_again().await?])
}

#[tokio::test]
async fn a_parameter_is_read_inside_its_own_step() {
    install();
    let seen = outside_of_them().await.unwrap();
    assert_eq!(seen, [r#"{"api": ["token"]}"#; 3]);
}

#[task(secret_requests = [
    Secret(group = "made/one", key = "value"),
    Secret(group = "made/one", key = "missing"),
])]
fn half_a_group(
    #[secret("made/one", key = "value")] value: SecretValue,
    #[secret("made/one", key = "missing")] missing: SecretValue,
    #[secret("made/one")] both: HashMap<String, SecretValue>,
) -> Result<(), Error> {
    panic!("the body does not run: {value:?} {missing:?} {both:?}");
}

#[test]
fn a_missing_group_is_reported_once() {
    install();
    let error = half_a_group().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ErrorKind::KeyNotFound], "{error}");
}

#[tokio::test]
async fn type_mismatches_are_reported_together_with_missing_secrets() {
    install();
    let kinds = |error: Error| {
        assert_no_value(&format!("{error} {error:?}"));
        error.problems().iter().map(|problem| problem.kind()).collect::<Vec<_>>()
    };
    let error = mismatches_beside_a_missing_secret().unwrap_err();
    use ErrorKind::{KeyNotFound, NotFound, Undecodable};
    assert_eq!(kinds(error), [NotFound, NotFound, Undecodable, KeyNotFound]);
    let error = mismatches_beside_a_missing_secret_async().await.unwrap_err();
    assert_eq!(kinds(error), [NotFound, Undecodable]);
}
