//! The address of an API, which may hold a user and a password.

use std::fmt;

#[cfg(any(feature = "prefect", feature = "zenml"))]
use ureq::http::Uri;

#[cfg(any(feature = "prefect", feature = "zenml"))]
use crate::{Error, ErrorKind, SecretValue};

/// Written where nothing can be shown.
const HIDDEN: &str = "..";

/// An address to which paths are added. It is shown without the user and the password in it.
#[cfg(any(feature = "prefect", feature = "zenml"))]
#[derive(Clone)]
pub(super) struct Address(String);

#[cfg(any(feature = "prefect", feature = "zenml"))]
impl Address {
    /// The address in a variable, without a slash at its end.
    ///
    /// # Errors
    /// `InvalidConfig` if it is none of HTTP, its port is no number, an `@` stands behind the host, or it has a
    /// query or a fragment: a path that is added to such an address leads elsewhere.
    pub(super) fn of(url: &SecretValue, variable: &str) -> Result<Self, Error> {
        // Sent requests go there. It may hold a password, and is shown by `shown` alone.
        let text = url.expose_str().unwrap_or_default().trim().trim_end_matches('/');
        // None of the messages quotes it: what looks like a path may be the rest of a password.
        let wrong = |what: &str, help: &str| {
            Err(Error::new(ErrorKind::InvalidConfig, format!("{variable} {what}")).with_help(help))
        };
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return wrong("is no address", "write https://HOST/PATH");
        };
        let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if behind.contains('@') {
            let help =
                "write the `/`, `?`, `#` and `@` of a user or a password as %2F, %3F, %23 and %40";
            return wrong("has an `@` behind its host", help);
        }
        if behind.contains(['?', '#']) {
            let help = "write https://HOST/PATH and nothing behind it";
            return wrong("has a query or a fragment", help);
        }
        if !has_good_port(authority) {
            return wrong("has a port that is no number", "write https://HOST:PORT/PATH");
        }
        match text.parse::<Uri>() {
            Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => Ok(Self(text.to_owned())),
            _ => wrong("is no address", "write https://HOST/PATH"),
        }
    }

    /// The address of a request, with all that is in it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(any(feature = "prefect", feature = "zenml"))]
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

#[cfg(any(feature = "prefect", feature = "zenml"))]
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

/// An address for a person: without the user and the password that it may hold, and without a query.
pub(super) struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", self.0));
        let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A scheme that is none, an `@` behind the host or a port that is no number: where a password ends is
        // not known then.
        if !matches!(scheme, "http" | "https") || behind.contains('@') || !has_good_port(authority)
        {
            return f.write_str(HIDDEN);
        }
        let path = behind.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", host(authority))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The host and the port, without a user and a password.
fn host(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or_default()
}

/// Whether there is no port, or one that is a number.
fn has_good_port(authority: &str) -> bool {
    let host = host(authority);
    // The colons within brackets are those of an IPv6 address.
    let behind = host.rfind(']').map_or(0, |end| end + 1);
    match host[behind..].split_once(':') {
        Some((_, port)) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => true,
    }
}

#[cfg(all(test, any(feature = "prefect", feature = "zenml")))]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_it_hides() {
        for (url, wanted) in [
            ("https://user:SeNtInEl@host:1/api?k=SeNtInEl#x", "https://host:1/api"),
            ("http://host", "http://host"),
            ("http://SeNtInEl@[::1]:80/a", "http://[::1]:80/a"),
            ("https://a:SeNtInEl@b:SeNtInEl@host/", "https://host/"),
            ("https://SeNtInEl:p/w@host/api", ".."),
            ("https://user:p?SeNtInEl@host/api", ".."),
            ("https://user:p#SeNtInEl@host/api", ".."),
            ("https://user:SeNtInEl/api", ".."),
            ("user:SeNtInEl://x@host", ".."),
            ("user:SeNtInEl", ".."),
        ] {
            assert_eq!(Shown(url).to_string(), wanted);
            assert_eq!(format!("{:?}", Shown(url)), wanted);
        }
    }

    #[test]
    fn an_address_is_taken_as_it_is_without_its_last_slash() {
        for (url, wanted) in [
            (" https://host/api/ ", "https://host/api"),
            ("http://[::1]:4200/api", "http://[::1]:4200/api"),
            ("https://user:SeNtInEl@host:1/a", "https://user:SeNtInEl@host:1/a"),
        ] {
            let address = Address::of(&url.into(), "X").unwrap();
            assert!(address.as_str() == wanted, "{wanted:?} is sent");
            assert!(!format!("{address} {address:?}").contains("SeNtInEl"));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused_and_not_shown() {
        for url in [
            "ftp://SeNtInEl@host",
            "https:///",
            "https://user:SeNtInEl",
            "https://user:SeNtInEl@host:port",
            "https://user:SeNtInEl@host:",
            "https://user:SeNtInEl@host:65536",
            "https://user:SeNtInEl@host:+1",
            "https://user:1/SeNtInEl@host",
            "https://user:1?SeNtInEl@host",
            "https://user:1#SeNtInEl@host",
            "https://user:SeNtInEl@host/api?x=1",
            "https://user:SeNtInEl@host/api#x",
        ] {
            let error = Address::of(&url.into(), "X").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(!format!("{error} {error:?}").contains("SeNtInEl"));
        }
    }
}
