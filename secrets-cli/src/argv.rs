//! The fields of `register` and `update`, `--KEY=VALUE`, which may have any name: they are taken out of the
//! command line before it is parsed. No message here repeats what was typed, which may be a value.

use std::ffi::{OsStr, OsString};

use clap::{
    Command,
    error::{ContextKind, ContextValue},
};

use crate::{failure::Failure, page::MASK};

/// A field as it was typed: its key, and its value unread.
pub type Field = (String, OsString);

/// Whether errors are to be JSON: known before the command line is parsed, since that may be what is wrong.
pub fn wants_json(typed: &[OsString]) -> bool {
    let ours: Vec<_> = typed.iter().take_while(|word| *word != "--").collect();
    ours.iter().any(|word| *word == "--format=json")
        || ours.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}

/// The command line without its fields, and the fields.
///
/// Only the name of a secret is left as a positional argument, behind a `--`: it may start with a hyphen.
pub fn take_fields(
    typed: Vec<OsString>,
    command: &Command,
) -> Result<(Vec<OsString>, Vec<Field>), Failure> {
    let named = typed.get(1).filter(|_| holds_values(&typed));
    let Some(sub) = named.and_then(|name| command.find_subcommand(name)) else {
        return Ok((typed, Vec::new()));
    };
    let mut words = typed.into_iter();
    let mut kept: Vec<OsString> = words.by_ref().take(2).collect();
    let mut names = Vec::new();
    let mut fields: Vec<Field> = Vec::new();
    let mut options_end = false;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if word == "--" && !options_end {
            options_end = true;
        } else if let Some(long) = text.strip_prefix("--") {
            let key = long.split('=').next().unwrap_or_default();
            match option(sub, key).filter(|_| !options_end) {
                Some(takes_value) => {
                    let alone = !long.contains('=');
                    kept.push(word);
                    kept.extend((alone && takes_value).then(|| words.next()).flatten());
                }
                None => add(&mut fields, &word)?,
            }
        } else if let Some(takes_value) = short(sub, &text).filter(|_| !options_end) {
            kept.push(word);
            kept.extend(takes_value.then(|| words.next()).flatten());
        } else {
            names.push(word);
        }
    }
    if names.len() > 1 {
        let bare = names[1..].iter().find_map(|word| word.to_str()?.split_once('='));
        let help = match bare.filter(|(key, _)| is_identifier(key)) {
            Some((key, _)) => format!("write `--{key}=VALUE`"),
            None => "write fields as --KEY=VALUE; what follows the name and is no option is not shown here"
                .to_owned(),
        };
        return Err(Failure::usage("there is more than one name", help));
    }
    kept.push("--".into());
    kept.extend(names);
    Ok((kept, fields))
}

/// Whether it is the command line of a command that takes values.
pub fn holds_values(typed: &[OsString]) -> bool {
    typed.get(1).is_some_and(|name| name == "register" || name == "update")
}

/// The same error without what was typed for an option, which may be a value that was meant for a field.
pub fn masked(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(text)) = error.get(ContextKind::InvalidValue)
        && !text.is_empty()
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String(MASK.to_owned()));
    }
    error
}

/// Whether the option takes its value from the next word; `None` if there is no such option.
fn option(sub: &Command, long: &str) -> Option<bool> {
    let arg = sub.get_arguments().find(|arg| arg.get_long() == Some(long))?;
    Some(arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// The same for `-s` and the like; `-saws` and `-is aws` are options too.
fn short(sub: &Command, text: &str) -> Option<bool> {
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

fn add(fields: &mut Vec<Field>, word: &OsStr) -> Result<(), Failure> {
    let shape = "write --KEY=VALUE, or --KEY=@FILE to take the value from a file";
    let Some(text) = word.to_str() else {
        return Err(Failure::usage("a field is not UTF-8", shape));
    };
    let Some((key, value)) = text.trim_start_matches("--").split_once('=') else {
        // A word without `=` is a flag that was meant, hence no value.
        let message = format!("there is no option `{text}`, and a field needs a value");
        return Err(Failure::usage(message, shape));
    };
    if text.starts_with("---") || !is_identifier(key) {
        let help = "a field's name is letters, digits and _, not starting with a digit; \
                    for other names, use --from-json";
        return Err(Failure::usage(format!("the field `--{key}` is malformed"), help));
    }
    if fields.iter().any(|(known, _)| known == key) {
        let message = format!("the field `{key}` is given twice");
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

    type Taken = (Vec<String>, Vec<(String, String)>);

    fn take(words: &[&str]) -> Result<Taken, Failure> {
        let mut command = crate::args::Arguments::command();
        command.build();
        let typed = ["secrets", "register"].iter().chain(words).map(OsString::from).collect();
        let (kept, fields) = take_fields(typed, &command)?;
        let text = |word: OsString| word.into_string().unwrap();
        let kept = kept.into_iter().skip(2).map(text).collect();
        Ok((kept, fields.into_iter().map(|(key, value)| (key, text(value))).collect()))
    }

    #[test]
    fn options_are_left_and_fields_are_taken() {
        let (kept, fields) =
            take(&["-i", "db", "--user=app", "--schema", "aws", "-s", "gcp", "--plain=x"]).unwrap();
        assert_eq!(kept, ["-i", "--schema", "aws", "-s", "gcp", "--plain=x", "--", "db"]);
        assert_eq!(fields, [("user".to_owned(), "app".to_owned())]);
    }

    #[test]
    fn a_field_named_like_an_option_stands_after_two_hyphens() {
        let (kept, fields) = take(&["db", "--", "--format=x", "--plain=y"]).unwrap();
        assert_eq!(kept, ["--", "db"]);
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
