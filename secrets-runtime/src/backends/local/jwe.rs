//! JWE in compact form (RFC 7516) with `dir` and `A256GCM` (RFC 7518, 4.5 and 5.3): the one kind there is here.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::{
    backend::payload::Payload,
    backends::local::{header::JweHeader, key::StoreKey, random::fill},
    core::{error::Error, secret_value::SecretValue},
};

/// A store file, taken apart and not yet opened: nothing in it can be trusted before [`Jwe::open`].
#[derive(Debug)]
pub(super) struct Jwe {
    /// The header as it is encoded: what the tag authenticates.
    protected: Vec<u8>,
    header: JweHeader,
    nonce: [u8; 12],
    ciphertext: Vec<u8>,
    tag: [u8; 16],
}

/// Why a store file cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JweFlaw {
    /// It has not five parts.
    Parts,
    /// The header is not one of ours; says how.
    JweHeader(&'static str),
    /// A part is not strict base64url, or has not its length; says which.
    Part(&'static str),
    /// The tag does not fit: altered, or of another key.
    Tag,
    /// It is opened, and says that it is text, which it is not.
    NotText,
}

/// Encrypts a value under a fresh random nonce.
///
/// A random nonce of 96 bits serves 2^32 writes with one key (NIST SP 800-38D, 8.3).
pub(super) fn seal(header: &JweHeader, plaintext: &[u8], key: &StoreKey) -> Result<String, Error> {
    let mut text = Base64UrlUnpadded::encode_string(header.to_json().as_bytes());
    let mut nonce = [0; 12];
    fill(&mut nonce)?;
    // A copy of exactly its length, which becomes the ciphertext in place: nothing is left to wipe but what
    // `Zeroizing` wipes if the encryption fails.
    let mut buffer = Zeroizing::new(plaintext.to_vec());
    let tag = key.encrypt(&nonce, text.as_bytes(), &mut buffer)?;
    // The second part is empty: with `dir` there is no encrypted key.
    for part in [&[][..], &nonce, &buffer, &tag] {
        text.push('.');
        text.push_str(&Base64UrlUnpadded::encode_string(part));
    }
    Ok(text)
}

impl Jwe {
    pub(super) fn parse(text: &[u8]) -> Result<Self, JweFlaw> {
        let mut parts = text.split(|byte| *byte == b'.');
        let mut next = || parts.next().ok_or(JweFlaw::Parts);
        let (protected, wrapped, nonce, ciphertext, tag) =
            (next()?, next()?, next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(JweFlaw::Parts);
        }
        let header = parse_header(protected)?;
        if !wrapped.is_empty() {
            return Err(JweFlaw::Part("its second part, which is empty with `dir`,"));
        }
        Ok(Self {
            protected: protected.to_vec(),
            header,
            nonce: decode_exactly(nonce).ok_or(JweFlaw::Part("its nonce"))?,
            ciphertext: decode(ciphertext).ok_or(JweFlaw::Part("its ciphertext"))?,
            tag: decode_exactly(tag).ok_or(JweFlaw::Part("its tag"))?,
        })
    }

    /// What the file says of itself.
    pub(super) fn header(&self) -> &JweHeader {
        &self.header
    }

    /// Authenticates the header and the value, and decrypts the value.
    pub(super) fn open(self, key: &StoreKey) -> Result<Payload, JweFlaw> {
        // It holds the ciphertext until the tag is found to fit, then the value, and is wiped with it.
        let mut buffer = self.ciphertext;
        key.decrypt(&self.nonce, &self.protected, &mut buffer, &self.tag)
            .map_err(|_| JweFlaw::Tag)?;
        let payload = self.header.content.payload(SecretValue::from(buffer));
        match &payload {
            Payload::Json(value) | Payload::Text(value) if !value.is_text() => {
                Err(JweFlaw::NotText)
            }
            _ => Ok(payload),
        }
    }
}

fn parse_header(protected: &[u8]) -> Result<JweHeader, JweFlaw> {
    let json = decode(protected).ok_or(JweFlaw::JweHeader("is not strict base64url"))?;
    JweHeader::parse(&json).map_err(JweFlaw::JweHeader)
}

/// Strict: no padding, no other alphabet, no white space, no bits that are left over.
fn decode(part: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; part.len() / 4 * 3 + 3];
    let length = Base64UrlUnpadded::decode(part, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

fn decode_exactly<const N: usize>(part: &[u8]) -> Option<[u8; N]> {
    decode(part)?.try_into().ok()
}
