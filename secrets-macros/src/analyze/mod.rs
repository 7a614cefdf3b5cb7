//! Finds out what the parsed pieces mean, and reports what cannot be a step.

pub mod cloned_argument;
pub mod declaration;
pub mod shape;
