//! The fields of `register` and `update`, `--KEY=VALUE`. They may have any name, so they are taken out of the command
//! line before `clap` parses it. No message here repeats a word that may be a value.

use std::ffi::{OsStr, OsString};

use clap::{
    Command,
    error::{ContextKind, ContextValue, ErrorKind},
};
use secrets_spec::shell_word;

use crate::{failure::Failure, output::wiped_output::MASK};

/// A field as it was typed: its key, and the text of its value.
pub type FieldArg = (String, OsString);

/// Returns whether errors are reported as JSON. It is needed before the command line is parsed, which may fail.
pub fn wants_json(typed: &[OsString]) -> bool {
    let options: Vec<_> = typed.iter().take_while(|word| *word != "--").collect();
    options.iter().any(|word| *word == "--format=json")
        || options.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// Moves `--backend` and `--format` from before the name of the command to after it, where `clap` knows them.
pub fn move_options(typed: Vec<OsString>) -> Vec<OsString> {
    let (mut before, mut moved) = (Vec::new(), Vec::new());
    let mut words = typed.into_iter();
    before.extend(words.next());
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let (name, has_value) = match text.split_once('=') {
            Some((name, _)) => (name, true),
            None => (&*text, false),
        };
        let words_of_option = match name {
            "--backend" | "--format" => &mut moved,
            "--profile" => &mut before,
            _ => {
                let is_command = !text.starts_with('-');
                before.push(word);
                // An error says what was typed.
                let at = if is_command { before.len() } else { 1 };
                before.splice(at..at, moved);
                before.extend(words);
                return before;
            }
        };
        words_of_option.push(word);
        words_of_option.extend((!has_value).then(|| words.next()).flatten());
    }
    before.extend(moved);
    before
}

/// Splits the command line into the part for `clap` and the fields.
///
/// The name of the secret is left as the only positional argument, after a `--`, since it may start with a hyphen.
pub fn take_fields(
    typed: Vec<OsString>,
    command: &Command,
) -> Result<(Vec<OsString>, Vec<FieldArg>), Failure> {
    let at = command_at(&typed);
    let name = typed.get(at).filter(|_| takes_values(&typed));
    let Some(sub) = name.and_then(|name| command.find_subcommand(name)) else {
        return Ok((typed, Vec::new()));
    };
    let mut words = typed.into_iter();
    let mut for_clap: Vec<OsString> = words.by_ref().take(at + 1).collect();
    let mut names = Vec::new();
    let mut fields: Vec<FieldArg> = Vec::new();
    let mut options_end = false;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if word == "--" && !options_end {
            options_end = true;
        } else if let Some(long) = text.strip_prefix("--") {
            let key = long.split('=').next().unwrap_or_default();
            match long_option(sub, key).filter(|_| !options_end) {
                Some(takes_value) => {
                    let has_no_value = !long.contains('=');
                    for_clap.push(word);
                    for_clap.extend((has_no_value && takes_value).then(|| words.next()).flatten());
                }
                None => add_field(&mut fields, &word)?,
            }
        } else if let Some(takes_value) = short_options(sub, &text).filter(|_| !options_end) {
            for_clap.push(word);
            for_clap.extend(takes_value.then(|| words.next()).flatten());
        } else {
            names.push(word);
        }
    }
    if names.len() > 1 {
        if let Some(letter) = unknown_letter(&names) {
            // The rest of the word may be a value.
            let message = format!("there is no option `-{letter}`");
            let help = "write fields as --KEY=VALUE; a secret's name may start with a hyphen only if it is the only other word";
            return Err(Failure::usage(message, help));
        }
        let assignment = names[1..].iter().find_map(|word| word.to_str()?.split_once('='));
        return Err(match assignment.filter(|(key, _)| is_identifier(key)) {
            Some((key, _)) => Failure::usage(
                format!("`{key}=..` is not a field: two hyphens are missing"),
                format!("write `--{key}=VALUE`, with the value that you wrote"),
            ),
            None => Failure::usage(
                "there is more than one name of a secret",
                "write fields as --KEY=VALUE; the other words are not shown here, since they may be values",
            ),
        });
    }
    for_clap.push("--".into());
    for_clap.extend(names);
    Ok((for_clap, fields))
}

/// Returns the letter of the first word that looks like a short option.
fn unknown_letter(names: &[OsString]) -> Option<char> {
    let letter = |word: &OsString| word.to_str()?.strip_prefix('-')?.chars().next();
    names.iter().find_map(letter).filter(|letter| letter.is_alphabetic())
}

