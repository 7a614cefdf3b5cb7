//! What is left of a secret that came from AWS, with the allocator of the system: hyper and the AWS SDK read an answer into
//! buffers and texts, and free them as they are.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use std::time::Duration;

use secrets_tests::http_memory::left_of;

fn main() {
    let left = left_of("aws-secrets-manager.db", Duration::ZERO);
    assert!(left.iter().all(|place| place != "[stack]."), "{left:?}");
    // docs/guards.md says what is left.
    assert!(left.len() <= 2, "{left:?}");
}
