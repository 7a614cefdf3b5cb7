//! `secrets.lock`: the names and keys of the secrets that exist, against which programs are checked when they compile.

pub(crate) mod comments;
pub(crate) mod declared;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod gap;
pub(crate) mod readable_keys;
pub(crate) mod reader;
pub(crate) mod search;
pub(crate) mod table;
