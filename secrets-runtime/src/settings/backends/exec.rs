//! The tables `[backends.NAME]` of `secrets.toml`: programs that print secrets.

use std::{path::Path, time::Duration};

use secrets_spec::{BackendType, BuiltIn, PayloadFormat, closest};
use toml::{Spanned, de::DeTable, de::DeValue};

use crate::{
    core::escape::shown_key,
    settings::{error::SettingError, file_values::describe, values},
};

/// What an id is written for in the arguments.
pub(crate) const PLACEHOLDER: &str = "{id}";

const KEYS: [&str; 5] = ["exec", "format", "timeout", "env", "not_found"];

/// How long a program may take if its table does not say it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A program that prints secrets.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, all(unix, feature = "exec"))),
    expect(
        dead_code,
        reason = "read and checked in every build; the backend needs the feature `exec`"
    )
)]
pub(crate) struct ExecSettings {
    /// The type that sources name.
    pub(crate) kind: BackendType,
    /// An absolute path.
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    /// Whether it prints JSON objects.
    pub(crate) is_json: bool,
    pub(crate) timeout: Duration,
    /// The variables that it gets besides those that every program gets.
    pub(crate) env: Vec<String>,
    /// The exit codes that mean that there is no such secret.
    pub(crate) not_found: Vec<u8>,
    /// The table and its file, for problems.
    pub(crate) place: String,
}

/// A program that a table `[backends.NAME]` runs, in a profile or in the file itself, whether or not the table applies.
#[derive(Debug, Clone)]
pub(in crate::settings) struct ProgramTable {
    /// As messages show it: `profile.laptop.backends.op`.
    pub(in crate::settings) key: String,
    pub(in crate::settings) profile: Option<String>,
    /// The type that sources name.
    pub(in crate::settings) kind: String,
    /// The program and its arguments.
    pub(in crate::settings) command: Vec<String>,
    /// The variables that the program gets besides those that every program gets.
    pub(in crate::settings) env: Vec<String>,
}

impl ProgramTable {
    pub(in crate::settings) fn of(
        settings: &ExecSettings,
        key: &str,
        profile: Option<&str>,
    ) -> Self {
        let arguments = settings.arguments.iter().cloned();
        Self {
            key: key.to_owned(),
            profile: profile.map(str::to_owned),
            kind: settings.kind.as_str().to_owned(),
            command: std::iter::once(settings.program.clone()).chain(arguments).collect(),
            env: settings.env.clone(),
        }
    }
}

/// A mistake in a table, and where it is.
pub(in crate::settings) type Mistake = (usize, SettingError);

impl ExecSettings {
    /// Reads a table, and adds every mistake to `mistakes`.
    pub(in crate::settings) fn read(
        name: &str,
        value: &Spanned<DeValue<'_>>,
        file: &Path,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        let (at, before) = (value.span().start, mistakes.len());
        let kind = match kind(name) {
            Ok(kind) => Some(kind),
            Err(wrong) => {
                mistakes.push((at, wrong));
                None
            }
        };
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("a backend is a table, not {}", describe(value.get_ref()));
            let name = shown_key(name);
            let help = format!("write [backends.{name}], and below it exec = [\"/usr/bin/..\"]");
            mistakes.push((at, SettingError::new(message, help)));
            return None;
        };
        let mut fields = Fields::default();
        for (key, value) in table {
            let (key_at, key): (usize, &str) = (key.span().start, key.get_ref());
            let read = match key {
                "exec" => command(value).map(|command| fields.command = command),
                "format" => format(value.get_ref()).map(|is_json| fields.is_json = is_json),
                "timeout" => timeout(value.get_ref()).map(|timeout| fields.timeout = Some(timeout)),
                "env" => env(value.get_ref()).map(|env| fields.env = env),
                "not_found" => codes(value.get_ref()).map(|codes| fields.not_found = codes),
                _ => Err(unknown(key)),
            };
            if let Err(wrong) = read {
                mistakes.push((key_at, wrong));
            }
        }
        if !table.iter().any(|(key, _)| key.get_ref() == "exec") {
            let message = "the backend has no program";
            let help = "write exec = [\"/usr/bin/PROGRAM\", \"ARGUMENT\", \"{id}\"]";
            mistakes.push((at, SettingError::new(message, help)));
        }
        if mistakes.len() > before {
            return None;
        }
        let mut command = fields.command.into_iter();
        Some(Self {
            kind: kind?,
            program: command.next()?,
            arguments: command.collect(),
            is_json: fields.is_json,
            timeout: fields.timeout.unwrap_or(DEFAULT_TIMEOUT),
            env: fields.env,
            not_found: fields.not_found,
            place: format!("[backends.{name}] in {}", file.display()),
        })
    }
}

