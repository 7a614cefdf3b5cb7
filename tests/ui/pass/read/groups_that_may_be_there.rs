//! Literals that are not compared with the groups of the step, since it may have others or the program asks on purpose.
use secrets_runtime::{Context, Error, current_context, secrets, task};

const NAME: &str = "prod-db";

#[secrets]
fn at_launch() -> Result<(), Error> {
    current_context().secrets.get("test-db", "user").map(|_| ())
}

#[secrets(sources = [NAME, "other"])]
fn constant() -> Result<(), Error> {
    current_context().secrets.get("prod-db", "user").map(|_| ())
}

/// What stands before the first dot may be a backend of `secrets.toml`, and the group then the id after it.
#[secrets(sources = ["op.vault/item"])]
fn of_a_backend_of_the_settings() -> Result<(), Error> {
    current_context().secrets.get("op.vault/item", "vault_item")?;
    current_context().secrets.get("vault/item", "vault_item").map(|_| ())
}

#[task(secret_requests = [Secret(group = "db", key = NAME), Secret(group = "api", key = "token")], sources = [{ id = "x", group = "api" }])]
fn keys() -> Result<(), Error> {
    current_context().secrets.get("db", "user")?;
    current_context().secrets.get("api", "other")?;
    current_context().secrets.get("api", "token").map(|_| ())
}

#[task(secret_requests = [Secret(group = NAME, key = "user"), Secret(group = "db", key = "user")])]
fn constant_group() -> Result<(), Error> {
    current_context().secrets.get("db", "password").map(|_| ())
}

#[secrets(sources = ["other"])]
async fn on_purpose(context: Context) -> Result<(), Error> {
    let secrets = current_context().secrets;
    secrets.get("undeclared", "user").unwrap_err();
    current_context().secrets.get("undeclared", "user").unwrap_err();
    context.secrets.get("undeclared", "user").unwrap_err();
    assert!(current_context().secrets.get("undeclared", "user").is_err());
    current_context().secrets.get("undeclared", "user").expect_err("it is not declared");
    assert!(current_context().secrets.get("undeclared", "user").is_err_and(|_| true));
    assert!(!current_context().secrets.get("undeclared", "user").is_ok_and(|_| true));
    let _ = current_context().secrets.get_as::<String>("undeclared").unwrap_or_default();
    let _ = current_context().secrets.get("undeclared", "user").map_or(0, |_| 1);
    let _ = current_context().secrets.get("undeclared", "user").or_else(Err);
    if let Ok(value) = current_context().secrets.get("undeclared", "user") {
        drop(value);
    }
    let Err(_) = ::secrets_runtime::current_context().secrets.get("undeclared", "user") else {
        return Ok(());
    };
    let group = "undeclared";
    let _ = current_context().secrets.get(group, "user");
    let _ = format!("{:?}", current_context().secrets.get("undeclared", "user"));
    #[cfg(any())]
    current_context().secrets.get("undeclared", "user")?;
    mod inner {
        pub fn nested() {
            let _ = secrets_runtime::current_context().secrets.get("undeclared", "user");
        }
    }
    inner::nested();
    other::current_context().secrets.get("undeclared", "user")
}

#[secrets(sources = ["other"])]
fn of_another_step(context: Context) -> Result<(), Error> {
    let _entered = context.enter();
    current_context().secrets.get("undeclared", "user").map(|_| ())
}

#[secrets(sources = ["other"])]
fn of_its_own() -> Result<(), Error> {
    fn current_context() -> other::Own {
        other::current_context()
    }
    current_context().secrets.get("undeclared", "user")
}

mod other {
    pub struct Own {
        pub secrets: Own2,
    }

    pub struct Own2;

    impl Own2 {
        pub fn get(&self, _: &str, _: &str) -> Result<(), secrets_runtime::Error> {
            Ok(())
        }
    }

    pub fn current_context() -> Own {
        Own { secrets: Own2 }
    }
}

fn main() {}
