//! What every layer needs: errors, secret values, where they come from, warnings, and text that is safe to print; and what
//! keeps secrets out of core files and freed memory.

pub(crate) mod core_dumps;
pub(crate) mod credential;
pub(crate) mod error;
pub(crate) mod escape;
pub(crate) mod help_code;
pub(crate) mod line_column;
pub(crate) mod origin;
pub(crate) mod problem_list;
pub(crate) mod redacted_url;
pub(crate) mod secret_value;
pub(crate) mod timestamp;
pub(crate) mod warning;
#[cfg(feature = "zeroizing-alloc")]
pub(crate) mod wiping_allocator;
