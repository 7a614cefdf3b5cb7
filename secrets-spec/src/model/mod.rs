//! What a declaration means: sources, requests and launch options, with the readers that build them from nodes.

pub(crate) mod conflict;
pub(crate) mod declared_source;
pub(crate) mod guard_mode;
pub(crate) mod mount_type;
pub(crate) mod options;
pub(crate) mod record;
pub(crate) mod record_finder;
pub(crate) mod request;
pub(crate) mod request_draft;
pub(crate) mod request_index;
pub(crate) mod request_reader;
pub(crate) mod request_view;
pub(crate) mod secret;
pub(crate) mod source;
pub(crate) mod source_draft;
pub(crate) mod source_patch;
pub(crate) mod source_reader;
pub(crate) mod step_spec;
pub(crate) mod with;
