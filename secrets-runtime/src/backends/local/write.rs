use serde::de::IgnoredAny;

use crate::{
    backend::{MAX_VALUE_BYTES, Payload},
    backends::local::{
        Local, check_name,
        file_name::FileName,
        folder::LockedFolder,
        header::{ContentType, JweHeader},
        jwe,
        key::StoreKey,
        random::uuid,
        read::Stage,
    },
    core::{
        error::{Error, ErrorKind},
        warning,
    },
};

/// Writing: one writer at a time.
impl Local {
    pub(super) fn put_now(&self, name: &str, payload: &Payload) -> Result<String, Error> {
        check_name(name)?;
        check_payload(payload)?;
        let folder = self.folder.lock()?;
        let key = self.key_to_write(&folder)?;
        let file = FileName::of(name);
        // What cannot be read is not written over: with a key that is not the store's, that would push what
        // the right key opens out of the store, one write after the other.
        if let Some(current) = self.read(Stage::Current, &file, name)? {
            current.open(&key)?;
        }
        let header = JweHeader {
            content: ContentType::of(payload),
            secret: name.to_owned(),
            version: uuid()?,
        };
        // Exposed to be encrypted.
        let text = jwe::seal(&header, payload.value().expose_bytes(), &key)?;
        folder.replace(&file, text.as_bytes())?;
        Ok(header.version)
    }

    fn key_to_write(&self, folder: &LockedFolder<'_>) -> Result<StoreKey, Error> {
        // A new key beside files of an old one would hide that the old one is lost.
        if std::fs::exists(self.key_file()).is_ok_and(|exists| !exists) && folder.holds_secrets()? {
            return Err(self.lost_key());
        }
        let (key, made) = self.key_file.load_or_make()?;
        if made {
            warning::warn(&format!(
                "made the key of {self}: {}. Keep a copy of it in a safe place: without it the secrets in \
                 the store are lost",
                self.key_file().display()
            ));
        }
        Ok(key)
    }

    pub(super) fn delete_now(&self, name: &str) -> Result<bool, Error> {
        check_name(name)?;
        if !self.folder.check()? {
            return Ok(false);
        }
        self.folder.lock()?.remove(&FileName::of(name))
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
