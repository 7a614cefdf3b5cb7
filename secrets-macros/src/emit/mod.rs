//! Writes the expansion: one `static` that describes the step, and one call that runs the body.

pub mod constants;
pub mod descriptor;
pub mod lock_checks;
pub mod result_adapter;
pub mod retry;
pub mod step;
