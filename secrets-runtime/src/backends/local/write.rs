use std::io;

use serde::de::IgnoredAny;

use crate::{
    backend::{
        MAX_VALUE_BYTES,
        change::{SecretChange, check_distinct, exists_already, has_changed},
        payload::Payload,
    },
    backends::local::{
        Local, check_name,
        error::failure,
        file_name::FileName,
        folder::LockedFolder,
        header::{ContentType, JweHeader},
        journal::Edit,
        jwe,
        key::StoreKey,
        random::uuid,
        read::Stage,
        stored::StoredFile,
    },
    core::{
        error::{Error, ErrorKind},
        warning,
    },
};

/// How many files are tried to find one that opens with the key. The first one does, unless something is wrong.
const MAX_TRIED: usize = 100;

/// Writing: one writer at a time. What is read to decide what to write is read by the writer.
impl Local {
    pub(super) fn put_now(&self, name: &str, payload: &Payload) -> Result<String, Error> {
        check_name(name)?;
        check_payload(payload)?;
        let folder = self.folder.lock(self.timeout)?;
        let mut writer = Writer::new(self, &folder);
        let current = self.read(Stage::Current, &FileName::of(name), name)?;
        let (edit, version) = writer.write(name, payload, current)?;
        folder.apply(&[edit])?;
        Ok(version)
    }

    pub(super) fn delete_now(&self, name: &str) -> Result<bool, Error> {
        let change = SecretChange::Delete { id: name.to_owned(), version: None };
        match self.update_now(&[change]) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn update_now(
        &self,
        changes: &[SecretChange],
    ) -> Result<Vec<Option<String>>, Error> {
        let check = |change: &SecretChange| {
            change.ids().try_for_each(check_name)?;
            match change {
                SecretChange::Create { payload, .. } | SecretChange::Replace { payload, .. } => {
                    check_payload(payload)
                }
                _ => Ok(()),
            }
        };
        for_each(changes, check)?;
        check_distinct(changes)?;
        let is_there = self.folder.check()?;
        if !is_there && !changes.iter().any(|change| matches!(change, SecretChange::Create { .. }))
        {
            // Nothing of them can be done, and a folder is not made for that.
            let absent =
                |change: &SecretChange| self.not_found(change.id()).about(change.id(), None);
            return Error::join(changes.iter().map(absent)).map_or(Ok(Vec::new()), Err);
        }
        let folder = self.folder.lock(self.timeout)?;
        let mut writer = Writer::new(self, &folder);
        let planned = for_each(changes, |change| writer.plan(change))?;
        let (edits, versions): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
        folder.apply(&edits.into_iter().flatten().collect::<Vec<_>>())?;
        Ok(versions)
    }
}

/// Calls `each` for every change. Fails with every error, each of which is about the secret of its change.
fn for_each<T>(
    changes: &[SecretChange],
    mut each: impl FnMut(&SecretChange) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let (mut done, mut errors) = (Vec::new(), Vec::new());
    for change in changes {
        match each(change) {
            Ok(result) => done.push(result),
            Err(error) => errors.push(error.about(change.id(), None)),
        }
    }
    Error::join(errors).map_or(Ok(done), Err)
}

/// The one who has the lock: plans what becomes of the files.
struct Writer<'a> {
    local: &'a Local,
    folder: &'a LockedFolder<'a>,
    key: Option<StoreKey>,
    /// Whether the key is known to be the one of the store.
    is_key_checked: bool,
}

impl<'a> Writer<'a> {
    fn new(local: &'a Local, folder: &'a LockedFolder<'a>) -> Self {
        Self { local, folder, key: None, is_key_checked: false }
    }

    /// What becomes of the files, and the version that the secret has then.
    fn plan(&mut self, change: &SecretChange) -> Result<(Vec<Edit>, Option<String>), Error> {
        let name = change.id();
        let file = FileName::of(name);
        if let SecretChange::Delete { version: None, .. } = change {
            // Whether or not it can be read.
            let path = self.local.folder.file(&file.current());
            return match std::fs::symlink_metadata(&path) {
                Ok(_) => Ok((vec![Edit::Remove { name: file }], None)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Err(self.local.not_found(name))
                }
                Err(error) => Err(failure("delete", &path, &error)),
            };
        }
        let current = self.local.read(Stage::Current, &file, name)?;
        if let SecretChange::Create { payload, .. } = change {
            if current.is_some() {
                return Err(exists_already(name));
            }
            let (edit, version) = self.write(name, payload, None)?;
            return Ok((vec![edit], Some(version)));
        }
        let current = current.ok_or_else(|| self.local.not_found(name))?;
        if change.expected_version().is_some_and(|version| version != current.version()) {
            return Err(has_changed(name));
        }
        match change {
            SecretChange::Replace { payload, .. } => {
                let (edit, version) = self.write(name, payload, Some(current))?;
                Ok((vec![edit], Some(version)))
            }
            SecretChange::Rename { new_id, .. } => self.rename(name, current, new_id),
            SecretChange::Delete { .. } => Ok((vec![Edit::Remove { name: file }], None)),
            SecretChange::Keep { .. } | SecretChange::Create { .. } => {
                Ok((Vec::new(), Some(current.version().to_owned())))
            }
        }
    }

    fn write(
        &mut self,
        name: &str,
        payload: &Payload,
        current: Option<StoredFile>,
    ) -> Result<(Edit, String), Error> {
        let key = self.load_key()?;
        match current {
            // What cannot be read is not written over: with a key that is not the store's, that would push what
            // the right key opens out of the store, one write after the other.
            Some(current) => {
                current.open(key)?;
                self.is_key_checked = true;
            }
            None => self.check_key()?,
        }
        let version = uuid()?;
        let content = seal(name, &version, payload, self.load_key()?)?;
        Ok((Edit::Write { name: FileName::of(name), content }, version))
    }

