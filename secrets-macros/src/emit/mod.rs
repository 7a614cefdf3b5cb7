//! Writes the expansion: one `static` that describes the step, and one call that runs the body.

pub mod constants;
pub mod descriptor;
pub mod lock_constants;
pub mod refresh_on;
pub mod result_adapter;
pub mod step;
