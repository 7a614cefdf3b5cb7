//! The caret is where the text is written, outside the macro.
use secrets_runtime::{Error, secrets};

macro_rules! step {
    ($source:expr, $role:literal) => {
        #[secrets(sources = [$source], role = $role)]
        fn step() -> Result<(), Error> {
            Ok(())
        }
    };
}

step!("prod db", "me");

fn main() {}
