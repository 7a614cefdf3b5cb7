//! ZenML: what was recorded of its validation, and its references in configurations.

mod counting;
mod preflight;
mod references;
mod validation;
