//! What is found in the environment and in the files of the AWS SDK, for messages.

use std::{error::Error, fs, io};

use crate::core::escape::escape_controls;

/// A text of the environment as it is shown: on one line.
pub(in crate::backends::aws) fn shown(text: &str) -> String {
    escape_controls(text.to_owned())
}

/// The innermost cause of an error of the SDK, as it is written.
pub(in crate::backends::aws) fn said(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let words: Vec<_> = last.to_string().split_whitespace().map(str::to_owned).collect();
    shown(&words.join(" "))
}

/// Why a file with a web identity's token cannot be read.
pub(super) fn token_file(path: &str) -> Option<String> {
    let error: io::Error = fs::read(path).err()?;
    Some(format!("the file {} cannot be read: {error}", shown(path)))
}