#[derive(Default)]
struct Fields {
    command: Vec<String>,
    is_json: bool,
    timeout: Option<Duration>,
    env: Vec<String>,
    not_found: Vec<u8>,
}

fn kind(name: &str) -> Result<BackendType, SettingError> {
    if BuiltIn::parse(name).is_some() {
        let message = format!("`{name}` is a built-in backend");
        let help = "give the program's backend another name, such as the program's";
        return Err(SettingError::new(message, help));
    }
    BackendType::parse(name).map_err(|error| SettingError::from(error).quoting(name))
}

/// Reads a program and its arguments.
fn command(value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, SettingError> {
    let help = "write exec = [\"/usr/bin/PROGRAM\", \"ARGUMENT\", \"{id}\"]";
    let items = match value.get_ref() {
        DeValue::Array(items) if !items.is_empty() => items,
        DeValue::Array(_) => return Err(SettingError::new("`exec` is empty", help)),
        other => {
            let message = format!(
                "`exec` is a list of the program and its arguments, not {}; no shell reads it",
                describe(other)
            );
            return Err(SettingError::new(message, help));
        }
    };
    let command = texts(items.iter().map(Spanned::get_ref), "exec", help)?;
    if command.iter().any(|text| text.contains('\0')) {
        return Err(SettingError::new("`exec` contains a NUL", "remove it"));
    }
    let program = &command[0];
    if !Path::new(program).is_absolute() {
        let message = "the program is not an absolute path";
        let help = "write the absolute path, such as \"/usr/bin/op\": PATH is not searched";
        return Err(SettingError::new(message, help).quoting(program));
    }
    if program.contains(PLACEHOLDER) {
        let message = "the path of the program contains {id}, and an id must not choose it";
        let help = "write {id} in an argument";
        return Err(SettingError::new(message, help).quoting(program));
    }
    for argument in &command[1..] {
        if let Some(near) = near_placeholder(argument) {
            let message = format!("an argument contains `{near}`, which is not replaced");
            return Err(SettingError::new(message, "write {id}").quoting(argument));
        }
    }
    // Beside `{id}` braces are taken as they are written.
    if !command[1..].iter().any(|argument| argument.contains(PLACEHOLDER))
        && let Some((argument, found)) =
            command[1..].iter().find_map(|it| Some((it, other_placeholder(it)?)))
    {
        let message = format!("an argument contains `{found}`, which is not replaced");
        let help = "did you mean `{id}`? it is the only placeholder";
        return Err(SettingError::new(message, help).quoting(argument));
    }
    Ok(command)
}

/// Returns a word in braces, which looks like a placeholder. `${HOME}` is one of a shell.
fn other_placeholder(argument: &str) -> Option<&str> {
    argument.match_indices('{').find_map(|(start, _)| {
        let end = start + argument[start..].find('}')? + 1;
        let inner = argument[start + 1..end - 1].trim_matches(['{', ' ']);
        let is_word = !inner.is_empty()
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        (is_word && !argument[..start].ends_with('$')).then(|| &argument[start..end])
    })
}

/// Returns a placeholder that was probably meant to be `{id}`.
fn near_placeholder(argument: &str) -> Option<&str> {
    argument.match_indices('{').find_map(|(start, _)| {
        let end = start + argument[start..].find('}')? + 1;
        let found = &argument[start..end];
        let inner = found[1..found.len() - 1].trim();
        (inner.eq_ignore_ascii_case("id") && found != PLACEHOLDER).then_some(found)
    })
}

fn format(value: &DeValue<'_>) -> Result<bool, SettingError> {
    let help = "write format = \"text\" or format = \"json\"";
    let DeValue::String(text) = value else {
        let message = format!("`format` is a text, not {}", describe(value));
        return Err(SettingError::new(message, help));
    };
    match PayloadFormat::parse(text) {
        Some(PayloadFormat::Text) => Ok(false),
        Some(PayloadFormat::Json) => Ok(true),
        _ => Err(SettingError::new("a program prints text or JSON", help).quoting(text)),
    }
}

fn timeout(value: &DeValue<'_>) -> Result<Duration, SettingError> {
    let text = match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
        DeValue::Float(number) => number.as_str().replace('_', ""),
        // As the other settings with seconds.
        DeValue::String(text) => text.clone().into_owned(),
        other => {
            let message = format!("`timeout` is a number of seconds, not {}", describe(other));
            return Err(SettingError::new(message, "write timeout = 10"));
        }
    };
    values::some_seconds(&text).map_err(|wrongs| wrongs.into_iter().next().unwrap_or_default())
}

