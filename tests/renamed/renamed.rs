//! The attributes of a crate that has another name here.

extern crate sr as another;

#[sr::secrets(sources = ["db"])]
fn of_sources() -> Result<String, sr::Error> {
    let value = sr::current_context().secrets.get("db", "user")?;
    Ok(value.expose_str()?.to_owned())
}

#[sr::task(secret_requests = [Secret(group = "db", key = "user")])]
fn of_requests(#[secret("api", key = "token")] token: String) -> Result<String, sr::Error> {
    Ok(token)
}

#[sr::secrets(sources = ["db"])]
#[sr::task(secret_requests = [Secret(group = "api", key = "token")])]
fn of_both() -> Result<usize, sr::Error> {
    Ok(sr::current_context().secrets.entries().count())
}

#[another::secrets(sources = ["db"])]
async fn under_a_third_name() -> Result<(), sr::Error> {
    Ok(())
}

#[derive(sr::SecretFields)]
#[allow(dead_code)]
struct Db {
    user: String,
}

mod imported {
    use sr::secrets;

    #[secrets]
    pub fn bare() -> Result<(), sr::Error> {
        Ok(())
    }
}

#[test]
fn they_are_steps() {
    let given = [("db", "user", "app"), ("api", "token", "x")];
    sr::testing::with_secrets(given, || {
        assert_eq!(of_sources().ok().as_deref(), Some("app"));
        assert_eq!(of_requests().ok().as_deref(), Some("x"));
        assert_eq!(of_both().ok(), Some(2));
        assert!(imported::bare().is_ok());
    });
    drop(under_a_third_name());
}
