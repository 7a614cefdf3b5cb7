use std::path::{Path, PathBuf};

use crate::{
    backend::{MAX_VALUE_BYTES, Payload},
    backends::local::{
        file_name::FileName,
        header::JweHeader,
        jwe::{Jwe, JweFlaw, peek_header},
        key::StoreKey,
        private_file::PrivateFile,
    },
    core::error::{Error, ErrorKind},
};

/// The longest header: a name of 512 bytes and a version of 256, each byte of them escaped, and the rest.
const MAX_HEADER_BYTES: usize = 6 * (512 + 256) + 256;
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
        let Some(file) = PrivateFile::open(&path)? else {
            return Ok(None);
        };
        let text = file.read(MAX_FILE_BYTES)?;
        let jwe = Jwe::parse(&text).map_err(|flaw| explain(&path, flaw))?;
        let found = &jwe.header().secret;
        if found != secret {
            let message = format!(
                "{} is the file of the secret `{secret}`, but it holds the secret `{found}`",
                path.display()
            );
            return Err(Error::new(ErrorKind::DecryptionFailed, message).with_help(
                "the file was exchanged or renamed: put back the right one, or delete the secret and \
                 register it again",
            ));
        }
        Ok(Some(Self { path, jwe }))
    }

    /// The version, which is certain only once [`StoredFile::open`] succeeds.
    pub(super) fn version(&self) -> &str {
        &self.jwe.header().version
    }

    pub(super) fn open(self, key: &StoreKey) -> Result<Payload, Error> {
        self.jwe.open(key).map_err(|flaw| explain(&self.path, flaw))
    }
}

/// The name of the secret that a file says it holds, from its header alone: no key is needed. `None` if the
/// file is gone.
pub(super) fn peek_name(path: &Path) -> Result<Option<String>, Error> {
    let Some(file) = PrivateFile::open(path)? else {
        return Ok(None);
    };
    let start = file.read_past(b'.', MAX_HEADER_BYTES.div_ceil(3) * 4 + 1)?;
    let header: JweHeader =
        peek_header(&start).unwrap_or(Err(JweFlaw::Parts)).map_err(|flaw| explain(path, flaw))?;
    let expected = FileName::of(&header.secret).current();
    if path.file_name().is_none_or(|found| found != expected.as_str()) {
        let message = format!(
            "{} holds the secret `{}`, whose file is named {expected}",
            path.display(),
            header.secret
        );
        return Err(Error::new(ErrorKind::DecryptionFailed, message));
    }
    Ok(Some(header.secret))
}

fn explain(path: &Path, flaw: JweFlaw) -> Error {
    let path = path.display();
    let (kind, message) = match flaw {
        JweFlaw::Parts => (
            ErrorKind::InvalidConfig,
            format!(
                "{path} is no file of the local store, or was cut or altered: it has not the five parts of a JWE"
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
