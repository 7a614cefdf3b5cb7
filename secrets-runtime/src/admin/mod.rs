//! What tools need and steps do not: reading and writing stored secrets, and listing settings.

pub(crate) mod stored_secret;
