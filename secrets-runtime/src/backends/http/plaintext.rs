//! The way to a server on which others can read what is sent: plain HTTP to another machine.

use crate::{
    backends::http::{loopback::is_of_this_machine, proxies},
    core::{redacted_url::RedactedUrl, warning::warn_once},
};

/// Warns, once, if requests to `url`, which `setting` names, can be read on the way. It is said without a user
/// and a password that may be in it.
pub(in crate::backends) fn warn_if_plaintext(setting: &str, url: &str) {
    if !is_plaintext(url) {
        return;
    }
    let way = match proxies::intercept(url) {
        true => ", through the proxy that the environment names",
        false => "",
    };
    warn_once(&format!(
        "{setting} leads to {} without encryption{way}: anyone on the way can read the credentials and the \
         secrets; use https",
        server(url)
    ));
}

/// The server alone: paths of requests differ, and one warning is enough.
fn server(url: &str) -> String {
    let shown = RedactedUrl(url).to_string();
    let path = shown.match_indices('/').nth(2).map_or(shown.len(), |(start, _)| start);
    shown[..path].to_owned()
}

/// Whether it is HTTP without TLS, and not to this machine.
fn is_plaintext(url: &str) -> bool {
    let is_http =
        url.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http"));
    is_http && !is_of_this_machine(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_shown_without_what_an_address_hides() {
        for (url, wanted) in [
            ("http://host", "http://host"),
            ("http://user:SeNtInEl@host:1/api/v1?x=SeNtInEl", "http://host:1"),
            ("http://SeNtInEl@[2001:db8::1]:80", "http://[2001:db8::1]:80"),
            ("http://user:1/SeNtInEl@host", ".."),
        ] {
            assert_eq!(server(url), wanted);
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_open() {
        for url in [
            "http://host",
            "HTTP://host:80/api",
            "http://10.0.0.1:4200/api",
            "http://0.0.0.0",
            "http://[2001:db8::1]:80",
            "http://localhost.example.org",
            "http://localhost:x@host",
            "http://127.0.0.1.example.org/",
        ] {
            assert!(is_plaintext(url), "{url}");
        }
        for url in [
            "https://host",
            "http://localhost",
            "http://LOCALHOST.:4200/api",
            "http://api.localhost/",
            "http://127.0.0.1:4200",
            "http://127.1.2.3?x",
            "http://[::1]:80/a",
            "http://[::ffff:127.0.0.1]",
            "http://user:SeNtInEl@localhost/api",
            "no address",
        ] {
            assert!(!is_plaintext(url), "{url}");
        }
    }
}