/// Returns whether the command takes values.
pub fn takes_values(typed: &[OsString]) -> bool {
    typed.get(command_at(typed)).is_some_and(|name| name == "register" || name == "update")
}

/// Returns where the name of the command is: after the program's name, and after `--profile NAME` if it comes first.
fn command_at(typed: &[OsString]) -> usize {
    let mut at = 1;
    while let Some(word) = typed.get(at).and_then(|word| word.to_str()) {
        match word {
            "--profile" => at += 2,
            word if word.starts_with("--profile=") => at += 1,
            _ => break,
        }
    }
    at
}

/// The names that other tools have for these commands.
const OTHER_NAMES: &[(&str, &[&str])] = &[
    ("add", &["register"]),
    ("cat", &["get"]),
    ("create", &["register"]),
    ("del", &["delete"]),
    ("edit", &["update"]),
    ("env", &["run", "resolve"]),
    ("exec", &["run"]),
    ("inject", &["render"]),
    ("ls", &["list"]),
    ("mv", &["rename"]),
    ("new", &["register"]),
    ("put", &["register", "update"]),
    ("read", &["get"]),
    ("remove", &["delete"]),
    ("rm", &["delete"]),
    ("rotate", &["update"]),
    ("set", &["register", "update"]),
    ("show", &["get"]),
    ("status", &["doctor"]),
    ("template", &["render"]),
    ("unset", &["delete"]),
    ("validate", &["check"]),
    ("view", &["get"]),
    ("write", &["register", "update"]),
];

/// Adds to an error the commands that do what was probably meant.
pub fn suggest_command(mut error: clap::Error, command: &Command) -> clap::Error {
    let typed = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) if error.kind() == ErrorKind::InvalidSubcommand => typed,
        _ => return error,
    };
    let other = OTHER_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(typed));
    let meant: Vec<String> = match other {
        Some((_, commands)) => commands.iter().map(|command| (*command).to_owned()).collect(),
        None => {
            let names = command.get_subcommands().map(Command::get_name);
            secrets_spec::closest(typed, names).map(str::to_owned).into_iter().collect()
        }
    };
    if !meant.is_empty() {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(meant));
    }
    error
}

/// Adds to an error what the command line lacks: the `--` before the program of `run`, or the secrets of `export`.
pub fn suggest_missing(mut error: clap::Error, typed: &[OsString]) -> clap::Error {
    let at = command_at(typed);
    let tip = match (error.kind(), typed.get(at).and_then(|word| word.to_str())) {
        (ErrorKind::MissingRequiredArgument, Some("export")) => {
            "write --all to export all secrets".to_owned()
        }
        (ErrorKind::UnknownArgument, Some("run"))
            if error.get(ContextKind::SuggestedArg).is_none() =>
        {
            match before_unknown(&error, &typed[at + 1..]) {
                Some(line) => format!("put `--` before the program: secrets run {line}"),
                None => return error,
            }
        }
        _ => return error,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// Returns the words of `run` up to the one that is not its option, with `--` before the program that has this option.
fn before_unknown(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let starts = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(&**unknown));
    let end = words.iter().position(starts)?;
    let program = end.checked_sub(1)?;
    let mut words: Vec<_> =
        words[..=end].iter().map(|word| shell_word(&word.to_string_lossy())).collect();
    if words[program].starts_with('-') {
        return None;
    }
    words.insert(program, "--".to_owned());
    Some(format!("{} ..", words.join(" ")))
}

/// Removes from an error what was typed for an option, which may be the value of a field.
pub fn mask(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(text)) = error.get(ContextKind::InvalidValue)
        && !text.is_empty()
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String(MASK.to_owned()));
    }
    error
}

/// Escapes the line breaks of what was typed, so that it cannot look like a message of its own.
pub fn join_lines(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue]
    {
        if let Some(ContextValue::String(typed)) = error.get(kind)
            && typed.contains(['\n', '\r'])
        {
            let line = typed.replace('\n', "\\n").replace('\r', "\\r");
            error.insert(kind, ContextValue::String(line));
        }
    }
    error
}

