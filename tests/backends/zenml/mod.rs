//! ZenML: what was recorded of its validation. `server` belongs to the program `apis.rs`.

mod counting;
mod validation;
