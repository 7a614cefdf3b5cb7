use std::process::Command;

use secrets_runtime::{Error, ErrorKind, Secrets, current_context, secrets};
use secrets_tests::table::{assert_no_value, install};

#[secrets(sources = ["db", "api"])]
fn two() -> Result<Secrets, Error> {
    Ok(current_context().secrets)
}

#[secrets(sources = ["db", { id = "db", group = "again" }, "odd-names", "same-variable", "linker", "nul", "path"])]
fn troubled() -> Result<Secrets, Error> {
    Ok(current_context().secrets)
}

#[secrets(sources = ["path"], allow_override = true)]
fn overriding() -> Result<Secrets, Error> {
    Ok(current_context().secrets)
}

#[secrets]
fn bare() -> Result<Secrets, Error> {
    Ok(current_context().secrets)
}

#[test]
fn the_view_has_every_field_by_its_variable() {
    install();
    let secrets = two().unwrap();
    let names: Vec<_> = secrets.vars().map(|(name, _)| name).collect();
    assert_eq!(names, ["on", "password", "port", "ratio", "token", "user"]);
    assert_eq!(secrets.var("password").unwrap().expose_str().unwrap(), "SeNtInEl-db");
}

#[test]
fn a_variable_that_was_mistyped_is_named() {
    install();
    let help =
        |name| two().unwrap().var(name).unwrap_err().problems()[0].help().unwrap().to_owned();
    assert!(help("pasword").starts_with("did you mean `password`? its variables are `on`, "));
    assert!(help("nothing_like_it").starts_with("its variables are `on`, "));
}

#[test]
fn a_child_gets_all_of_them_and_this_process_none() {
    install();
    let mut command = Command::new("sh");
    command.args(["-c", "test \"$user $port\" = \"app 5432\" && test ${#password} = 11"]);
    two().unwrap().apply_to(&mut command).unwrap();
    assert!(command.status().unwrap().success());
    assert!(std::env::var_os("password").is_none());
}

#[test]
fn nothing_is_set_unless_everything_can_be() {
    install();
    let secrets = troubled().unwrap();
    let mut command = Command::new("true");
    command.env("TAKEN", "x");
    let error = secrets.apply_to(&mut command).unwrap_err();
    assert_eq!(command.get_envs().count(), 1, "something was set");
    let count = |kind| error.problems().iter().filter(|problem| problem.kind() == kind).count();
    // Five that `db` and `again` share, one that two fields share, PATH.
    assert_eq!(count(ErrorKind::Collision), 5 + 1 + 1, "{error}");
    // Three odd names (the space of the fourth becomes `_`) and LD_PRELOAD.
    assert_eq!(count(ErrorKind::InvalidName), 4, "{error}");
    assert_eq!(count(ErrorKind::InvalidValue), 1, "{error}");
    assert!(error.problems().iter().all(|problem| problem.help().is_some()));
    assert_no_value(&format!("{error:?}"));
    // In declared order, whatever is wrong.
    assert_eq!(error.kind(), ErrorKind::Collision);
    assert!(error.to_string().contains("by db (group `again`)"), "{error}");

    // They are readable all the same.
    assert!(secrets.get("odd-names", "hello world").is_ok());
    assert!(secrets.get("odd-names", "METAFLOW_X").is_ok());
    assert_eq!(secrets.var("hello world").unwrap_err().kind(), ErrorKind::InvalidName);
    assert_eq!(secrets.var("METAFLOW_X").unwrap_err().kind(), ErrorKind::InvalidName);
    assert_eq!(secrets.var("password").unwrap_err().kind(), ErrorKind::Ambiguous);
    assert_eq!(secrets.var("a_b").unwrap_err().kind(), ErrorKind::Ambiguous);
    assert!(secrets.vars().all(|(name, _)| name != "password" && name != "a_b"));
}

#[test]
fn allow_override_replaces_variables_of_the_environment() {
    install();
    let mut command = Command::new("true");
    overriding().unwrap().apply_to(&mut command).unwrap();
    assert_eq!(command.get_envs().count(), 1);
    let mut command = Command::new("true");
    command.env_remove("PATH");
    // A variable that the command does not pass on is not there.
    let secrets = troubled().unwrap();
    let error = secrets.apply_to(&mut command).unwrap_err();
    assert!(!error.to_string().contains("already has the variable PATH"), "{error}");
}

#[test]
fn with_nothing_attached_var_reads_the_environment() {
    install();
    let secrets = bare().unwrap();
    assert!(secrets.var("PATH").is_ok());
    let error = secrets.var("SURELY_NOT_SET_ANYWHERE").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyNotFound);
    assert!(error.to_string().contains("SECRETS_WITH"), "{error}");
    assert_eq!(secrets.vars().count(), 0);
}
