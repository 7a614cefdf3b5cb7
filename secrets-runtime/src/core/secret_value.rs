use std::{fmt, sync::Arc};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::error::{Error, ErrorKind};

/// A secret's value: bytes that are wiped when the last holder lets go of them.
///
/// A clone is cheap and shares the bytes. `Debug` never shows them, and there is no `Display`, `Serialize`,
/// `Deref`, `PartialEq` or `AsRef<str>` by which they could get somewhere by accident: reading them is always
/// one of the two `expose_` methods.
///
/// What is *not* promised: a copy made by the caller (`expose_str()?.to_owned()`) is not wiped, nor is what
/// the operating system keeps of swapped or dumped memory.
///
/// ```
/// use secrets_runtime::SecretValue;
///
/// let password = SecretValue::from("correct horse");
/// assert_eq!(password.expose_str()?, "correct horse");
/// assert_eq!(format!("{password:?}"), "SecretValue([REDACTED])");
/// # Ok::<(), secrets_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretValue(Arc<Bytes>);

/// Whether the bytes are UTF-8 is told once, when the value is made.
enum Bytes {
    Text(Zeroizing<String>),
    Binary(Zeroizing<Vec<u8>>),
}

impl SecretValue {
    /// The value as text.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] if the bytes are not UTF-8.
    pub fn expose_str(&self) -> Result<&str, Error> {
        match &*self.0 {
            Bytes::Text(text) => Ok(text),
            Bytes::Binary(_) => {
                Err(Error::new(ErrorKind::Undecodable, "the value is not UTF-8 text")
                    .with_help("read it with `expose_bytes`"))
            }
        }
    }

    /// The value's bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        match &*self.0 {
            Bytes::Text(text) => text.as_bytes(),
            Bytes::Binary(bytes) => bytes,
        }
    }

    /// Whether both hold the same bytes, in a time that depends on their lengths alone.
    ///
    /// ```
    /// use secrets_runtime::SecretValue;
    ///
    /// assert!(SecretValue::from("a").ct_eq(&SecretValue::from("a")));
    /// assert!(!SecretValue::from("a").ct_eq(&SecretValue::from("b")));
    /// ```
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.expose_bytes().len()
    }

    /// Whether both are one value, not merely equal ones.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(&*self.0, Bytes::Text(_))
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([REDACTED])")
    }
}

impl From<String> for SecretValue {
    /// Takes the buffer over: nothing is copied, and its spare capacity is wiped too.
    fn from(text: String) -> Self {
        Self(Arc::new(Bytes::Text(Zeroizing::new(text))))
    }
}

impl From<Vec<u8>> for SecretValue {
    /// Takes the buffer over: nothing is copied, and its spare capacity is wiped too.
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::from(text),
            Err(error) => Self(Arc::new(Bytes::Binary(Zeroizing::new(error.into_bytes())))),
        }
    }
}

impl From<&str> for SecretValue {
    /// Copies the text; the original stays as it is.
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    /// From a text, bytes, a number or a boolean; the last two keep the text they are written in where the
    /// format tells it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(ValueVisitor)
        } else {
            deserializer.deserialize_byte_buf(ValueVisitor)
        }
    }
}

struct ValueVisitor;

macro_rules! visit_displayed {
    ($($method:ident: $type:ty),*) => { $(
        fn $method<E: de::Error>(self, value: $type) -> Result<SecretValue, E> {
            Ok(SecretValue::from(value.to_string()))
        }
    )* };
}

impl Visitor<'_> for ValueVisitor {
    type Value = SecretValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretValue, E> {
        Ok(SecretValue::from(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<SecretValue, E> {
        Ok(SecretValue::from(text))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<SecretValue, E> {
        Ok(SecretValue::from(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<SecretValue, E> {
        Ok(SecretValue::from(bytes))
    }

    visit_displayed!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_i128: i128, visit_u128: u128);
}
