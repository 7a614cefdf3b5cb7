//! The leak guard: the results of steps are searched before the caller gets them.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod errors;
mod hostile;
mod leaks;
mod steps;
mod values;
