//! Parses the texts of settings.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use secrets_spec::{BackendType, BuiltIn, GuardMode, RoleArn, Source, SpecError, With};

use crate::{
    core::escape,
    settings::{error::SettingError, validation_level::ValidationLevel},
};

/// The parsed value of a setting, or all its problems.
pub(super) type Read<T> = Result<T, Vec<SettingError>>;

/// One year. A clock cannot add thousands of years.
const MAX_SECONDS: f64 = 31_536_000.0;

/// Parses one type, or several separated by commas.
pub(super) fn backends(text: &str) -> Read<Vec<BackendType>> {
    let mut backends: Vec<BackendType> = Vec::new();
    let mut wrongs = Vec::new();
    for name in text.split(',').map(str::trim) {
        match BackendType::parse(name) {
            Ok(backend) if backends.contains(&backend) => {
                let message = format!("the backend type `{backend}` is given twice");
                wrongs.push(SettingError::new(message, "remove one of the two"));
            }
            Ok(backend) => backends.push(backend),
            Err(error) => wrongs.push(SettingError::from(error).quoting(name)),
        }
    }
    if wrongs.is_empty() { Ok(backends) } else { Err(wrongs) }
}

pub(super) fn role(text: &str) -> Read<RoleArn> {
    one(text, RoleArn::parse)
}

pub(super) fn source(text: &str) -> Read<Source> {
    one(text, Source::parse)
}

pub(super) fn level(text: &str) -> Read<ValidationLevel> {
    let wrong = |error: crate::core::error::Error| {
        let of = |problem: &crate::core::error::Problem| {
            let help = problem.help().map(str::to_owned);
            SettingError {
                message: problem.message().to_owned(),
                help,
                found: Some(text.to_owned()),
                ..SettingError::default()
            }
        };
        error.problems().iter().map(of).collect()
    };
    text.parse().map_err(wrong)
}

/// Parses what happens to a result that contains a secret.
pub(super) fn guard(text: &str) -> Read<GuardMode> {
    let text = text.trim();
    let Some(mode) = GuardMode::parse(text) else {
        let names = GuardMode::ALL.iter().map(|mode| mode.as_str());
        let help = match secrets_spec::closest(text, names) {
            Some(better) => format!("did you mean {better}?"),
            None => "write deny, warn, errors or off".to_owned(),
        };
        return Err(vec![SettingError::new("there is no such guard", help).quoting(text)]);
    };
    #[cfg(not(feature = "guard"))]
    if mode != GuardMode::Off {
        return Err(vec![SettingError::missing_feature("guard")]);
    }
    Ok(mode)
}

/// Parses a switch: 1 or `true`, 0 or `false`.
pub(super) fn switch(text: &str) -> Read<bool> {
    match text.trim() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        other => {
            let wrong = SettingError::new("it is neither 1 nor 0", "write 1 or 0");
            Err(vec![wrong.quoting(other)])
        }
    }
}

/// Parses a number of seconds: digits, with an optional fraction.
pub(super) fn seconds(text: &str) -> Read<Duration> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits(whole) && digits(fraction) { text.parse::<f64>().ok() } else { None };
    match number {
        Some(number) if number <= MAX_SECONDS => Ok(Duration::from_secs_f64(number)),
        Some(_) => {
            let help = format!("write at most {MAX_SECONDS}, which is a year");
            Err(vec![SettingError::new("it is too many seconds", help).quoting(text)])
        }
        None => {
            let help = "write digits, such as 30 or 0.5; the unit is always the second";
            Err(vec![SettingError::new("it is not a number of seconds", help).quoting(text)])
        }
    }
}

/// Parses a number of seconds greater than 0.
pub(super) fn some_seconds(text: &str) -> Read<Duration> {
    let duration = seconds(text)?;
    if duration.is_zero() {
        let message = "a time limit of 0 seconds is too short";
        let wrong = SettingError::new(message, "write more than 0, or leave it out");
        return Err(vec![wrong.quoting(text.trim())]);
    }
    Ok(duration)
}

/// Parses the text of `SECRETS_WITH`. It may contain values of `inline`, so the parser's messages quote names
/// only and give the position as a byte number.
pub(super) fn with(text: &str) -> Read<With> {
    let wrong = |error: SpecError| {
        let message = format!("{}, at byte {}", error.message(), error.range().start);
        SettingError { message, ..error.into() }
    };
    let with =
        With::parse(text).map_err(|errors| errors.into_iter().map(wrong).collect::<Vec<_>>())?;
    let mut first: HashMap<&str, &Source> = HashMap::new();
    let clashes = with
        .sources()
        .iter()
        .filter(|source| !first.entry(source.group()).or_insert(source).same_as(source));
    let wrongs: Vec<SettingError> = clashes
        .map(|source| {
            let message =
                format!("two sources have the group `{}`", escape::escape_name(source.group()));
            SettingError::new(message, "give one of them a `group` of its own")
        })
        .collect();
    if wrongs.is_empty() { Ok(with) } else { Err(wrongs) }
}

