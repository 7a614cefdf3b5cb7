//! What is left of a secret that came over HTTP, with the allocator of the system: hyper reads an answer into a buffer,
//! and frees it as it is. Our own buffers are wiped.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use secrets_tests::http_memory::{PER_ANSWER, left_of};

fn main() {
    // The APIs of Prefect and Vault are asked once. ZenML's is asked for a login and for the secrets. What the API of
    // Kubernetes sends is decoded into the value, and into nothing else.
    for (backend, answers) in [("kubernetes", 0), ("prefect", 1), ("vault", 1), ("zenml", 2)] {
        let left = left_of(backend);
        assert!(left.len() <= PER_ANSWER * answers, "{backend}: {left:?}");
        assert!(left.iter().all(|place| place != "[stack]."), "{backend}: {left:?}");
    }
}
