//! Finds out what the parsed pieces mean, and reports what cannot be a step.

pub mod body_reads;
pub mod cloned_argument;
pub mod declaration;
pub mod field_check;
pub mod lock_check;
pub mod shape;
