//! What is left of a secret that came over HTTP, with the allocator of the system: hyper reads an answer into a buffer,
//! and frees it as it is. Our own buffers are wiped.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use secrets_tests::http_memory::{PER_ANSWER, left_of};

fn main() {
    // Prefect's API is asked once. ZenML's is asked for a login and for the secrets.
    for (backend, answers) in [("prefect", 1), ("zenml", 2)] {
        let left = left_of(backend);
        assert!(left.len() <= PER_ANSWER * answers, "{backend}: {left:?}");
        assert!(left.iter().all(|place| place != "[stack]."), "{backend}: {left:?}");
    }
}
