//! Reads tokens: the function, the arguments of its attributes, and its typed parameters.

pub mod attribute_args;
pub mod companion;
pub mod const_path;
pub mod context_call;
pub mod context_import;
pub mod crate_lock;
pub mod cursor;
pub mod function;
pub mod instrument;
pub mod refresh_on;
pub mod typed_parameter;
pub mod value_reader;
