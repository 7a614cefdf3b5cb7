use sha2::{Digest, Sha256};

const ENDING: &str = ".jwe";
const PREVIOUS_ENDING: &str = ".previous.jwe";

/// How many characters of a secret's name its file shows.
const SHOWN: usize = 40;

/// The names of a secret's two files: `<up to 40 of [a-z0-9_-] of the lower-cased name>-<SHA-256 of the name
/// in hex>`, and then `.jwe` or `.previous.jwe`.
///
/// The readable part is for people. The hash keeps any two secrets apart, also on file systems that fold
/// case, and lets a name hold anything. The order is that of the readable part, and then that of the hash: it
/// depends on the secrets' names alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    shown: Box<str>,
    /// 32 bytes and not the text: of a store's whole folder these are held at once.
    hash: [u8; 32],
}

impl FileName {
    pub(super) fn of(secret: &str) -> Self {
        let shown: String = secret.to_lowercase().chars().filter(is_shown).take(SHOWN).collect();
        Self { shown: shown.into(), hash: Sha256::digest(secret.as_bytes()).into() }
    }

    /// Reads the name of the file of a current version; `None` if no secret's file has it.
    pub(super) fn of_current(file: &str) -> Option<Self> {
        let stem = file.strip_suffix(ENDING)?;
        let (shown, hex) = stem.rsplit_once('-')?;
        if shown.len() > SHOWN || !shown.chars().all(|c| is_shown(&c)) || hex.len() != 64 {
            return None;
        }
        let (mut hash, mut all) = ([0; 32], 0);
        for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let (high, low) = (VALUES[usize::from(digits[0])], VALUES[usize::from(digits[1])]);
            *byte = high << 4 | low;
            all |= high | low;
        }
        (all < 16).then(|| Self { shown: shown.into(), hash })
    }

    pub(super) fn current(&self) -> String {
        self.with(ENDING)
    }

    pub(super) fn previous(&self) -> String {
        self.with(PREVIOUS_ENDING)
    }

    /// Whether a file of this name holds the current version of some secret.
    pub(super) fn is_current(file: &str) -> bool {
        file.ends_with(ENDING) && !file.ends_with(PREVIOUS_ENDING)
    }

    fn with(&self, ending: &str) -> String {
        let mut name = String::with_capacity(self.shown.len() + 65 + ending.len());
        name.push_str(&self.shown);
        name.push('-');
        for byte in self.hash {
            name.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
        name.push_str(ending);
        name
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of each digit, and 255 for what is not a digit. A table, since the digits of hashes are random and a
/// processor guesses every branch on them wrongly.
const VALUES: [u8; 256] = {
    let (mut values, mut digit) = ([u8::MAX; 256], 0);
    while digit < 16 {
        values[DIGITS[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

fn is_shown(c: &char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_read_as_it_is_written() {
        let long = "n".repeat(100);
        for secret in ["db", "Prod/DB-1", "-", "名", "a.previous", &long] {
            let name = FileName::of(secret);
            assert_eq!(FileName::of_current(&name.current()), Some(name.clone()), "{secret}");
            assert_eq!(FileName::of_current(&name.previous()), None, "{secret}");
        }
    }

    #[test]
    fn what_no_secret_s_file_is_named_is_no_file_name() {
        let good = FileName::of("db").current();
        let long = good.replacen("db", &"n".repeat(41), 1);
        let shouted = good.to_uppercase().replace(".JWE", ".jwe");
        let cut = good.replace(".jwe", "");
        let odd = good.replacen("db", "d.b", 1);
        for file in ["", ".jwe", "-.jwe", "other.jwe", &good[3..], &cut, &odd, &long, &shouted] {
            assert_eq!(FileName::of_current(file), None, "{file}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_part_for_people() {
        let sorted = ["", "A", "a-b", "a b c", "ABD", "b/a", "c"];
        let mut names = sorted.map(FileName::of);
        names.sort();
        assert_eq!(names, sorted.map(FileName::of));
    }
}
