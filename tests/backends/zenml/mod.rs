//! ZenML: what was recorded of its validation. `server` belongs to the program `apis.rs`.

mod recording_backend;
mod validation;
