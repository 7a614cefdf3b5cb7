use std::{convert::Infallible, ffi::OsString, fmt, str::FromStr, sync::Arc};

#[cfg(feature = "secrecy")]
use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::error::{Error, ErrorKind};

/// A secret's value: bytes that are wiped when the last clone is dropped.
///
/// A clone is cheap and shares the bytes. `Debug` never shows them, and there is no `Display`, `Serialize`,
/// `Deref`, `PartialEq` or `AsRef<str>` through which they could leak by accident: only the two `expose_` methods read
/// them. A value is created from owned texts and bytes, whose buffers it takes over, or from borrowed ones, which it
/// copies.
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

/// Whether the bytes are UTF-8 is checked once, when the value is made.
enum Bytes {
    Text(Zeroizing<String>),
    Binary(Zeroizing<Vec<u8>>),
}

impl SecretValue {
    /// Returns the value as text.
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

    /// Returns the value's bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        match &*self.0 {
            Bytes::Text(text) => text.as_bytes(),
            Bytes::Binary(bytes) => bytes,
        }
    }

    /// Whether both have the same bytes, in a time that depends on their lengths alone.
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

    /// Returns how many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.expose_bytes().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose_bytes().is_empty()
    }

    /// Whether both are one value, not merely equal ones.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns a handle that keeps no bytes.
    #[cfg(feature = "mask")]
    pub(crate) fn downgrade(&self) -> WeakSecretValue {
        WeakSecretValue(Arc::downgrade(&self.0))
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(&*self.0, Bytes::Text(_))
    }
}

/// A value, as long as somebody else holds it.
#[cfg(feature = "mask")]
pub(crate) struct WeakSecretValue(std::sync::Weak<Bytes>);

#[cfg(feature = "mask")]
impl WeakSecretValue {
    /// Returns the value, unless its bytes are wiped.
    pub(crate) fn upgrade(&self) -> Option<SecretValue> {
        self.0.upgrade().map(SecretValue)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Returns what no other value has that is still known by a handle.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([REDACTED])")
    }
}

impl Default for SecretValue {
    /// Returns the empty text.
    fn default() -> Self {
        Self::from(String::new())
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

impl From<Box<str>> for SecretValue {
    /// Takes the buffer over: nothing is copied.
    fn from(text: Box<str>) -> Self {
        Self::from(String::from(text))
    }
}

impl From<OsString> for SecretValue {
    /// Takes the buffer over: nothing is copied.
    fn from(text: OsString) -> Self {
        Self::from(text.into_encoded_bytes())
    }
}

impl From<Zeroizing<String>> for SecretValue {
    /// Takes the buffer over: nothing is copied.
    fn from(mut text: Zeroizing<String>) -> Self {
        Self::from(std::mem::take(&mut *text))
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretValue {
    /// Takes the buffer over: nothing is copied.
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self::from(std::mem::take(&mut *bytes))
    }
}

impl From<&str> for SecretValue {
    /// Copies the text; the original stays as it is.
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl FromStr for SecretValue {
    type Err = Infallible;

    /// Copies the text; the original stays as it is.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text))
    }
}

#[cfg(feature = "secrecy")]
impl From<SecretString> for SecretValue {
    /// Copies the text. The original is wiped.
    fn from(text: SecretString) -> Self {
        // Its buffer cannot be taken over.
        Self::from(text.expose_secret())
    }
}

#[cfg(feature = "secrecy")]
impl TryFrom<&SecretValue> for SecretString {
    type Error = Error;

    /// Copies the text. Each copy is wiped when it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] if the bytes are not UTF-8.
    fn try_from(value: &SecretValue) -> Result<Self, Error> {
        // A box of the text's own size: a string's would be moved to one, and leave a copy.
        Ok(Self::from(Box::<str>::from(value.expose_str()?)))
    }
}

#[cfg(feature = "secrecy")]
impl TryFrom<SecretValue> for SecretString {
    type Error = Error;

    /// Copies the text. The value is wiped, if it was the last clone.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`] if the bytes are not UTF-8.
    fn try_from(value: SecretValue) -> Result<Self, Error> {
        Self::try_from(&value)
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    /// Reads a text, bytes, a number or a boolean; the last two keep the text they are written in, where the
    /// format passes it on.
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
        f.write_str("one value")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_texts_are_taken_over() {
        for make in [
            |text: String| SecretValue::from(Zeroizing::new(text)),
            |text: String| SecretValue::from(Zeroizing::new(text.into_bytes())),
            |text: String| SecretValue::from(OsString::from(text)),
            |text: String| SecretValue::from(text.into_boxed_str()),
        ] {
            // A buffer of the text's own size, so that a box need not be moved.
            let text = String::from("SeNtInEl");
            let at = text.as_ptr();
            let value = make(text);
            assert_eq!(value.expose_bytes().as_ptr(), at);
            assert_eq!(value.expose_str().expect("a text"), "SeNtInEl");
        }
    }

    #[test]
    fn lengths_and_the_empty_value() {
        assert!(SecretValue::default().is_empty() && SecretValue::default().expose_str().is_ok());
        let Ok(value) = "äb".parse::<SecretValue>();
        assert!(value.len() == 3 && !value.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf_8_keeps_its_bytes() {
        use std::os::unix::ffi::OsStringExt;
        let value = SecretValue::from(OsString::from_vec(vec![b'a', 0xff]));
        assert_eq!(value.expose_bytes(), b"a\xff");
        assert!(value.expose_str().is_err());
    }

    #[cfg(feature = "secrecy")]
    #[test]
    fn texts_go_to_secrecy_and_come_back() {
        let value = SecretValue::from(SecretString::from("SeNtInEl"));
        let text = SecretString::try_from(&value).expect("a text");
        assert_eq!(text.expose_secret(), "SeNtInEl");
        assert!(SecretValue::from(text).ct_eq(&value));
        let error = SecretString::try_from(SecretValue::from(vec![0xff])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
    }
}
