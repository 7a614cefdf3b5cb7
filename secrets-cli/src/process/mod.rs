//! This process: its signals, its core files, its panics, and where it runs.

pub mod core_files;
pub mod ephemeral_host;
pub mod panic_message;
#[cfg(unix)]
pub mod signals;