fn env(value: &DeValue<'_>) -> Result<Vec<String>, SettingError> {
    let help = "write the names of variables, such as env = [\"OP_SERVICE_ACCOUNT_TOKEN\"]";
    let DeValue::Array(items) = value else {
        let message = format!("`env` is a list of names of variables, not {}", describe(value));
        return Err(SettingError::new(message, help));
    };
    let names = texts(items.iter().map(Spanned::get_ref), "env", help)?;
    match names.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        // It may be a value.
        Some(_) => Err(SettingError::new("`env` has a text that is not a variable's name", help)),
        None => Ok(names),
    }
}

/// Reads one exit code, or a list of them.
fn codes(value: &DeValue<'_>) -> Result<Vec<u8>, SettingError> {
    let wrong = || {
        let message = "`not_found` is an exit code from 1 to 255, or a list of them";
        SettingError::new(message, "write not_found = 44")
    };
    let code = |value: &DeValue<'_>| match value {
        DeValue::Integer(number) if number.radix() == 10 => {
            number.as_str().parse().ok().filter(|code| *code != 0).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    };
    match value {
        DeValue::Array(items) => items.iter().map(|item| code(item.get_ref())).collect(),
        other => Ok(vec![code(other)?]),
    }
}

/// Reads a list of texts.
fn texts<'a>(
    items: impl Iterator<Item = &'a DeValue<'a>>,
    key: &str,
    help: &str,
) -> Result<Vec<String>, SettingError> {
    let text = |item: &DeValue<'_>| match item {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        other => {
            let message = format!("`{key}` is a list of texts, and one is {}", describe(other));
            Err(SettingError::new(message, help))
        }
    };
    items.map(text).collect()
}

fn unknown(key: &str) -> SettingError {
    let message = format!("a backend has no `{}`", shown_key(key));
    match closest(key, KEYS) {
        Some(near) => SettingError::new(message, format!("did you mean `{near}`?")),
        None => SettingError::new(message, format!("it has {}", KEYS.join(", "))),
    }
}

/// Returns the tables of `[backends]`, or the mistake that it is not one.
pub(in crate::settings) fn tables<'a, 'i>(
    value: &'a Spanned<DeValue<'i>>,
) -> Result<&'a DeTable<'i>, Mistake> {
    match value.get_ref() {
        DeValue::Table(tables) => Ok(tables),
        other => {
            let message = format!("`backends` is a table, not {}", describe(other));
            let help = "write [backends.NAME] with the name of a backend";
            Err((value.span().start, SettingError::new(message, help)))
        }
    }
}
