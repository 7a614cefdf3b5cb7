//! A tag of a secret: words about it, which anybody may see who may list it.

use std::str::FromStr;

use secrets_runtime::ErrorKind;

use crate::{failure::Failure, manager::Manager, shelf::Shelf, words::Words};

/// `KEY=VALUE`, split at the first `=`; the value may be empty.
#[derive(Debug, Clone)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

impl FromStr for Tag {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err("write KEY=VALUE"),
        }
    }
}

/// The one that sets these tags, looked for before anything is written; `None` if there are none to set.
pub fn setter<'a>(shelf: &'a Shelf, tags: &[Tag]) -> Result<Option<Manager<'a>>, Failure> {
    let manager = shelf.manager();
    if manager.is_none() && !tags.is_empty() {
        let message = format!("secrets in {} have no tags", shelf.kind());
        let help = "remove --tag, or write --backend aws-secrets-manager";
        return Err(Failure::about("", ErrorKind::NotSupported, message, help));
    }
    Ok(manager.filter(|_| !tags.is_empty()))
}

/// Sets the tags of a secret that is there, and says so.
pub fn set(manager: Manager<'_>, name: &str, tags: &[Tag], words: &Words) -> Result<(), Failure> {
    for Tag { key, value } in tags {
        manager.tag(name, key, value)?;
        words.say(&format!("tagged `{name}`: {key}={value}"));
    }
    Ok(())
}

/// Says the tags of a secret. Who may read a value need not be permitted to see them: then that is said.
pub fn show(manager: Manager<'_>, name: &str, words: &Words) {
    match manager.tags(name) {
        Ok(tags) => tags.iter().for_each(|(key, value)| words.say(&format!("tag {key}={value}"))),
        Err(error) => {
            let why: Vec<_> = error.problems().iter().map(|problem| problem.message()).collect();
            words.say(&format!("the tags cannot be shown: {}", why.join("; ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_split_at_the_first_equals_sign() {
        let Tag { key, value } = "team/x=a=b".parse().unwrap();
        assert_eq!((key.as_str(), value.as_str()), ("team/x", "a=b"));
        assert_eq!("k=".parse::<Tag>().unwrap().value, "");
        assert!("k".parse::<Tag>().is_err() && "=v".parse::<Tag>().is_err());
    }
}
