//! Secrets in mounted files.

mod reading;
mod volumes;
