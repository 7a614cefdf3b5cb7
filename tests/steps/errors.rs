use secrets_runtime::{Error, ErrorKind, SecretValue, current_context, secrets, testing};
use secrets_tests::table::{assert_no_value, install};

#[secrets(sources = ["db", "plain"])]
fn asks_wrongly() -> Result<Vec<Error>, Error> {
    let secrets = current_context().secrets;
    Ok(vec![
        secrets.get("api", "token").unwrap_err(),
        secrets.get("DB", "password").unwrap_err(),
        secrets.get("db", "pasword").unwrap_err(),
        secrets.get("plain", "plain").unwrap_err(),
        secrets.get_versioned("db", "password", "v1").unwrap_err(),
        secrets.get_as::<u16>("plain").unwrap_err(),
        secrets.get_as::<u16>("nothing").unwrap_err(),
        secrets.var("NOTHING").unwrap_err(),
        secrets.var("not a variable").unwrap_err(),
    ])
}

#[test]
fn each_error_names_the_request_the_place_and_the_remedy() {
    install();
    let errors = asks_wrongly().unwrap();
    let kinds: Vec<_> = errors.iter().map(Error::kind).collect();
    use ErrorKind::{InvalidName, KeyNotFound, NotRequested, Undecodable};
    assert_eq!(
        kinds,
        [
            NotRequested,
            NotRequested,
            KeyNotFound,
            KeyNotFound,
            NotRequested,
            Undecodable,
            NotRequested,
            KeyNotFound,
            InvalidName
        ]
    );
    for error in &errors {
        assert_eq!(error.step(), Some("asks_wrongly"), "{error}");
        assert!(error.problems().iter().all(|p| p.help().is_some()), "{error}");
        assert_no_value(&format!("{error} {error:?} {:?}", error.problems()));
    }
    assert!(errors[0].to_string().contains("`db`, `plain`"), "{}", errors[0]);
    assert!(errors[1].to_string().contains("did you mean `db`"), "{}", errors[1]);
    assert!(errors[2].to_string().contains("did you mean `password`"), "{}", errors[2]);
    assert!(errors[3].to_string().contains("`plain_name`"), "{}", errors[3]);
}

#[secrets_runtime::task(secret_requests = [Secret(group = "prod-db")])]
fn requests_no_key() -> Result<Error, Error> {
    Ok(current_context().secrets.get("prod-db", "user").unwrap_err())
}

#[test]
fn a_request_without_a_key_is_told_with_the_key_that_was_asked_for() {
    install();
    let error = testing::with_secrets([("prod-db", "", "SeNtInEl")], requests_no_key);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::NotRequested);
    let wanted = r#"write Secret(group = "prod-db", key = "user")"#;
    assert!(error.to_string().contains(wanted), "{error}");
}

#[test]
fn an_error_is_send_and_static_and_fits_what_users_return() {
    fn check<T: std::error::Error + Send + Sync + Clone + 'static>() {}
    check::<Error>();
    let error = Error::new(ErrorKind::Throttled, "slow down").with_help("wait");
    assert!(error.is_transient());
    assert!(anyhow::Error::from(error.clone()).downcast_ref::<Error>().is_some());
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(error.clone());
    assert_eq!(boxed.to_string(), "slow down\n  help: wait");
    assert!(std::error::Error::source(&error).is_none());

    let cause = std::io::Error::other("the line is down");
    let error = Error::new(ErrorKind::Unavailable, "no answer").with_cause(cause);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the line is down");
    assert!(!error.to_string().contains("the line is down"), "Display repeats its source");
}

#[derive(Debug)]
enum OwnError {
    Secrets(Error),
}

impl From<Error> for OwnError {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

#[secrets(sources = ["missing"])]
fn own_error() -> Result<(), OwnError> {
    Ok(())
}

type Boxed<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[secrets(sources = ["missing"])]
async fn boxed_error() -> Boxed<()> {
    Ok(())
}

#[tokio::test]
async fn errors_of_the_users_own() {
    install();
    let Err(OwnError::Secrets(error)) = own_error() else { panic!("the body ran") };
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(boxed_error().await.unwrap_err().to_string().contains("the table has no such secret"));
}

#[test]
fn debug_shows_names_and_no_values() {
    install();
    let shown = testing::with_secrets([("db", "password", "SeNtInEl")], || {
        format!("{:?} {:?}", current_context(), SecretValue::from("SeNtInEl"))
    });
    assert_eq!(shown, r#"Context { secrets: {"db": ["password"]} } SecretValue([REDACTED])"#);
}
