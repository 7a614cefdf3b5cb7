//! Data for standard output that may contain secret values.

use std::io::{ErrorKind as IoKind, Write};

use base64ct::{Base64, Encoding};
use secrets_runtime::{Error, ErrorKind, SecretValue};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    failure::Failure,
    output::escape::{escape_json, json_string},
};

/// Printed in place of a value.
pub const MASK: &str = "***";

/// A buffer that is printed as a whole and wiped when it is dropped, since it may contain values.
#[derive(Default)]
pub struct WipedOutput(Zeroizing<Vec<u8>>);

impl WipedOutput {
    pub fn push(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let needed = self.0.len() + text.len();
        if needed > self.0.capacity() {
            // Growing in place would leave an old copy that nobody wipes.
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()).max(1024));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(text);
    }

    /// Appends a value as a JSON string, bytes as `["base64", ".."]`, or the mask unless `reveal` is set.
    pub fn push_json(&mut self, value: &SecretValue, is_binary: bool, reveal: bool) {
        if reveal && is_binary {
            self.push("[\"base64\", ");
            self.push(&*Zeroizing::new(json_string(&text_of(value, true))));
            self.push("]");
        } else if reveal {
            self.push(&*Zeroizing::new(json_string(&text_of(value, is_binary))));
        } else {
            self.push(json_string(MASK));
        }
    }

    /// Appends JSON that a backend stores, with the characters that a terminal may act on as escapes.
    pub fn push_payload(&mut self, json: &SecretValue) -> Result<(), Error> {
        // Exposed because the user asked for the value, with `export`.
        self.push(&*Zeroizing::new(escape_json(json.expose_str()?)));
        Ok(())
    }

    /// Returns everything as one value, for a file.
    pub fn into_value(mut self) -> SecretValue {
        SecretValue::from(std::mem::take(&mut *self.0))
    }

    /// Writes everything to standard output.
    pub fn print(&self) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(&self.0).and_then(|()| out.flush()).map_err(print_failure)
    }

    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the failure for an error of standard output.
pub fn print_failure(error: std::io::Error) -> Failure {
    match error.kind() {
        IoKind::BrokenPipe => Failure::BrokenPipe,
        _ => Error::new(ErrorKind::Other, "standard output cannot be written")
            .with_cause(error)
            .into(),
    }
}

/// Returns a value as text, in base64 if it is bytes.
pub fn text_of(value: &SecretValue, is_binary: bool) -> Zeroizing<String> {
    // Exposed because the user asked for the value, with `--reveal` or `export`.
    match value.expose_str() {
        Ok(text) if !is_binary => Zeroizing::new(text.to_owned()),
        _ => Zeroizing::new(Base64::encode_string(value.expose_bytes())),
    }
}
