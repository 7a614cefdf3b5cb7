//! The contract of the grammar, with one file for each noun. All files are one binary, so that it is linked once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod any_text;
mod arn;
mod backend_type;
mod flaw;
mod id;
mod inline_values;
mod json;
mod lock;
mod name;
mod options;
mod recorded;
mod request;
mod role;
mod source;
mod source_fields;
mod step_spec;
mod support;
mod template;
mod values_in_errors;
mod variable;
mod with;
