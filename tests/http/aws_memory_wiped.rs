//! What is left of a secret that came from AWS, with the allocator that wipes: nothing.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use secrets_runtime::process::WipingAllocator;
use secrets_tests::http_memory::{UNTIL_CONNECTIONS_END, left_of};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator::new();

fn main() {
    assert_eq!(left_of("aws-secrets-manager.db", UNTIL_CONNECTIONS_END), [""; 0]);
}
