use std::collections::BTreeSet;

use crate::{
    backend::payload::Payload,
    core::{
        error::{Error, ErrorKind},
        escape,
    },
};

/// A change for [`Store::update`](crate::Store::update), with the version that the secret must have.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SecretChange {
    /// Creates a secret, which must not exist.
    Create {
        /// The secret's id.
        id: String,
        /// Its content.
        payload: Payload,
    },
    /// Writes a new version of a secret whose current version must be this one.
    Replace {
        /// The secret's id.
        id: String,
        /// The current version.
        version: String,
        /// The new content.
        payload: Payload,
    },
    /// Leaves a secret as it is. Its current version must be this one.
    Keep {
        /// The secret's id.
        id: String,
        /// The current version.
        version: String,
    },
    /// Deletes a secret, which must exist.
    Delete {
        /// The secret's id.
        id: String,
        /// The version that must be the current one. With `None` it may be any.
        version: Option<String>,
    },
    /// Changes the id of a secret, with all of its versions. There must be no secret with the new id.
    Rename {
        /// The secret's id.
        id: String,
        /// The new id.
        new_id: String,
    },
}

impl SecretChange {
    /// Returns the id of the secret that is changed.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Create { id, .. }
            | Self::Replace { id, .. }
            | Self::Keep { id, .. }
            | Self::Delete { id, .. }
            | Self::Rename { id, .. } => id,
        }
    }

    /// Returns the ids in the change: two for a renaming, and one for any other.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let new = match self {
            Self::Rename { new_id, .. } => Some(new_id.as_str()),
            _ => None,
        };
        [self.id()].into_iter().chain(new)
    }

    /// Returns the version that the secret must have.
    pub(crate) fn expected_version(&self) -> Option<&str> {
        match self {
            Self::Replace { version, .. } | Self::Keep { version, .. } => Some(version),
            Self::Delete { version, .. } => version.as_deref(),
            Self::Create { .. } | Self::Rename { .. } => None,
        }
    }
}

/// Refuses changes of which two have one secret: the version that the second one expects would be in doubt.
pub(crate) fn check_distinct(changes: &[SecretChange]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let twice = changes.iter().flat_map(SecretChange::ids).find(|id| !seen.insert(*id));
    twice.map_or(Ok(()), |id| {
        let message = format!("two changes are about the secret `{}`", escape::escape_name(id));
        Err(Error::new(ErrorKind::InvalidName, message)
            .with_help("carry them out one after another"))
    })
}

pub(crate) fn exists_already(id: &str) -> Error {
    let message = format!("there is a secret `{}` already", escape::escape_name(id));
    Error::new(ErrorKind::InvalidName, message)
        .with_help("choose another name, or update that secret")
}

pub(crate) fn has_changed(id: &str) -> Error {
    let message = format!(
        "the secret `{}` was changed by another program after it was read, and is left as it is",
        escape::escape_name(id)
    );
    Error::new(ErrorKind::Conflict, message).with_help("look at what it is now, and try again")
}

pub(crate) fn is_gone(id: &str) -> Error {
    let message = format!("there is no secret `{}`", escape::escape_name(id));
    Error::new(ErrorKind::NotFound, message)
        .with_help("it may have been deleted or renamed meanwhile")
}
