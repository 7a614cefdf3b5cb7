use std::collections::BTreeSet;

use crate::{
    backend::{Payload, Store},
    core::{
        error::{Error, ErrorKind},
        escape,
    },
};

/// A change for [`Store::update`], with what the secret must be for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Change {
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
    /// Gives a secret another id, with all of its versions. There must be no secret with the new id.
    Rename {
        /// The secret's id.
        id: String,
        /// Its new id.
        new_id: String,
    },
}

impl Change {
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

    /// Returns the ids that the change is about: two for one that renames, and one for any other.
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

/// Refuses changes of which two are about one secret: what the second one expects would be in doubt.
pub(crate) fn check_distinct(changes: &[Change]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let twice = changes.iter().flat_map(Change::ids).find(|id| !seen.insert(*id));
    twice.map_or(Ok(()), |id| {
        let message = format!("two changes are about the secret `{}`", escape::escape_name(id));
        Err(Error::new(ErrorKind::InvalidName, message)
            .with_help("carry them out one after another"))
    })
}

/// The default of [`Store::update`].
pub(super) async fn one_after_another<S: Store + ?Sized>(
    store: &S,
    changes: Vec<Change>,
) -> Result<Vec<Option<String>>, Error> {
    check_distinct(&changes)?;
    let mut errors = Vec::new();
    // One that creates is checked by `create`, which may do so in one step.
    let is_one = matches!(changes.as_slice(), [Change::Create { .. }]);
    for change in changes.iter().filter(|_| !is_one) {
        let checked = check(store, change).await;
        errors.extend(checked.err().map(|error| error.about(change.id(), None)));
    }
    if let Some(error) = Error::join(errors) {
        return Err(error);
    }
    let (mut versions, mut done) = (Vec::new(), Vec::new());
    for change in changes {
        let name = format!("`{}`", escape::escape_name(change.id()));
        let is_kept = matches!(change, Change::Keep { .. });
        match carry_out(store, change).await {
            Ok(version) => versions.push(version),
            Err(error) if done.is_empty() => return Err(error),
            Err(error) => {
                return Err(error.append(&format!("; changed before that: {}", done.join(", "))));
            }
        }
        if !is_kept {
            done.push(name);
        }
    }
    Ok(versions)
}

async fn check<S: Store + ?Sized>(store: &S, change: &Change) -> Result<(), Error> {
    match (change, change.expected_version()) {
        (Change::Rename { .. }, _) => {
            Err(Error::new(ErrorKind::NotSupported, "this store cannot rename a secret")
                .with_help("create it with the new name, and delete it then"))
        }
        (Change::Create { id, .. }, _) => match store.version(id).await? {
            Some(_) => Err(exists_already(id)),
            None => Ok(()),
        },
        (change, Some(expected)) => match store.version(change.id()).await? {
            Some(version) if version == expected => Ok(()),
            Some(_) => Err(has_changed(change.id())),
            None => Err(is_gone(change.id())),
        },
        (_, None) => Ok(()),
    }
}

async fn carry_out<S: Store + ?Sized>(store: &S, change: Change) -> Result<Option<String>, Error> {
    match change {
        Change::Create { id, payload } => store.create(&id, payload).await.map(Some),
        Change::Replace { id, payload, .. } => store.put(&id, payload).await.map(Some),
        Change::Keep { version, .. } => Ok(Some(version)),
        Change::Delete { id, .. } => match store.delete(&id).await? {
            true => Ok(None),
            false => Err(is_gone(&id)),
        },
        // `check` has refused it.
        Change::Rename { id, .. } => Err(is_gone(&id)),
    }
}

pub(crate) fn exists_already(id: &str) -> Error {
    let message = format!("there is a secret `{}` already", escape::escape_name(id));
    Error::new(ErrorKind::InvalidName, message)
        .with_help("choose another name, or update that secret")
}

pub(crate) fn has_changed(id: &str) -> Error {
    let message = format!(
        "the secret `{}` was changed by another program after it was read; nothing was changed",
        escape::escape_name(id)
    );
    Error::new(ErrorKind::Conflict, message).with_help("look at what it is now, and try again")
}

fn is_gone(id: &str) -> Error {
    let message = format!("there is no secret `{}`", escape::escape_name(id));
    Error::new(ErrorKind::NotFound, message)
        .with_help("it may have been deleted or renamed meanwhile")
}
