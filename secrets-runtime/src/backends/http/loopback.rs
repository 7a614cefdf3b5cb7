//! Servers on this machine.

use std::net::IpAddr;

use crate::backends::http::redacted_url::host;

/// Whether a URL is of this machine.
pub(in crate::backends) fn is_of_this_machine(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| is_loopback(rest))
}

fn is_loopback(rest: &str) -> bool {
    let host = host(rest.split(['/', '?', '#']).next().unwrap_or_default());
    let address = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if let Ok(address) = address.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = address.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761, 6.3.
    name == "localhost" || name.ends_with(".localhost")
}