/// Returns whether the text of `SECRETS_WITH` contains a source of type `inline`.
pub(super) fn has_inline(text: &str) -> bool {
    let inline = BackendType::from(BuiltIn::Inline);
    let is_inline = |source: &Source| source.backend() == Some(&inline);
    With::parse(text).is_ok_and(|with| with.sources().iter().any(is_inline))
}

pub(super) fn text(text: &str) -> Read<String> {
    Ok(text.to_owned())
}

/// Checks a path as it is written. The caller makes it absolute.
pub(super) fn path(path: PathBuf) -> Read<PathBuf> {
    if path.starts_with("~") || path.to_string_lossy().starts_with('~') {
        let help = "write the absolute path, from the root";
        let wrong = SettingError::new("it starts with `~`, which is not expanded", help);
        return Err(vec![wrong.quoting(&path.to_string_lossy())]);
    }
    Ok(path)
}

fn one<T>(text: &str, parse: fn(&str) -> Result<T, SpecError>) -> Read<T> {
    let text = text.trim();
    parse(text).map_err(|error| vec![SettingError::from(error).quoting(text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_in_order_and_every_mistake_is_reported() {
        let types =
            |text| backends(text).map(|b| b.iter().map(BackendType::to_string).collect::<Vec<_>>());
        assert_eq!(types("local"), Ok(vec!["local".into()]));
        assert_eq!(
            types(" flyte , aws-secrets-manager"),
            Ok(vec!["flyte".into(), "aws-secrets-manager".into()])
        );
        assert_eq!(types("flyt,local,,local").expect_err("three mistakes").len(), 3);
    }

    #[test]
    fn seconds_are_digits() {
        assert_eq!(seconds(" 30 "), Ok(Duration::from_secs(30)));
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        assert_eq!(seconds("31536000"), Ok(Duration::from_secs(31_536_000)));
        let junk = [
            "-1", "+1", "1e3", "inf", "NaN", "5s", "5 s", ".5", "5.", "1,5", "0x10", "٣",
            "31536001",
        ];
        for text in junk {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(
            some_seconds("0").is_err() && some_seconds("0.0").is_err() && some_seconds("1").is_ok()
        );
    }

    #[test]
    fn values_of_inline_sources_are_not_quoted() {
        let inline = |values: &str| {
            format!(
                r#"secrets:sources=[{{"id": "a", "type": "inline", "options": {{"env_vars": {values}}}}}]"#
            )
        };
        assert!(with(&inline(r#"{"A": "SeNtInEl"}"#)).is_ok());
        for values in [
            r#"{"A": SeNtInEl}"#,
            r#"{"A": 'SeNtInEl'}"#,
            r#"{"A": "b", SeNtInEl"#,
            r#"{"A": ["SeNtInEl"]}"#,
        ] {
            for name in ["env_vars", "env_var", r"env\u005fvars", "values"] {
                let text = inline(values).replace("env_vars", name);
                let wrongs = with(&text).expect_err("it is not JSON");
                assert!(!format!("{wrongs:?}").contains("SeNtInEl"), "{wrongs:?}");
            }
        }
        let wrongs = with(&inline(r#"{"A": SeNtInEl}"#)).expect_err("it is not quoted");
        assert_eq!(wrongs[0].message, "a text is not quoted, at byte 77");
        assert_eq!(wrongs[0].help.as_deref(), Some("write it in double quotes"));
        let wrongs = with("secrets:sources=[test-db]").expect_err("it is not quoted");
        assert_eq!(wrongs[0].help.as_deref(), Some(r#"write "test-db""#));
        assert_eq!(with(r#"secrets:sorces=["a"],role=b"#).expect_err("two mistakes").len(), 2);
    }

    #[test]
    fn one_group_is_one_source() {
        assert!(with(r#"secrets:sources=["a", "a", "local.b"]"#).is_ok());
        let wrongs = with(r#"secrets:sources=["a", "env.a", "local.a"]"#).expect_err("they clash");
        assert_eq!(wrongs.len(), 2);
        assert_eq!(wrongs[0].message, "two sources have the group `a`");
    }
}
