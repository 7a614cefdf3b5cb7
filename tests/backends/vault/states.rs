//! What a real server does when it is sealed or ended, and what its certificate is good for.

use std::{net::Ipv4Addr, time::Duration};

use secrets_runtime::{ErrorKind, settings::variables};
use secrets_tests::child;

use super::{
    dynamic::{Database, begin, soon, user},
    own_server::OwnBao,
    setup::{Bao, refused, resolve},
};

#[test]
fn a_certificate_of_an_own_ca_is_taken_with_that_ca_alone() {
    let Some(own) = OwnBao::with_tls(Ipv4Addr::LOCALHOST) else { return };
    let trusting = own.builder().setting(&variables::VAULT_CACERT, own.ca()).build().unwrap();
    own.write(&trusting);
    assert_eq!(resolve(&trusting, &["secret/db"]).unwrap()["secret/db"]["x"], "SeNtInEl");
    // The CAs of the system have not signed it, nor has another CA.
    let words = ["cannot be reached", "certificate"];
    assert_eq!(
        refused(&own.builder().build().unwrap(), "secret/db", &words),
        ErrorKind::Unavailable
    );
    let other = OwnBao::with_tls(Ipv4Addr::LOCALHOST).unwrap();
    let other = own.builder().setting(&variables::VAULT_CACERT, other.ca()).build().unwrap();
    assert_eq!(refused(&other, "secret/db", &words), ErrorKind::Unavailable);
    // Nor is anything sent without TLS.
    let plain = Bao { url: own.bao.url.replace("https:", "http:") };
    assert!(resolve(&plain.resolver("s.SeNtInEl"), &["secret/db"]).is_err());
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    // Its certificate is for 127.0.0.1 and localhost.
    let Some(own) = OwnBao::with_tls(Ipv4Addr::new(127, 0, 0, 2)) else { return };
    let resolver = own.builder().setting(&variables::VAULT_CACERT, own.ca()).build().unwrap();
    let words = ["cannot be reached", "certificate", "127.0.0.2"];
    assert_eq!(refused(&resolver, "secret/db", &words), ErrorKind::Unavailable);
}

#[test]
fn a_sealed_server_is_said_to_be_sealed_and_serves_again_when_it_is_unsealed() {
    let Some(own) = OwnBao::start() else { return };
    let resolver = own.builder().cache_ttl(Duration::ZERO).build().unwrap();
    own.write(&resolver);
    own.seal();
    let words = ["is sealed", "bao operator unseal"];
    assert_eq!(refused(&resolver, "secret/db", &words), ErrorKind::Unavailable);
    // Neither a mount nor a login is known to this one.
    let fresh = own.builder().build().unwrap();
    assert_eq!(refused(&fresh, "secret/db", &words), ErrorKind::Unavailable);
    let login = own.bao.builder().setting(&variables::VAULT_ROLE_ID, "SeNtInEl-role");
    assert_eq!(refused(&login.build().unwrap(), "secret/db", &words), ErrorKind::Unavailable);
    own.unseal();
    assert_eq!(resolve(&resolver, &["secret/db"]).unwrap()["secret/db"]["x"], "SeNtInEl");
}

#[test]
fn a_sealed_server_of_a_cluster_is_passed_over() {
    let (Some(sealed), Some(open)) = (OwnBao::start(), OwnBao::start()) else { return };
    sealed.seal();
    open.write(&open.builder().build().unwrap());
    let cluster = Bao { url: format!("{},{}", sealed.bao.url, open.bao.url) };
    let resolver = cluster.builder().setting(&variables::VAULT_TOKEN, super::own_server::ROOT);
    let found = resolve(&resolver.build().unwrap(), &["secret/db"]).unwrap();
    assert_eq!(found["secret/db"]["x"], "SeNtInEl");
}

/// The process of the test below.
#[test]
fn child_of_the_test_of_a_server_that_is_gone() {
    if std::env::var_os("TEST_GONE").is_none() {
        return;
    }
    let own = OwnBao::start().unwrap();
    let database = Database::of(own.bao.clone()).unwrap();
    database.role("leased", "4s", "1h");
    database.role("open", "1h", "2h");
    let resolver = own.builder().build().unwrap();
    let source = "database/creds/leased";
    let (step, _open) = (begin(&resolver, source), begin(&resolver, "database/creds/open"));
    let credentials = user(&step, source);
    let end = step.secrets.provenance(source).unwrap().expires_at().unwrap();
    drop(own);
    // It serves until its end.
    let served = |until| {
        let later = resolver.resolve_blocking(&super::dynamic::declared(source));
        later.map(|later| {
            assert!(std::time::SystemTime::now() < until, "it is served past its end");
            assert_eq!(user(&later, source), credentials);
        })
    };
    soon("it is not served any more", || served(end + Duration::from_millis(500)).is_err());
    assert!(std::time::SystemTime::now() >= end);
    assert_eq!(served(end).unwrap_err().kind(), ErrorKind::Unavailable);
    // The other one cannot be revoked, which is tried for a moment.
    resolver.shutdown_blocking();
}

#[test]
fn a_lease_of_a_server_that_is_gone_is_used_until_its_end_and_a_warning_names_it() {
    if std::env::var_os("SECRETS_TEST_OPENBAO_PROGRAM").is_none() {
        return;
    }
    let child = child::of_test(module_path!(), "child_of_the_test_of_a_server_that_is_gone")
        .env("TEST_GONE", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && !text.contains("SeNtInEl"), "{text}");
    // The last attempt to renew may come so late that the process is over before the lease is.
    let warnings: [(&str, &[&str]); 2] = [
        ("`database/creds/leased/", &["cannot be renewed", "has ended"]),
        ("`database/creds/open/", &["cannot be revoked"]),
    ];
    for (lease, what) in warnings {
        let names = |line: &str| {
            line.starts_with("secrets: warning: ")
                && line.contains(lease)
                && what.iter().any(|it| line.contains(it))
        };
        assert!(text.lines().any(names), "{lease} {what:?}: {text}");
    }
}
