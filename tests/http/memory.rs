//! What is left of a secret that came over HTTP, with the allocator of the system: hyper reads an answer into a buffer,
//! and frees it as it is. Our own buffers are wiped.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use std::time::Duration;

use secrets_tests::http_memory::{PER_ANSWER, left_of};

fn main() {
    // ZenML is asked for a login and for the secret, Vault for the mount and for the secret.
    let sources = [("prefect.db", 1), ("zenml.db", 2), ("vault.kv/db", 2), ("kubernetes.ns/db", 1)];
    for (source, answers) in sources {
        let left = left_of(source, Duration::ZERO);
        assert!(left.len() <= PER_ANSWER * answers, "{source}: {left:?}");
        assert!(left.iter().all(|place| place != "[stack]."), "{source}: {left:?}");
    }
}
