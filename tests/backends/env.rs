//! Steps that read the environment: one variable, and one variable for each field.

use secrets_runtime::{Error, SecretValue, current_context, secrets};
use secrets_tests::child;
use serde::Deserialize;

/// Set in the processes of these tests.
const MARK: &str = "ENV_BACKEND_CHILD";

#[derive(Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
    port: u16,
}

#[secrets(sources = [{ type = "env", id = "SET_DB_*", group = "db" }])]
fn aliased() -> Result<Db, Error> {
    current_context().secrets.get_as("db")
}

#[secrets(sources = ["env.SET_DB_*"])]
fn by_its_text() -> Result<SecretValue, Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.var("user")?.expose_str()?, "app");
    secrets.get("SET_DB_*", "password")
}

#[secrets]
fn typed(#[secret("env.SET_DB_*")] db: Db) -> Result<u16, Error> {
    Ok(db.port)
}

#[secrets(sources = ["env.SET_DB"])]
fn one_variable() -> Result<(), Error> {
    Ok(())
}

#[test]
fn child_of_the_tests_of_the_environment() {
    let Some(mode) = std::env::var_os(MARK) else { return };
    if mode == "set" {
        let db = aliased().unwrap();
        assert_eq!((db.user.as_str(), db.port), ("app", 5432));
        assert_eq!(db.password.expose_str().unwrap(), "SeNtInEl");
        assert_eq!(by_its_text().unwrap().expose_str().unwrap(), "SeNtInEl");
        assert_eq!(typed().unwrap(), 5432);
        println!("{}", one_variable().unwrap_err());
    } else {
        println!("{}", aliased().err().unwrap());
        println!("{}", one_variable().unwrap_err());
    }
    println!("done");
}

fn output(mode: &str, variables: &[(&str, &str)]) -> String {
    let mut command = child::of_test(module_path!(), "child_of_the_tests_of_the_environment");
    let output = command.env(MARK, mode).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("done\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("SeNtInEl"), "a value is shown: {text}");
    text
}

#[test]
fn variables_that_begin_alike_are_the_fields_of_one_secret() {
    let variables = [
        ("SET_DB_USER", "app"),
        ("SET_DB_PASSWORD", "SeNtInEl"),
        ("SET_DB_PORT", "5432"),
        ("SET_DB_", "x"),
        ("SET_DBX", "x"),
    ];
    let text = output("set", &variables);
    let found = "the environment has SET_DB_PASSWORD, SET_DB_PORT, SET_DB_USER: for these as fields, write \"env.SET_DB_*\"";
    assert!(text.contains(found), "{text}");
}

#[test]
fn a_missing_variable_speaks_of_one_for_each_field() {
    let text = output("none", &[("SET_X", "x")]);
    assert!(text.contains("no variable whose name begins with SET_DB_"), "{text}");
    assert!(text.contains("the environment has no variable SET_DB"), "{text}");
    assert!(text.contains("such as SET_DB_PASSWORD, write \"env.SET_DB_*\""), "{text}");
}

#[test]
fn two_variables_of_one_field_are_refused() {
    let twice = output("none", &[("SET_DB_USER", "SeNtInEl"), ("SET_DB_user", "SeNtInEl")]);
    assert!(twice.contains("both SET_DB_USER and SET_DB_user are the field `user`"), "{twice}");
}
