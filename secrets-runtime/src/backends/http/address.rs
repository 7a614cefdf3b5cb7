//! The address of an API, which may hold a user and a password.

use std::fmt;

use http::Uri;

use crate::{
    backends::http::plaintext,
    core::{
        error::{Error, ErrorKind},
        redacted_url::{RedactedUrl, has_good_port},
        secret_value::SecretValue,
    },
};

/// An address to which paths are added. It is shown without the user and the password in it.
#[derive(Clone)]
pub(in crate::backends) struct Address {
    text: String,
    /// The variable that it is from.
    variable: &'static str,
}

impl Address {
    /// Returns the address that a variable holds, without a slash at its end.
    ///
    /// # Errors
    /// `InvalidConfig` if it is not an HTTP address, its port is not a number, an `@` stands after the host, or it
    /// has a query or a fragment: a path that is added to such an address leads elsewhere.
    pub(in crate::backends) fn of(
        url: &SecretValue,
        variable: &'static str,
    ) -> Result<Self, Error> {
        // Sent requests go there. It may hold a password, and is shown by `shown` alone.
        let text = url.expose_str().unwrap_or_default().trim().trim_end_matches('/');
        // No message quotes more than a host and a port: what looks like a path may be the rest of a password.
        let wrong = |what: &str, help: &str| {
            Err(Error::new(ErrorKind::InvalidConfig, format!("{variable} {what}")).with_help(help))
        };
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return match is_host_and_port(text) {
                true => wrong(
                    &format!("is `{text}`, which has no scheme"),
                    &format!("write https://{text}, or http://{text} if the server has no TLS"),
                ),
                false => wrong("is not an address", "write https://HOST:PORT/PATH"),
            };
        };
        let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if behind.contains('@') {
            let help =
                "write the `/`, `?`, `#` and `@` of a user or a password as %2F, %3F, %23 and %40";
            return wrong("has an `@` after its host", help);
        }
        if behind.contains(['?', '#']) {
            let help = "write https://HOST/PATH and nothing after it";
            return wrong("has a query or a fragment", help);
        }
        if !has_good_port(authority) {
            return wrong("has a port that is not a number", "write https://HOST:PORT/PATH");
        }
        match text.parse::<Uri>() {
            Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => {
                Ok(Self { text: text.to_owned(), variable })
            }
            _ => wrong("is not an address", "write https://HOST:PORT/PATH"),
        }
    }

    /// The address to send a request to, with all that is in it. Warns if others on the way can read it.
    pub(in crate::backends) fn to_send_to(&self) -> &str {
        plaintext::warn_if_plaintext(self.variable, &self.text);
        &self.text
    }
}

/// Whether a text is a host and the number of a port, and nothing that could be a part of a password.
fn is_host_and_port(text: &str) -> bool {
    let is_of_host =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let host_and_port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    host_and_port.is_some_and(|(host, port)| {
        host.chars().all(is_of_host)
            && port.bytes().all(|b| b.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RedactedUrl(&self.text).fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RedactedUrl(&self.text).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_without_its_last_slash() {
        for (url, wanted) in [
            (" https://host/api/ ", "https://host/api"),
            ("http://[::1]:4200/api", "http://[::1]:4200/api"),
            ("https://user:SeNtInEl@host:1/a", "https://user:SeNtInEl@host:1/a"),
        ] {
            let address = Address::of(&url.into(), "X").unwrap();
            assert!(address.to_send_to() == wanted, "{wanted:?} is sent");
            assert!(!format!("{address} {address:?}").contains("SeNtInEl"));
        }
    }

    #[test]
    fn a_host_without_a_scheme_is_shown() {
        for url in ["127.0.0.1:18200", "vault.example.com:8200", "[::1]:8200"] {
            let error = Address::of(&url.into(), "X").unwrap_err().to_string();
            assert!(error.contains(&format!("`{url}`")), "{error}");
            assert!(error.contains(&format!("https://{url}")), "{error}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused_and_not_shown() {
        for url in [
            "ftp://SeNtInEl@host",
            "user:SeNtInEl",
            "user:SeNtInEl@host:1",
            "SeNtInEl/host:1",
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
