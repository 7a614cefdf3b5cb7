//! Tags of secrets. A tag is not secret: who may list a secret may see its tags.

use std::str::FromStr;

use secrets_runtime::ErrorKind;

use crate::{
    failure::Failure,
    output::reporter::Reporter,
    stores::{Stores, secrets_manager::SecretsManager},
};

/// `KEY=VALUE`, split at the first `=`. The value may be empty.
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

/// Returns the backend that sets these tags, or `None` if there are no tags to set. Fails, before anything is
/// written, if the backend has no tags.
pub fn find_tagger<'a>(
    stores: &'a Stores,
    tags: &[Tag],
) -> Result<Option<&'a dyn SecretsManager>, Failure> {
    let manager = stores.secrets_manager();
    if manager.is_none() && !tags.is_empty() {
        let message = format!("secrets in {} have no tags", stores.kind());
        let help = "remove --tag, or write --backend aws-secrets-manager";
        return Err(Failure::about("", ErrorKind::NotSupported, message, help));
    }
    Ok(manager.filter(|_| !tags.is_empty()))
}

/// Sets and reports the tags of a secret that exists.
pub fn set(
    manager: &dyn SecretsManager,
    name: &str,
    tags: &[Tag],
    reporter: &Reporter,
) -> Result<(), Failure> {
    for Tag { key, value } in tags {
        manager.set_tag(name, key, value)?;
        reporter.info(&format!("tagged `{name}`: {key}={value}"));
    }
    Ok(())
}

/// Reports the tags of a secret. Someone who may read a value may be denied its tags, which is not a failure.
pub fn show(manager: &dyn SecretsManager, name: &str, reporter: &Reporter) {
    match manager.tags(name) {
        Ok(tags) => {
            tags.iter().for_each(|(key, value)| reporter.info(&format!("tag {key}={value}")));
        }
        Err(error) => {
            let reasons: Vec<_> = error.problems().iter().map(|p| p.message()).collect();
            reporter.info(&format!("the tags cannot be shown: {}", reasons.join("; ")));
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
