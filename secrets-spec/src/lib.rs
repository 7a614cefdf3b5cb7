//! The grammar of secrets: which sources, requests, roles, variables and references are valid.
//!
//! The attribute macros use it at compile time and the runtime uses it at run time, so both accept exactly the
//! same text. The crate has no dependencies and needs only `alloc`. Every rule for a text that may be a `const` is
//! a `const fn` that returns a [`Flaw`]. The owned types ([`Source`], [`Request`], [`SecretArn`] and others) are
//! built on these functions and return a [`SpecError`], which has the range of the invalid bytes and says what to
//! write instead.
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
//!
//! # Layers
//! Each folder is a layer and imports only from those above it in this table. Nothing in the crate imports through
//! this file, which only re-exports.
//!
//! | folder | contents |
//! |---|---|
//! | `text` | helpers for bytes, escaping and edit distance, which know nothing of secrets |
//! | `grammar` | the rules for single texts: names, ARNs, ids, roles, variables, templates |
//! | `syntax` | declarations before they have a meaning: nodes, JSON, diagnostics. It comes after `grammar` because the help for invalid JSON repeats a word only if the grammar says that the word is a source |
//! | `model` | sources, requests and launch options, and their readers |
//! | `lock` | `secrets.lock`: the names and keys that exist, and what a declaration needs of them |
//!
//! # Exhaustive enums
//! The enums of this crate are deliberately not `#[non_exhaustive]`. The crate is released together with the macros
//! and the runtime, and a new variant must be a compile error in every `match` there.
#![no_std]

extern crate alloc;

mod grammar;
mod lock;
mod model;
mod syntax;
mod text;

/// The program of the README, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use grammar::arn::{SecretArn, check_secret_arn};
pub use grammar::backend_type::{BackendType, BuiltIn, check_type};
pub use grammar::delimiters::Delimiters;
pub use grammar::flaw::{Flaw, FlawKind};
pub use grammar::group_and_key::{check_alias, check_group_and_key, check_key, check_key_of_type};
pub use grammar::id::{check_exec_id, check_id};
pub use grammar::name::{MAX_NAME_BYTES, check_name};
pub use grammar::parameter::{ParameterId, check_parameter, parameter_of_request};
pub use grammar::region::check_region;
pub use grammar::role::{RoleArn, SourceRole, check_role, check_role_arn, check_role_of_type};
pub use grammar::source_text::{SourceLayout, check_source};
pub use grammar::spec_error::SpecError;
pub use grammar::template::{Filter, Part, Template};
pub use grammar::variable::{
    VariableName, check_env_var, check_inline_name, check_variable, check_variable_name,
    is_guarded_variable,
};
pub use grammar::version::{CURRENT_STAGE, PREVIOUS_STAGE, check_selector, check_version};
pub use lock::declared::{LockedSource, locked_key_gap, locked_request_gap, locked_request_name};
pub use lock::document::{LockedFields, SecretsLock};
pub use lock::error::{LockError, LockFault};
pub use lock::gap::{LockGap, quoted_list};
pub use lock::readable_keys::ReadableKeys;
pub use lock::search::{LockFolder, find_lock, is_downloaded};
pub use lock::table::{
    LockSentence, LockTables, SecretFieldNames, check_locked_fields, check_locked_fields_of,
    check_locked_key, check_locked_parameter, check_locked_request, check_locked_source,
};
pub use model::conflict::{Conflict, ConflictText, conflict};
pub use model::declared_source::DeclaredSource;
pub use model::guard_mode::GuardMode;
pub use model::mount_type::MountType;
pub use model::options::{
    InlineVars, OPTIONS, OptionField, OptionKind, OptionScope, OptionValue, Options, PayloadFormat,
    check_option,
};
pub use model::record::{RecordPiece, record_bytes, record_len, record_text};
pub use model::record_finder::{FoundRecord, RecordFinder};
pub use model::request::Request;
pub use model::request_draft::{REQUEST_FIELDS, RequestDraft};
pub use model::request_index::RequestIndex;
pub use model::request_reader::read_requests;
pub use model::request_view::RequestView;
pub use model::secret::Secret;
pub use model::source::Source;
pub use model::source_draft::{
    OptionDraft, OptionDraftValue, OptionsDraft, SOURCE_FIELDS, SourceDraft,
};
pub use model::source_patch::SourcePatch;
pub use model::source_reader::{read_source, read_sources};
pub use model::step_spec::{
    ParameterSpec, RECORD_END, RECORD_START, RecordPart, StepDraft, StepSpec,
};
pub use model::with::With;
pub use syntax::diagnostic::Diagnostic;
pub use syntax::fields::{read_flag, read_text};
pub use syntax::json::read_json;
pub use syntax::node::{FieldName, Node, TextNode, Value};
pub use text::bytes::same_text;
pub use text::edit_distance::closest;
pub use text::escape::is_hidden;
pub use text::shell::{is_plain, shell_word};
