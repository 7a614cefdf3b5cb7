use std::path::{Path, PathBuf};

use crate::{
    backend::{MAX_VALUE_BYTES, payload::Payload},
    backends::local::{
        file_name::FileName,
        jwe::{Jwe, JweFlaw},
        key::{MAX_KID_BYTES, StoreKey},
        private_file::PrivateFile,
    },
    core::error::{Error, ErrorKind},
};

/// The longest header: a name of 512 bytes, a version and a `kid` of 256 each, every byte of them escaped, and the
/// rest.
const MAX_HEADER_BYTES: usize = 6 * (512 + 256 + MAX_KID_BYTES) + 256;
/// The longest file: header and value in base64, and the small parts.
const MAX_FILE_BYTES: usize = (MAX_HEADER_BYTES + MAX_VALUE_BYTES).div_ceil(3) * 4 + 64;

/// One version of a secret, read from its file and not yet opened.
#[derive(Debug)]
pub(super) struct StoredFile {
    path: PathBuf,
    jwe: Jwe,
}

impl StoredFile {
    /// Reads the file at `path`, which must be that of `secret`; `None` if there is none.
    pub(super) fn read(path: PathBuf, secret: &str) -> Result<Option<Self>, Error> {
        let Some(file) = Self::load(path)? else { return Ok(None) };
        let found = file.name();
        if found != secret {
            let message = format!(
                "{} is the file of the secret `{secret}`, but it holds the secret `{found}`",
                file.path.display()
            );
            return Err(Error::new(ErrorKind::DecryptionFailed, message).with_help(
                "the file was exchanged or renamed: put back the right one, or delete the secret and \
                 register it again",
            ));
        }
        Ok(Some(file))
    }

    /// Reads the file at `path`, whatever secret it holds, if the file is named after that secret; `None` if there
    /// is none.
    pub(super) fn read_any(path: PathBuf) -> Result<Option<Self>, Error> {
        let Some(file) = Self::load(path)? else { return Ok(None) };
        let expected = FileName::of(file.name()).current();
        if file.path.file_name().is_none_or(|found| found != expected.as_str()) {
            let message = format!(
                "{} holds the secret `{}`, whose file is named {expected}",
                file.path.display(),
                file.name()
            );
            return Err(Error::new(ErrorKind::DecryptionFailed, message)
                .with_help("give the file its name again, or move it out of the store"));
        }
        Ok(Some(file))
    }

    fn load(path: PathBuf) -> Result<Option<Self>, Error> {
        let Some(file) = PrivateFile::open(&path)? else { return Ok(None) };
        let text = file.read(MAX_FILE_BYTES)?;
        let jwe = Jwe::parse(&text).map_err(|flaw| explain(&path, flaw))?;
        Ok(Some(Self { path, jwe }))
    }

    /// The name of the secret, which is certain only once [`StoredFile::open`] succeeds, as everything else is.
    pub(super) fn name(&self) -> &str {
        &self.jwe.header().secret
    }

    pub(super) fn version(&self) -> &str {
        &self.jwe.header().version
    }

    /// The `kid` of the key with which it was written.
    pub(super) fn kid(&self) -> Option<&str> {
        self.jwe.header().kid.as_deref()
    }

    pub(super) fn open(self, key: &StoreKey) -> Result<Payload, Error> {
        let other = match (self.kid(), key.kid()) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Some((theirs.to_owned(), ours.to_owned()))
            }
            _ => None,
        };
        self.jwe.open(key).map_err(|flaw| match other {
            Some((theirs, ours)) if flaw == JweFlaw::Tag => {
                let path = self.path.display();
                let message =
                    format!("{path} was written with the key `{theirs}`, and the key here is `{ours}`");
                Error::new(ErrorKind::DecryptionFailed, message).with_help(
                    "set SECRETS_LOCAL_KEY_FILE to the file of that key; a secret that does not belong here can be \
                     deleted",
                )
            }
            _ => explain(&self.path, flaw),
        })
    }
}

fn explain(path: &Path, flaw: JweFlaw) -> Error {
    let path = path.display();
    let (kind, message) = match flaw {
        JweFlaw::Parts => (
            ErrorKind::InvalidConfig,
            format!(
                "{path} is not a file of the local store, or was cut or altered: it does not have the five parts of a JWE"
            ),
        ),
        JweFlaw::JweHeader(how) => (
            ErrorKind::DecryptionFailed,
            format!("{path} was altered, or written by something else: its header {how}"),
        ),
        JweFlaw::Part(which) => (
            ErrorKind::DecryptionFailed,
            format!(
                "{path} was cut or altered, or ends in a line break: {which} is not strict base64url of its length"
            ),
        ),
        JweFlaw::Tag => (
            ErrorKind::DecryptionFailed,
            format!("{path} was altered, or written with another key: it does not authenticate"),
        ),
        JweFlaw::NotText => (
            ErrorKind::Undecodable,
            format!("{path} says that it holds text, but its value is not UTF-8"),
        ),
    };
    let help = match flaw {
        JweFlaw::NotText => "write the secret again: as text in UTF-8, or as binary",
        JweFlaw::Tag => {
            "put back the file, or the key with which it was written (SECRETS_LOCAL_KEY_FILE); or delete the \
             secret and register it again"
        }
        _ => "put back the file from a copy, or delete the secret and register it again",
    };
    Error::new(kind, message).with_help(help)
}
