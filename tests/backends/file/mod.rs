//! Secrets in mounted files.

mod line_ends;
mod reading;
mod volumes;
