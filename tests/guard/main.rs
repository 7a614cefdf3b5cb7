//! The leak guard: what steps return is looked through before anybody gets it.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod errors;
mod hostile;
mod leaks;
mod steps;
mod values;