/// Returns whether a long option takes its value from the next word; `None` if there is no such option.
fn long_option(sub: &Command, long: &str) -> Option<bool> {
    let arg = sub.get_arguments().find(|arg| arg.get_long() == Some(long))?;
    Some(arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// Returns whether short options, such as `-s`, `-is` and `-saws`, take a value from the next word; `None` if there
/// is no such option.
fn short_options(sub: &Command, text: &str) -> Option<bool> {
    let letters = text.strip_prefix('-')?;
    let first = letters.chars().next()?;
    let find = |c: char| sub.get_arguments().find(|arg| arg.get_short() == Some(c));
    find(first)?;
    for (at, letter) in letters.char_indices() {
        let Some(arg) = find(letter) else { return Some(false) };
        if arg.get_action().takes_values() {
            return Some(at + letter.len_utf8() == letters.len());
        }
    }
    Some(false)
}

fn add_field(fields: &mut Vec<FieldArg>, word: &OsStr) -> Result<(), Failure> {
    let help = "write --KEY=VALUE, or --KEY=@FILE to take the value from a file";
    let Some(text) = word.to_str() else {
        return Err(Failure::usage("a field is not UTF-8", help));
    };
    let Some((key, value)) = text.trim_start_matches("--").split_once('=') else {
        // A word without `=` was meant as a flag, so it is not a value and can be shown.
        let message = format!("there is no option `{text}`, and a field needs a value");
        return Err(Failure::usage(message, help));
    };
    if text.starts_with("---") || !is_identifier(key) {
        let help = "a field's name is letters, digits and _, not starting with a digit; \
                    for other names, use --from-json";
        return Err(Failure::usage(format!("the field `--{key}` is malformed"), help));
    }
    if fields.iter().any(|(known, _)| known == key) {
        let message = format!("the field `{key}` occurs twice");
        return Err(Failure::usage(message, "remove one of the two"));
    }
    fields.push((key.to_owned(), value.into()));
    Ok(())
}

fn is_identifier(key: &str) -> bool {
    let mut chars = key.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    type Split = (Vec<String>, Vec<(String, String)>);

    fn take(words: &[&str]) -> Result<Split, Failure> {
        let mut command = crate::args::Arguments::command();
        command.build();
        let typed = ["secrets", "register"].iter().chain(words).map(OsString::from).collect();
        let (for_clap, fields) = take_fields(typed, &command)?;
        let text = |word: OsString| word.into_string().unwrap();
        let for_clap = for_clap.into_iter().skip(2).map(text).collect();
        Ok((for_clap, fields.into_iter().map(|(key, value)| (key, text(value))).collect()))
    }

    #[test]
    fn options_are_left_and_fields_are_taken_out() {
        let (for_clap, fields) =
            take(&["-i", "db", "--user=app", "--schema", "aws", "-s", "gcp", "--plain=x"]).unwrap();
        assert_eq!(for_clap, ["-i", "--schema", "aws", "-s", "gcp", "--plain=x", "--", "db"]);
        assert_eq!(fields, [("user".to_owned(), "app".to_owned())]);
    }

    #[test]
    fn options_of_all_commands_may_stand_before_the_command() {
        let moved = |line: &str| {
            let words = line.split(' ').map(OsString::from).collect();
            let words = move_options(words).into_iter().map(|word| word.into_string().unwrap());
            words.collect::<Vec<_>>().join(" ")
        };
        for (typed, expected) in [
            ("secrets --backend local list", "secrets list --backend local"),
            ("secrets --backend=local get db", "secrets get --backend=local db"),
            (
                "secrets --format json --profile a --backend x register db --a=b",
                "secrets --profile a register --format json --backend x db --a=b",
            ),
            ("secrets --profile a list --backend x", "secrets --profile a list --backend x"),
            ("secrets run db -- --backend", "secrets run db -- --backend"),
            ("secrets --backend x --help", "secrets --backend x --help"),
            ("secrets --backend", "secrets --backend"),
            ("secrets", "secrets"),
        ] {
            assert_eq!(moved(typed), expected);
        }
    }

    #[test]
    fn after_two_hyphens_a_field_may_be_named_like_an_option() {
        let (for_clap, fields) = take(&["db", "--", "--format=x", "--plain=y"]).unwrap();
        assert_eq!(for_clap, ["--", "db"]);
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn no_message_repeats_a_value() {
        for words in [&["db", "password=SeNtInEl"][..], &["db", "--a=SeNtInEl", "--a=SeNtInEl"]] {
            let Err(Failure::Usage { message, help }) = take(words) else {
                panic!("it must be refused")
            };
            assert!(!format!("{message}{help:?}").contains("SeNtInEl"));
        }
    }
}
