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

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        sync::{Mutex, MutexGuard},
    };

    use super::*;
    use crate::backend::BoxFuture;

    /// A user's store, which has the methods that it must have: each secret's version is how often it was written.
    #[derive(Default)]
    struct Table {
        secrets: Mutex<BTreeMap<String, usize>>,
        /// What cannot be written.
        refused: Option<&'static str>,
    }

    impl Table {
        fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
            self.secrets.lock().expect("nobody panics")
        }
    }

    impl Store for Table {
        fn put<'a>(&'a self, id: &'a str, _: Payload) -> BoxFuture<'a, Result<String, Error>> {
            Box::pin(async move {
                if self.refused == Some(id) {
                    return Err(Error::new(ErrorKind::AccessDenied, "it is not permitted"));
                }
                let mut secrets = self.lock();
                let version = secrets.entry(id.to_owned()).or_default();
                *version += 1;
                Ok(version.to_string())
            })
        }

        fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
            Box::pin(async move { Ok(self.lock().remove(id).is_some()) })
        }

        fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
            Box::pin(async move { Ok(self.lock().keys().cloned().collect()) })
        }

        fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
            Box::pin(async move {
                let version = self.lock().get(id).map(ToString::to_string);
                version.map(|version| vec![version]).ok_or_else(|| is_gone(id))
            })
        }
    }

    fn payload() -> Payload {
        Payload::Text("SeNtInEl".into())
    }

    fn create(id: &str) -> Change {
        Change::Create { id: id.into(), payload: payload() }
    }

    fn replace(id: &str, version: &str) -> Change {
        Change::Replace { id: id.into(), version: version.into(), payload: payload() }
    }

    fn keep(id: &str, version: &str) -> Change {
        Change::Keep { id: id.into(), version: version.into() }
    }

    fn delete(id: &str, version: Option<&str>) -> Change {
        Change::Delete { id: id.into(), version: version.map(Into::into) }
    }

    #[test]
    fn a_users_store_compares_versions_and_creates_what_is_not_there() {
        let table = Table::default();
        assert_eq!(table.create_blocking("a", payload()).expect("it is created"), "1");
        let error = table.create_blocking("a", payload()).expect_err("it exists");
        assert_eq!(error.kind(), ErrorKind::InvalidName);
        assert_eq!(table.version_blocking("a").expect("it is read").as_deref(), Some("1"));
        assert_eq!(table.version_blocking("b").expect("it is read"), None);
        let changes = vec![replace("a", "1"), create("b"), create("c")];
        let versions = table.update_blocking(changes).expect("they are made");
        assert_eq!(versions, ["2", "1", "1"].map(|version| Some(version.to_owned())));
        let changes = vec![keep("a", "2"), delete("b", Some("1")), delete("c", None)];
        let versions = table.update_blocking(changes).expect("they are made");
        assert_eq!(versions, [Some("2".to_owned()), None, None]);
        assert_eq!(table.list_blocking().expect("the list"), ["a"]);
    }

    #[test]
    fn a_users_store_changes_nothing_unless_all_versions_are_right() {
        let table = Table::default();
        table.put_blocking("a", payload()).expect("it is written");
        let rename = Change::Rename { id: "a".into(), new_id: "b".into() };
        for (changes, kinds) in [
            (vec![create("a"), create("b")], vec![ErrorKind::InvalidName]),
            (vec![create("b"), replace("a", "0")], vec![ErrorKind::Conflict]),
            (
                vec![keep("a", "0"), delete("b", Some("1"))],
                vec![ErrorKind::Conflict, ErrorKind::NotFound],
            ),
            (vec![create("b"), rename], vec![ErrorKind::InvalidName]),
            (
                vec![create("b"), Change::Rename { id: "a".into(), new_id: "c".into() }],
                vec![ErrorKind::NotSupported],
            ),
            (vec![delete("b", None)], vec![ErrorKind::NotFound]),
        ] {
            let error = table.update_blocking(changes).expect_err("it is refused");
            let found: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
            assert_eq!(found, kinds, "{error}");
            assert_eq!(table.version_blocking("a").expect("it is read").as_deref(), Some("1"));
            assert_eq!(table.list_blocking().expect("the list"), ["a"]);
        }
    }

    #[test]
    fn the_error_of_a_users_store_says_what_was_changed_before_it() {
        let table = Table { refused: Some("c"), ..Table::default() };
        let error = table.update_blocking(vec![create("a"), create("b"), create("c")]);
        let error = error.expect_err("one is refused");
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(error.to_string().contains("; changed before that: `a`, `b`"), "{error}");
        let error = table.update_blocking(vec![create("c")]).expect_err("it is refused");
        assert!(!error.to_string().contains("changed before"), "{error}");
    }
}
