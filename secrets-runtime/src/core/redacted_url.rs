use std::fmt;

/// An address for a person: without the user and the password that it may hold, and without a query.
pub(crate) struct RedactedUrl<'a>(pub(crate) &'a str);

impl RedactedUrl<'_> {
    /// What is written where nothing can be shown.
    pub(crate) const HIDDEN: &'static str = "..";
}

impl fmt::Display for RedactedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", self.0));
        let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // With another scheme, an `@` behind the host or a port that is not a number, nobody knows where a password
        // ends.
        if !matches!(scheme, "http" | "https") || behind.contains('@') || !has_good_port(authority)
        {
            return f.write_str(Self::HIDDEN);
        }
        let path = behind.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", host(authority))
    }
}

impl fmt::Debug for RedactedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The host and the port, without a user and a password.
pub(crate) fn host(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or_default()
}

/// Whether there is no port, or the port is a number.
pub(crate) fn has_good_port(authority: &str) -> bool {
    let host = host(authority);
    // The colons within brackets are those of an IPv6 address.
    let behind = host.rfind(']').map_or(0, |end| end + 1);
    match host[behind..].split_once(':') {
        Some((_, port)) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => true,
    }
}

#[cfg(test)]
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
            assert_eq!(RedactedUrl(url).to_string(), wanted);
            assert_eq!(format!("{:?}", RedactedUrl(url)), wanted);
        }
    }
}