    /// Encrypts both versions with the new name, which each file contains.
    fn rename(
        &mut self,
        name: &str,
        current: StoredFile,
        new: &str,
    ) -> Result<(Vec<Edit>, Option<String>), Error> {
        let new_file = FileName::of(new);
        if self.local.read(Stage::Current, &new_file, new)?.is_some() {
            return Err(exists_already(new));
        }
        let previous = self.local.read(Stage::Previous, &FileName::of(name), name)?;
        let key = self.load_key()?;
        let again = |stored: StoredFile| {
            let version = stored.version().to_owned();
            let content = seal(new, &version, &stored.open(key)?, key)?;
            Ok::<_, Error>((content, version))
        };
        let (current, version) = again(current)?;
        let previous = previous.map(again).transpose()?.filter(|(_, it)| *it != version);
        let previous = previous.map(|(content, _)| content);
        let edits = vec![
            Edit::Restore { name: new_file, current, previous },
            Edit::Remove { name: FileName::of(name) },
        ];
        Ok((edits, Some(version)))
    }

    fn load_key(&mut self) -> Result<&StoreKey, Error> {
        Ok(match self.key.take() {
            Some(key) => self.key.insert(key),
            None => {
                let key = self.local.key_to_write(self.folder)?;
                self.key.insert(key)
            }
        })
    }

    /// Refuses a key that opens none of the secrets: what it wrote, the store's own key would not open.
    fn check_key(&mut self) -> Result<(), Error> {
        if self.is_key_checked {
            return Ok(());
        }
        let (local, mut other) = (self.local, None);
        let files = self.folder.current_files()?;
        let key = self.load_key()?;
        for file in files.take(MAX_TRIED) {
            // A damaged file says nothing of its key.
            let Ok(Some(stored)) = StoredFile::read_any(local.folder.file(&file?)) else {
                continue;
            };
            let kid = stored.kid().map(str::to_owned);
            match stored.open(key) {
                Ok(_) => {
                    other = None;
                    break;
                }
                Err(_) => {
                    other.get_or_insert(kid);
                }
            }
        }
        if let Some(kid) = other {
            return Err(local.foreign_key(kid.as_deref(), key.kid()));
        }
        self.is_key_checked = true;
        Ok(())
    }
}

fn seal(name: &str, version: &str, payload: &Payload, key: &StoreKey) -> Result<String, Error> {
    let header = JweHeader {
        kid: key.kid().map(str::to_owned),
        content: ContentType::of(payload),
        secret: name.to_owned(),
        version: version.to_owned(),
    };
    // Exposed to be encrypted.
    jwe::seal(&header, payload.value().expose_bytes(), key)
}

impl Local {
    fn key_to_write(&self, folder: &LockedFolder<'_>) -> Result<StoreKey, Error> {
        // A new key beside files of an old one would hide that the old one is lost.
        if std::fs::exists(self.key_file()).is_ok_and(|exists| !exists) && folder.holds_secrets()? {
            return Err(self.lost_key());
        }
        let (key, made) = self.key_file.load_or_make(self.timeout)?;
        if made {
            warning::warn(&format!(
                "made the key of {self}: {}. Keep a copy of it in a safe place: without it the secrets in \
                 the store are lost",
                self.key_file().display()
            ));
        }
        Ok(key)
    }

    /// The error of a key that is not the one of the store.
    fn foreign_key(&self, theirs: Option<&str>, ours: Option<&str>) -> Error {
        let key_file = self.key_file().display();
        let message = match (theirs, ours) {
            (Some(theirs), Some(ours)) if theirs != ours => format!(
                "{self} was written with the key `{theirs}`, and {key_file} is the key `{ours}`: nothing is \
                 written with it"
            ),
            _ => format!(
                "{key_file} is not the key with which {self} was written: it opens none of the secrets there, and \
                 nothing is written with it"
            ),
        };
        Error::new(ErrorKind::DecryptionFailed, message).with_help(
            "set SECRETS_LOCAL_KEY_FILE to the file of the store's key, or SECRETS_LOCAL_DIR to another folder",
        )
    }
}

/// Refuses what could never be read again as what it is. That no field stands twice, and what else a set of
/// fields must be, is looked at where fields are made of it.
fn check_payload(payload: &Payload) -> Result<(), Error> {
    let value = payload.value();
    if value.len() > MAX_VALUE_BYTES {
        let message = format!(
            "the value has {} bytes, and at most {MAX_VALUE_BYTES} are stored",
            value.len()
        );
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help("keep a key here and what it encrypts elsewhere, or split the value"));
    }
    match payload {
        Payload::Binary(_) => Ok(()),
        Payload::Text(_) | Payload::Json(_) if !value.is_text() => {
            Err(Error::new(ErrorKind::Undecodable, "the value is not UTF-8 text")
                .with_help("store it as binary"))
        }
        Payload::Text(_) => Ok(()),
        Payload::Json(value) => {
            // Exposed to be checked; the error of the JSON reader may show a part of it and is dropped.
            let text = value.expose_bytes();
            let is_object = text.trim_ascii_start().starts_with(b"{")
                && serde_json::from_slice::<IgnoredAny>(text).is_ok();
            if is_object {
                return Ok(());
            }
            Err(Error::new(ErrorKind::Undecodable, "the value is not a JSON object")
                .with_help(r#"write {"field": "value"}, or store it as plain text"#))
        }
    }
}
