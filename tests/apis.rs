//! The HTTP APIs of Kubernetes, Prefect, ZenML and Vault: real servers where `cargo xtask` has started them, and a stub for Prefect
//! 1's Cloud, which is no longer there.
//!
//! A program of its own, as these tests need a feature; each file is in the folder of its backend.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod backends {
    mod kubernetes {
        mod answers;
        mod server;
        mod stub;
    }
    mod prefect {
        mod cloud;
        mod faults;
        mod server;
        mod threads;
    }
    mod vault {
        mod denials;
        mod dynamic;
        mod faults;
        mod kv;
        mod logins;
        mod own_server;
        mod setup;
        mod states;
        mod writing;
    }
    mod zenml {
        mod server;
        mod stalled;
    }
}

/// The process of a lookup (`secrets_tests::lookup`).
#[test]
fn looks_one_secret_up() {
    secrets_tests::lookup::run();
}
