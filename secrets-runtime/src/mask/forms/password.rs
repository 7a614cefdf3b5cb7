//! The password in a URL, which is a secret itself.

use zeroize::Zeroizing;

use crate::{core::secret_value::SecretValue, mask::wiped_bytes::with_capacity};

/// Returns the password of a URL, as it is written and decoded. If the URL can be read in several ways, all of them.
pub(super) fn passwords(value: &[u8]) -> Vec<SecretValue> {
    let Some(url) = std::str::from_utf8(value).ok().and_then(authority) else { return Vec::new() };
    let mut written: Vec<_> =
        users(url).filter_map(|user| user.split_once(':')).map(|(_, password)| password).collect();
    written.sort_unstable();
    written.dedup();
    let both = |password| [SecretValue::from(decoded(password)), SecretValue::from(password)];
    written.into_iter().flat_map(both).collect()
}

/// Returns the parts of a URL that may be the user and the password.
fn users(url: &str) -> impl Iterator<Item = &str> {
    let before = |at: Option<usize>| at.map(|at| &url[..at]);
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let strict = before(url[..end].rfind('@'));
    // A `/`, `?` or `#` in a password is not valid, and yet some have one. If only digits follow the colon, they are a
    // port.
    let host_and_port = url[..end].split_once(':');
    let is_port = |(host, port): (&str, &str)| {
        !host.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let query = url.find(['?', '#']).unwrap_or(url.len());
    let slash = before(url[..query].rfind('@'));
    let first = before(url[end..].find('@').map(|at| end + at));
    let is_likely = strict.is_none() && !host_and_port.is_some_and(is_port);
    let lax = [slash, first].into_iter().filter(move |_| is_likely).chain([before(url.rfind('@'))]);
    let has_password = host_and_port.is_some();
    [strict].into_iter().chain(lax).flatten().filter(move |_| has_password)
}

/// Returns the text after the scheme of a URL, up to white space.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.:".contains(c);
    let is_url =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_of_scheme);
    let rest = rest.split(char::is_whitespace).next()?;
    is_url.then_some(rest)
}

fn decoded(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        (rest, _) = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                (&after[2..], bytes.push(u8::try_from(16 * high + low).unwrap_or(0)))
            }
            _ => (after, bytes.push(first)),
        };
    }
    bytes
}
