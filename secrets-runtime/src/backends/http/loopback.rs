//! Servers that no proxy may see requests to: those on this machine, and a cloud's services for this machine alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::core::redacted_url::host;

/// Whether a URL is of this machine.
pub(in crate::backends) fn is_of_this_machine(url: &str) -> bool {
    let Some(host) = host_of(url) else { return false };
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    if let Some(address) = short_v4(host) {
        return address.is_loopback();
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761, 6.3.
    name == "localhost" || name.ends_with(".localhost")
}

/// Returns an IPv4 address with fewer than four parts, such as `127.1`, whose last part fills the rest. Systems take it
/// as `inet_aton` does.
fn short_v4(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = host.split('.').collect();
    let is_number = |part: &&str| {
        part.bytes().all(|byte| byte.is_ascii_digit()) && (*part == "0" || !part.starts_with('0'))
    };
    let (last, first) = parts.split_last()?;
    if first.len() > 2 || !parts.iter().all(is_number) {
        return None;
    }
    let rest: u32 = last.parse().ok()?;
    let bits = 8 * (4 - first.len() as u32);
    let mut address = u64::from(rest);
    if address >= 1 << bits {
        return None;
    }
    for (index, part) in first.iter().enumerate() {
        let byte: u8 = part.parse().ok()?;
        address |= u64::from(byte) << (24 - 8 * index);
    }
    u32::try_from(address).ok().map(Ipv4Addr::from)
}

/// Whether a URL is of a service that has credentials for this machine: AWS's metadata of an instance or a container,
/// which only the machine itself can reach.
pub(in crate::backends) fn is_metadata_service(url: &str) -> bool {
    const OF_AN_INSTANCE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    const OF_A_CONTAINER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23);
    match host_of(url).and_then(|host| host.parse().ok()) {
        Some(IpAddr::V4(address)) => address.is_link_local(),
        Some(IpAddr::V6(address)) => [OF_AN_INSTANCE, OF_A_CONTAINER].contains(&address),
        None => false,
    }
}

/// Returns the host of a URL, without the brackets of an IPv6 address.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = host(rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => host.split(':').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_of_this_machine_are_known() {
        for url in [
            "http://127.0.0.1:8200",
            "http://127.1",
            "http://127.0.1:80/x",
            "http://2130706433",
            "http://[::1]:80",
            "http://localhost",
            "http://a.localhost.",
        ] {
            assert!(is_of_this_machine(url), "{url}");
        }
        for url in [
            "http://128.1",
            "http://127.1.example",
            "http://127.16777216",
            "http://0177.1",
            "http://127.1.1.1.1",
            "http://127.",
            "http://",
            "http://10.127.1",
            "http://4294967296",
        ] {
            assert!(!is_of_this_machine(url), "{url}");
        }
    }

    #[test]
    fn the_services_for_this_machine_alone_are_known() {
        for url in [
            "http://169.254.169.254/latest",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23:80/v1",
            "http://[fd00:ec2::254]/latest",
            "http://[fd00:ec2::23]:80/v1",
        ] {
            assert!(is_metadata_service(url), "{url}");
        }
        for url in ["http://127.0.0.1", "https://host", "http://169.253.1.1", "http://[fd00::1]"] {
            assert!(!is_metadata_service(url), "{url}");
        }
    }
}
