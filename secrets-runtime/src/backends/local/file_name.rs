use std::fmt::Write;

use sha2::{Digest, Sha256};

const ENDING: &str = ".jwe";
const PREVIOUS_ENDING: &str = ".previous.jwe";

/// How many characters of a secret's name its file shows.
const SHOWN: usize = 40;

/// The names of a secret's two files: `<up to 40 of [a-z0-9_-] of the lower-cased name>-<SHA-256 of the name
/// in hex>`, and then `.jwe` or `.previous.jwe`.
///
/// The readable part is for people. The hash keeps any two secrets apart, also on file systems that fold
/// case, and lets a name hold anything.
#[derive(Debug, Clone)]
pub(super) struct FileName(String);

impl FileName {
    pub(super) fn of(secret: &str) -> Self {
        let shown = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
        let mut stem: String = secret.to_lowercase().chars().filter(shown).take(SHOWN).collect();
        stem.push('-');
        for byte in Sha256::digest(secret.as_bytes()) {
            // Writing into a `String` cannot fail.
            let _ = write!(stem, "{byte:02x}");
        }
        Self(stem)
    }

    pub(super) fn current(&self) -> String {
        format!("{}{ENDING}", self.0)
    }

    pub(super) fn previous(&self) -> String {
        format!("{}{PREVIOUS_ENDING}", self.0)
    }

    /// Whether a file of this name holds the current version of some secret.
    pub(super) fn is_current(file: &str) -> bool {
        file.ends_with(ENDING) && !file.ends_with(PREVIOUS_ENDING)
    }
}
