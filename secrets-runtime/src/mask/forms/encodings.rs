//! The forms that bytes have: base64, hexadecimal, percent-encoded.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::mask::wiped_bytes::{WipedBytes, with_capacity};

/// Called with each form and the name of its encoding.
pub(super) type FormSink<'a> = &'a mut dyn FnMut(&'static str, &[u8]);

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The characters besides letters and digits that are not percent-encoded, and the replacement of a space, if it is
/// not percent-encoded either.
const PERCENT_SETS: &[(&[u8], Option<u8>)] = &[
    // RFC 3986.
    (b"-._~", None),
    // Python's `quote`.
    (b"-._~/", None),
    // JavaScript's `encodeURIComponent`.
    (b"-._~!*'()", None),
    // The forms of HTML.
    (b"-._*", Some(b'+')),
    // Python's `quote_plus` and `urlencode`.
    (b"-._~", Some(b'+')),
];

pub(super) fn encode(bytes: &[u8], each: FormSink<'_>) {
    base64::<Base64, Base64Unpadded>(bytes, each);
    base64::<Base64Url, Base64UrlUnpadded>(bytes, each);
    for digits in [LOWER, UPPER] {
        let mut hex = with_capacity(2 * bytes.len());
        bytes.iter().for_each(|byte| hex.extend(hex_of(*byte, digits)));
        each("hex", &hex);
    }
    for (unchanged, space) in PERCENT_SETS {
        for digits in [LOWER, UPPER] {
            let encoded = percent(bytes, unchanged, *space, digits);
            if *encoded != bytes {
                each("percent-encoded", &encoded);
            }
        }
    }
}

/// Encodes bytes alone, and as a part of a longer text: of the latter, the letters that contain no other bits.
fn base64<Padded: Encoding, Unpadded: Encoding>(bytes: &[u8], each: FormSink<'_>) {
    with_base64::<Padded>(bytes, |letters| each("base64", letters));
    with_base64::<Unpadded>(bytes, |letters| each("base64", letters));
    for before in 0..3 {
        let mut longer = with_capacity(before + bytes.len());
        longer.resize(before, 0);
        longer.extend_from_slice(bytes);
        let first = (8 * before).div_ceil(6);
        let end = 8 * longer.len() / 6;
        with_base64::<Unpadded>(&longer, |letters| each("base64", &letters[first..end]));
    }
}

fn with_base64<E: Encoding>(bytes: &[u8], then: impl FnOnce(&[u8])) {
    let mut letters = Zeroizing::new(vec![0; E::encoded_len(bytes)]);
    if let Ok(encoded) = E::encode(bytes, &mut letters) {
        then(encoded.as_bytes());
    }
}

fn percent(bytes: &[u8], unchanged: &[u8], space: Option<u8>, digits: &[u8; 16]) -> WipedBytes {
    let mut encoded = with_capacity(3 * bytes.len());
    for &byte in bytes {
        match (byte, space) {
            (b' ', Some(space)) => encoded.push(space),
            _ if byte.is_ascii_alphanumeric() || unchanged.contains(&byte) => encoded.push(byte),
            _ => {
                encoded.push(b'%');
                encoded.extend(hex_of(byte, digits));
            }
        }
    }
    encoded
}

fn hex_of(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}
