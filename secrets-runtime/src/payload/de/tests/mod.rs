mod buffered;
mod fits;
mod keys;
mod mismatches;
mod runs;

use serde::de::DeserializeOwned;

use crate::{
    core::{
        error::{Error, ErrorKind, Problem},
        secret_value::SecretValue,
    },
    payload::de::{accepts_absence, from_absent, from_fields, from_json, from_plain, from_value},
};

/// Reads a set called `db`.
fn read<T: DeserializeOwned>(fields: &[(&str, &str)]) -> Result<T, Vec<Problem>> {
    let values: Vec<_> =
        fields.iter().map(|(name, value)| (*name, SecretValue::from(*value))).collect();
    from_fields("db", &values.iter().map(|(name, value)| (*name, value, None)).collect::<Vec<_>>())
}

fn built<T: DeserializeOwned>(fields: &[(&str, &str)]) -> T {
    match read(fields) {
        Ok(value) => value,
        Err(problems) => panic!("it should fit: {problems:?}"),
    }
}

fn value<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Problem>> {
    from_value("db.it", &SecretValue::from(text))
}

/// Returns the messages of an attempt that must fail, after checking that none contains a value.
fn messages<T>(outcome: Result<T, Vec<Problem>>) -> Vec<String> {
    let Err(problems) = outcome else { panic!("it must not fit") };
    let error = Error::from_problems(problems.clone());
    for text in [format!("{error}"), format!("{error:?}"), format!("{problems:?}")] {
        assert!(!text.contains("SeNtInEl"), "a value got into an error");
    }
    problems.iter().map(|problem| problem.message().to_owned()).collect()
}

fn kinds<T>(outcome: Result<T, Vec<Problem>>) -> Vec<ErrorKind> {
    outcome.err().unwrap_or_default().iter().map(Problem::kind).collect()
}

fn helps<T>(outcome: Result<T, Vec<Problem>>) -> Vec<Option<String>> {
    let problems = outcome.err().unwrap_or_default();
    problems.iter().map(|problem| problem.help().map(str::to_owned)).collect()
}

fn text(value: &SecretValue) -> &str {
    value.expose_str().expect("text")
}
