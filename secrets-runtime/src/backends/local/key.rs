use std::fmt;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::{
    backends::local::random::{fill, uuid},
    core::error::{Error, ErrorKind},
};

/// The `alg` of the key, as a JWK names it.
const ALG: &str = "A256GCM";
const KEY_BYTES: usize = 32;
/// `KEY_BYTES` in base64url.
const KEY_TEXT: usize = 43;

/// The longest `kid` that a store file repeats.
pub(super) const MAX_KID_BYTES: usize = 256;

/// The key of a store. It is wiped when it is dropped, and has one place in memory: moving a `StoreKey` moves a
/// pointer, and leaves no copy behind.
pub(super) struct StoreKey {
    cipher: Box<Aes256Gcm>,
    kid: Option<String>,
}

impl StoreKey {
    /// Reads a JWK (RFC 7517): `kty` is `oct`, `alg` is `A256GCM`, and `k` holds 32 bytes. Members that are
    /// not ours, such as `key_ops`, are left alone, as the RFC asks. The error says in a few words
    /// what is wrong, and nothing of what was found.
    ///
    /// A text with an escape in it is refused: what has none is read in place, while to undo one the reader
    /// needs memory of its own, which nobody wipes. No tool writes one into a key.
    pub(super) fn from_jwk(json: &[u8]) -> Result<Self, &'static str> {
        if json.contains(&b'\\') {
            return Err("has an escape (a backslash) in it, and a key needs none");
        }
        let jwk = serde_json::from_slice::<Jwk<'_>>(json).map_err(|_| "is not a JSON Web Key")?;
        if jwk.kty != Some("oct") {
            return Err("is a key whose `kty` is not `oct`");
        }
        if jwk.alg != Some(ALG) {
            return Err("is a key whose `alg` is not `A256GCM`");
        }
        let k = jwk.k.ok_or("is a key without `k`")?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let whole = k.len() == KEY_TEXT
            && Base64UrlUnpadded::decode(k, &mut *bytes).is_ok_and(|it| it.len() == KEY_BYTES);
        if !whole {
            return Err("is a key whose `k` is not 32 bytes in base64url");
        }
        let kid = jwk.kid.filter(|kid| (1..=MAX_KID_BYTES).contains(&kid.len()));
        Ok(Self { cipher: Box::new(Aes256Gcm::new((&*bytes).into())), kid: kid.map(str::to_owned) })
    }

    /// Returns the key's `kid`, which is not secret: store files repeat it. `None` if the key has none, or one that
    /// is longer than any tool makes it.
    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Makes the text of a new key, a JWK on one line.
    pub(super) fn new_jwk() -> Result<Zeroizing<String>, Error> {
        let kid = uuid()?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill(&mut *bytes)?;
        let mut buffer = Zeroizing::new([0; KEY_TEXT]);
        let k = Base64UrlUnpadded::encode(&*bytes, &mut *buffer)
            .map_err(|_| Error::new(ErrorKind::Other, "the new key does not fit its buffer"))?;
        // Long enough from the start: a text that grows would leave a copy of the key behind.
        let mut jwk = Zeroizing::new(String::with_capacity(256));
        for part in [r#"{"kty":"oct","alg":""#, ALG, r#"","kid":""#, &kid, r#"","k":""#, k, "\"}\n"]
        {
            jwk.push_str(part);
        }
        Ok(jwk)
    }

    /// Encrypts in place and returns the tag.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; 12],
        authenticated: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], Error> {
        let tag = self.cipher.encrypt_inout_detached(nonce.into(), authenticated, buffer.into());
        // It fails only beyond 64 GiB.
        tag.map(Into::into)
            .map_err(|_| Error::new(ErrorKind::InvalidValue, "the value is too long"))
    }

    /// Decrypts in place, but only if the tag fits.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; 12],
        authenticated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), aes_gcm::Error> {
        self.cipher.decrypt_inout_detached(nonce.into(), authenticated, buffer.into(), tag.into())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey([REDACTED])")
    }
}

/// The members that count, borrowed from the text: none is copied to where it would not be wiped.
#[derive(Default)]
struct Jwk<'a> {
    kty: Option<&'a str>,
    alg: Option<&'a str>,
    kid: Option<&'a str>,
    k: Option<&'a str>,
}

impl<'de> Deserialize<'de> for Jwk<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JwkVisitor)
    }
}

struct JwkVisitor;

impl<'de> Visitor<'de> for JwkVisitor {
    type Value = Jwk<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON Web Key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Jwk<'de>, A::Error> {
        let mut jwk = Jwk::default();
        while let Some(name) = map.next_key::<&str>()? {
            let member = match name {
                "kty" => &mut jwk.kty,
                "alg" => &mut jwk.alg,
                "kid" => &mut jwk.kid,
                "k" => &mut jwk.k,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if member.replace(map.next_value()?).is_some() {
                return Err(de::Error::custom("a member stands twice"));
            }
        }
        Ok(jwk)
    }
}
