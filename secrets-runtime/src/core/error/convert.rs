use std::{io, str::FromStr};

use secrets_spec::closest;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::core::error::{Error, ErrorKind, Problem};

impl From<Error> for io::Error {
    /// For functions that return `io::Result`: the kind is the nearest of `std`, and `get_ref` has the error.
    fn from(error: Error) -> Self {
        Self::new(nearest(error.kind()), error)
    }
}

fn nearest(kind: ErrorKind) -> io::ErrorKind {
    match kind {
        ErrorKind::NotFound | ErrorKind::KeyNotFound | ErrorKind::Deleted => {
            io::ErrorKind::NotFound
        }
        ErrorKind::AccessDenied
        | ErrorKind::Leaked
        | ErrorKind::RoleDenied
        | ErrorKind::NotRequested => io::ErrorKind::PermissionDenied,
        ErrorKind::DecryptionFailed | ErrorKind::InvalidValue | ErrorKind::Undecodable => {
            io::ErrorKind::InvalidData
        }
        ErrorKind::InvalidSource
        | ErrorKind::InvalidName
        | ErrorKind::InvalidConfig
        | ErrorKind::Collision
        | ErrorKind::Ambiguous => io::ErrorKind::InvalidInput,
        ErrorKind::Conflict => io::ErrorKind::ResourceBusy,
        ErrorKind::Throttled => io::ErrorKind::ResourceBusy,
        ErrorKind::Timeout => io::ErrorKind::TimedOut,
        ErrorKind::NotSupported => io::ErrorKind::Unsupported,
        ErrorKind::Unavailable | ErrorKind::NoContext | ErrorKind::Other => io::ErrorKind::Other,
    }
}

impl FromStr for ErrorKind {
    type Err = Error;

    /// Parses a kind's name, as [`ErrorKind::as_str`] returns it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if there is no such kind.
    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().copied().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| {
            let names = || Self::ALL.iter().map(|kind| kind.as_str());
            let help = match closest(name, names()) {
                Some(better) => format!("did you mean {better}?"),
                None => format!("the kinds are {}", names().collect::<Vec<_>>().join(", ")),
            };
            Error::new(Self::InvalidName, "there is no such kind of error").with_help(help)
        })
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut problem = serializer.serialize_struct("Problem", 5)?;
        problem.serialize_field("kind", &self.kind())?;
        problem.serialize_field("source", self.origin())?;
        problem.serialize_field("backend", &self.backend())?;
        problem.serialize_field("message", self.message())?;
        problem.serialize_field("help", &self.help())?;
        problem.end()
    }
}
