//! The proxies that the environment names: whether a request goes through one.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::backends::http::loopback::is_of_this_machine;

/// Whether a request to `url` goes through a proxy that the environment names: `HTTP_PROXY`, `HTTPS_PROXY` and
/// `ALL_PROXY`, or in small letters, unless `NO_PROXY` excepts the host. A server on this machine is never reached
/// through a proxy, whatever they say: the proxy would see what otherwise does not leave the machine.
pub(in crate::backends) fn intercept(url: &str) -> bool {
    intercepts(&Matcher::from_env(), url)
}

fn intercepts(proxies: &Matcher, url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    !is_of_this_machine(url) && proxies.intercept(&uri).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_this_machine_is_never_reached_through_a_proxy() {
        let all = Matcher::builder().all("http://proxy:3128").build();
        for url in [
            "http://127.0.0.1:4566/",
            "https://127.1.2.3/",
            "http://localhost",
            "http://LOCALHOST.:80/a",
            "http://api.localhost",
            "http://[::1]:80/",
            "http://[::ffff:127.0.0.1]/",
            "http://user:SeNtInEl@localhost/api",
        ] {
            assert!(!intercepts(&all, url), "{url}");
        }
        for url in ["http://host", "https://host/a", "http://10.0.0.1", "http://127.0.0.1.example"]
        {
            assert!(intercepts(&all, url), "{url}");
        }
    }

    #[test]
    fn networks_hosts_and_domains_can_be_excepted() {
        let some = Matcher::builder().all("http://proxy").no("10.0.0.0/8, example.org,::1").build();
        for url in ["http://10.1.2.3/", "https://example.org", "https://a.example.org:1/b"] {
            assert!(!intercepts(&some, url), "{url}");
        }
        assert!(
            intercepts(&some, "http://11.1.2.3/") && intercepts(&some, "https://notexample.org")
        );
        let https = Matcher::builder().https("http://proxy").build();
        assert!(!intercepts(&https, "http://host") && intercepts(&https, "https://host"));
    }
}
