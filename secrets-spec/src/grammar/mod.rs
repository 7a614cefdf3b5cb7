//! The rules for single texts: `const fn` checks that return a flaw, and the owned types that are built on them.

pub(crate) mod arn;
pub(crate) mod backend_type;
pub(crate) mod delimiters;
pub(crate) mod flaw;
pub(crate) mod group_and_key;
pub(crate) mod id;
pub(crate) mod name;
pub(crate) mod parameter;
pub(crate) mod region;
pub(crate) mod role;
pub(crate) mod source_text;
pub(crate) mod spec_error;
pub(crate) mod suggest;
pub(crate) mod template;
pub(crate) mod variable;
pub(crate) mod version;
