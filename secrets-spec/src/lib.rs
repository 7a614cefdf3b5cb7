//! The grammar of secrets: what a source, a request, a role, a variable and a reference may look like.
//!
//! The attribute macros read it when a program compiles and the runtime reads it when a program runs, so
//! that both accept exactly the same text. It has no dependencies and needs `alloc` only. Every rule that a
//! `const` text must satisfy is a `const fn` that gives a [`Flaw`]; the owned types ([`Source`], [`Request`],
//! [`SecretArn`], ..) are built on those functions and report a [`SpecError`] with the bytes that are wrong
//! and what to write instead.
//!
//! ```
//! use secrets_spec::{Source, BackendType};
//!
//! let source = Source::parse("aws-secrets-manager.prod/db")?;
//! assert_eq!(source.backend(), Some(&BackendType::parse("aws-secrets-manager")?));
//! assert_eq!(source.id(), "prod/db");
//! assert_eq!(source.to_string(), "aws-secrets-manager.prod/db");
//! # Ok::<(), secrets_spec::SpecError>(())
//! ```
#![no_std]

extern crate alloc;

mod arn;
mod backend_type;
mod bytes;
mod clash;
mod closest;
mod draft;
mod explain;
mod fields;
mod flaw;
mod from_json;
mod id;
mod json;
mod mount_type;
mod name;
mod node;
mod options;
mod reference;
mod request;
mod request_reader;
mod request_view;
mod role;
mod secret;
mod source;
mod source_reader;
mod spec_error;
mod suggest;
mod variable;
mod with;
mod written;

pub use arn::{SecretArn, check_secret_arn};
pub use backend_type::{BackendType, BuiltIn, check_type};
pub use clash::{Clash, clash};
pub use closest::closest;
pub use draft::{OptionsDraft, RequestDraft, SourceDraft, Text};
pub use fields::{OPTION_FIELDS, REQUEST_FIELDS, SOURCE_FIELDS, read_flag, read_text};
pub use flaw::{Flaw, FlawKind};
pub use id::check_id;
pub use json::read_json;
pub use mount_type::MountType;
pub use name::{MAX_NAME_BYTES, check_name};
pub use node::{Complaint, Name, Node, Value};
pub use options::{InlineVars, Options, check_region, check_selector};
pub use reference::{Filter, Part, Template};
pub use request::Request;
pub use request_reader::read_requests;
pub use request_view::{RequestView, check_group_and_key, check_version};
pub use role::{RoleArn, SourceRole, check_role, check_role_arn};
pub use secret::Secret;
pub use source::{Source, SourceLayout, check_alias, check_source, same_text};
pub use source_reader::{read_source, read_sources};
pub use spec_error::SpecError;
pub use variable::{
    Variable, check_env_var, check_inline_name, check_key, check_variable, check_variable_name,
};
pub use with::With;
