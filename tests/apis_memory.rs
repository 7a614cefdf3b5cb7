//! What is left of a secret that came over HTTP, with the allocator of the system.
//!
//! It is a program without the test harness, since it starts itself again.
#![cfg(target_os = "linux")]

use secrets_tests::http_memory::left_of;

fn main() {
    for backend in ["prefect", "zenml"] {
        eprintln!("{backend} {:?}", left_of(backend));
    }
}
