//! What the guard leaves in memory: nothing.
//!
//! It is a program without the test harness, whose threads would have memory of their own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a case that panics has failed")]

use secrets_runtime::{Error, ErrorKind, SecretValue, current_context, secrets, testing};
use secrets_tests::memory::{copies, places, value};
use serde::{Serialize, Serializer, ser::SerializeMap};

const SEED: u8 = 40;

fn main() {
    the_forms_of_a_guarded_step_are_wiped_with_its_secrets();
}

/// Writes a value without copying it.
struct Exposed(SecretValue);

impl Serialize for Exposed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_str().unwrap())
    }
}

/// A map with a secret in a key, in a value, and in a text that is formatted.
struct Leaky(SecretValue);

impl Serialize for Leaky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(&Exposed(self.0.clone()), &[Exposed(self.0.clone())])?;
        map.serialize_entry("text", &format_args!("{}!", self.0.expose_str().unwrap()))?;
        map.end()
    }
}

#[secrets(sources = ["db"], guard = "deny")]
fn step(leaks: bool) -> Result<Option<Leaky>, Error> {
    let value = current_context().secrets.get("db", "password")?;
    Ok(leaks.then_some(Leaky(value)))
}

fn the_forms_of_a_guarded_step_are_wiped_with_its_secrets() {
    for leaks in [false, true] {
        let given = [("db", "password", SecretValue::from(value(SEED)))];
        assert_eq!(copies(SEED), 1);
        let result = testing::with_secrets(given, || step(leaks));
        match result {
            Ok(_) => assert!(!leaks),
            Err(error) => {
                assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Leaked, 3));
            }
        }
        assert_eq!(places(SEED), [""; 0], "{leaks}");
    }
}
