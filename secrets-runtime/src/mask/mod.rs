//! Keeps secrets out of logs: a [`Masker`] replaces each secret that it knows by `***`.
//!
//! ```
//! use secrets_runtime::{SecretValue, mask::Masker};
//!
//! let masker = Masker::new();
//! masker.add(&SecretValue::from("correct horse"));
//! assert_eq!(masker.mask("password=correct horse;"), "password=***;");
//! // Also encoded, here in base64 and for a URL.
//! assert_eq!(masker.mask("Y29ycmVjdCBob3JzZQ=="), "***");
//! assert_eq!(masker.mask("/login?p=correct%20horse"), "/login?p=***");
//! ```
//!
//! [`Masker::current`] switches masking on for a whole process: it masks every value that a step or `get_secret` gets
//! from then on. As the writer of logs:
//!
//! ```
//! # use std::io;
//! use secrets_runtime::mask::Masker;
//!
//! let masker = Masker::current();
//! masker.install_panic_hook();
//! let make_writer = move || masker.writer(io::stderr());
//! // tracing_subscriber::fmt().with_writer(make_writer).init();
//! # drop(make_writer());
//! ```
//!
//! **A masker keeps the values that it masks**, and their forms, as long as it exists. They are wiped when its last clone
//! is dropped. The masker of the process exists until the process ends; [`Masker::current`] says when its values are
//! wiped.
//!
//! # What is found
//! - The value, and the value without the white space and the byte order mark around it.
//! - Each line of a value of several lines.
//! - In base64, in the standard and the URL alphabet, with and without padding, inside a longer text that is encoded
//!   as a whole, and wrapped into lines of 64 or 76 letters. Letters at an edge that hold part of another byte may
//!   stay.
//! - In hexadecimal, and percent-encoded, with digits in lower and upper case.
//! - Escaped as in JSON, XML, a shell's single quotes, and Rust's `{:?}`.
//! - Of JSON: its texts, and its numbers of six or more digits. Of a URL: its password, as it is written and decoded.
//!   Both in all of these forms, and also of JSON and URLs that are not quite valid.
//!
//! Every byte that is part of any of these is masked. The mask shows neither the length nor the name of the secret.
//!
//! # What is not found
//! - A number of fewer than six digits in a JSON payload, such as a port; a value shorter than four bytes; and `true`,
//!   `false`, `null`, `none`, `yes`, `no`, `on`, `off`, `dev`, `test`, `prod`, `localhost`, `root`, `admin` and
//!   `postgres`. A log would be unreadable without them. A warning names the group and key of such a secret.
//! - A secret that was hashed, encrypted, compressed, cut or rearranged; but see [`finish_cut`](MaskingWriter::finish_cut).

mod dictionary;
pub(crate) mod forms;
mod gram_filter;
mod gram_map;
mod long_pattern;
pub(crate) mod masker;
#[cfg(all(unix, feature = "exec"))]
pub(crate) mod other_whitespace;
mod panic_hook;
mod pattern_samples;
#[cfg(feature = "guard")]
pub(crate) mod patterns;
pub(crate) mod process;
mod scan;
mod stream;
#[cfg(test)]
mod tests;
mod wiped_bytes;
mod wrapped_base64;
mod writer;

pub use masker::Masker;
pub use writer::MaskingWriter;
