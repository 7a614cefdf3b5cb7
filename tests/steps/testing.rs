use secrets_runtime::{
    Error, ErrorKind, SecretValue, current_context, get_secret, get_secret_blocking, secrets, task,
    testing, try_current_context,
};

#[secrets(sources = ["aws-secrets-manager.prod/db", { id = "x", type = "my-vault", group = "vault" }])]
fn far_away() -> Result<String, Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("unasked", "a").unwrap_err().kind(), ErrorKind::NotRequested);
    let (a, b) = (secrets.get("prod/db", "a")?, secrets.get("vault", "b")?);
    Ok(format!("{}{}", a.expose_str()?, b.expose_str()?))
}

#[task(secret_requests = [Secret(group = "g", key = "k", env_var = "K")])]
async fn requested() -> Result<String, Error> {
    tokio::task::yield_now().await;
    Ok(current_context().secrets.var("K")?.expose_str()?.to_owned())
}

#[secrets]
fn bare() -> Result<String, Error> {
    Ok(current_context().secrets.var("DB_USER")?.expose_str()?.to_owned())
}

const GIVEN: [(&str, &str, &str); 4] =
    [("prod/db", "a", "1"), ("vault", "b", "2"), ("unasked", "a", "3"), ("g", "k", "4")];

#[test]
fn whatever_the_backend_is() {
    assert_eq!(testing::with_secrets(GIVEN, far_away).unwrap(), "12");
    assert!(try_current_context().is_none());
}

#[tokio::test]
async fn at_every_poll() {
    let (one, other) = tokio::join!(
        testing::with_secrets_async(GIVEN, requested()),
        testing::with_secrets_async([("g", "k", "5")], requested()),
    );
    assert_eq!((one.unwrap().as_str(), other.unwrap().as_str()), ("4", "5"));
    assert!(try_current_context().is_none());
}

#[test]
fn in_the_closure_itself_and_in_nested_scopes_and_threads() {
    testing::with_secrets(GIVEN, || {
        assert!(current_context().secrets.get("prod/db", "a").is_ok());
        assert!(get_secret_blocking("prod/db").unwrap().get("prod/db", "a").is_ok());
        assert_eq!(get_secret_blocking("missing").unwrap_err().kind(), ErrorKind::NotFound);
        testing::with_secrets([("other", "k", "v")], || {
            assert!(get_secret_blocking("prod/db").is_err());
        });
        assert!(get_secret_blocking("prod/db").is_ok());
        let context = current_context();
        let there = std::thread::spawn(move || {
            assert!(far_away().is_err());
            let _entered = context.enter();
            far_away()
        });
        assert_eq!(there.join().unwrap().unwrap(), "12");
    });
}

#[tokio::test]
async fn values_of_any_kind() {
    let bytes = [("g", "k", vec![0xff_u8, 0])];
    let value = testing::with_secrets_async(bytes, async { get_secret("g").await?.get("g", "k") });
    assert_eq!(value.await.unwrap().expose_bytes(), [0xff, 0]);
    let value = testing::with_secrets([("g", "k", SecretValue::from("x"))], || {
        current_context().secrets.get("g", "k")
    });
    assert!(value.unwrap().ct_eq(&SecretValue::from("x")));
}

#[test]
fn all_missing_secrets_are_named_at_once() {
    let error = testing::with_secrets([("prod", "a", "1")], far_away).unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("`prod`"), "{error}");
}

#[test]
fn a_bare_step_sees_the_secrets_of_the_test() {
    assert_eq!(testing::with_secrets([("db", "DB_USER", "app")], bare).unwrap(), "app");
}

#[test]
fn a_value_that_no_backend_may_return_is_an_error_of_the_step_that_reads_it() {
    #[secrets(sources = ["long"])]
    fn reads_it() -> Result<(), Error> {
        Ok(())
    }

    #[secrets(sources = ["db"])]
    fn reads_another() -> Result<(), Error> {
        current_context().secrets.get("db", "user").map(drop)
    }

    let long = "SeNtInEl".repeat(10_000);
    testing::with_secrets([("db", "user", "app"), ("long", "key", &*long)], || {
        let error = reads_it().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        assert!(!format!("{error} {error:?}").contains("SeNtInEl"));
        reads_another().unwrap();
    });
}
