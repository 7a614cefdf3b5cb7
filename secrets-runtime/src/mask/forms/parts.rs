//! The parts of a value that are secrets themselves: the texts of JSON, and the password of a URL.

use zeroize::Zeroizing;

use crate::{
    core::secret_value::SecretValue,
    mask::wiped_bytes::with_capacity,
    payload::json::{self, form::Form},
};

/// The least digits of a number that is masked.
const FEWEST_DIGITS: usize = 6;

/// Returns the texts and long numbers in JSON, of whatever depth.
pub(super) fn leaves(value: &SecretValue) -> Vec<SecretValue> {
    let mut leaves = Vec::new();
    // Looked at to find out whether it may be JSON.
    if matches!(value.expose_bytes().trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
        // As the one item of a list, whatever form it has.
        let mut list = with_capacity(value.len() + 2);
        list.push(b'[');
        list.extend_from_slice(value.expose_bytes());
        list.push(b']');
        let mut nested = vec![(Form::List, SecretValue::from(list))];
        while let Some((form, value)) = nested.pop() {
            let items = match form {
                Form::List => json::list(&value).unwrap_or_default(),
                Form::Object => {
                    let members = json::object(&value).unwrap_or_default();
                    members.into_iter().map(|(_, member)| member).collect()
                }
                Form::Number if !is_long(&value) => continue,
                Form::Number | Form::Text => {
                    leaves.push(value);
                    continue;
                }
                Form::Null | Form::Bool => continue,
            };
            nested.extend(items.into_iter().map(|item| (item.form, item.value)));
        }
    }
    leaves
}

fn is_long(number: &SecretValue) -> bool {
    let digits = number.expose_bytes().iter().filter(|byte| byte.is_ascii_digit());
    digits.count() >= FEWEST_DIGITS
}

/// Returns the password of a URL, as it is written and decoded.
pub(super) fn passwords(value: &[u8]) -> Vec<SecretValue> {
    let mut passwords = Vec::new();
    let Some(url) = std::str::from_utf8(value).ok().and_then(authority) else { return passwords };
    if let Some((_, password)) = user(url).and_then(|user| user.split_once(':')) {
        passwords.push(SecretValue::from(decoded(password)));
        passwords.push(SecretValue::from(password));
    }
    passwords
}

/// Returns the user of a URL, with the password.
fn user(url: &str) -> Option<&str> {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    if let Some(at) = url[..end].rfind('@') {
        return Some(&url[..at]);
    }
    // A `/` in a password is not valid, and yet some have one. What has only digits there is a port.
    let (_, after) = url[..end].split_once(':')?;
    let query = url.find(['?', '#']).unwrap_or(url.len());
    let is_port = after.bytes().all(|byte| byte.is_ascii_digit());
    url[..query].rfind('@').map(|at| &url[..at]).filter(|_| !is_port)
}

/// Returns what follows the scheme of a URL.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.:".contains(c);
    let is_url = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(is_of_scheme)
        && !rest.contains(char::is_whitespace);
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
