//! The variables that name proxies, without the passwords in them.

/// The variables, in the order in which they are read.
const NAMES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Returns each variable that is set, and its text without a user and a password.
pub fn shown() -> Vec<(&'static str, String)> {
    let set = NAMES.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let set = set.filter(|(_, text)| !text.is_empty());
    set.map(|(name, text)| {
        let text = text.to_string_lossy();
        // A list of hosts has no password.
        let is_list = name.eq_ignore_ascii_case("NO_PROXY");
        (name, if is_list { text.into_owned() } else { address(&text) })
    })
    .collect()
}

/// Returns the scheme, the host and the port of a proxy. A password ends at the last `@`, whatever it contains.
fn address(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let host = rest.rsplit('@').next().unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let port = host.rsplit_once(':').filter(|(host, _)| !host.contains('[') || host.ends_with(']'));
    let is_good = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c))
    };
    let has_good_port = port.is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_known =
        ["", "http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"]
            .contains(&scheme.to_lowercase().as_str());
    match is_good(host) && has_good_port && is_known {
        true => format!("{scheme}{host}"),
        false => "set, not shown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for (text, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy:3128", "proxy:3128"),
            ("http://user:SeNtInEl@proxy:3128/", "http://proxy:3128"),
            ("user:SeNtInEl@proxy", "proxy"),
            ("http://user:SeNt/InEl@proxy", "http://proxy"),
            ("http://user:SeNt@InEl@[::1]:3128", "http://[::1]:3128"),
            ("http://[2001:db8::1]", "http://[2001:db8::1]"),
            ("http://user:SeNtInEl", "set, not shown"),
            ("http://user:SeNtInEl@", "set, not shown"),
            ("user:SeNtInEl://proxy", "set, not shown"),
        ] {
            assert_eq!(address(text), shown);
        }
    }
}
