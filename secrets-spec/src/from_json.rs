//! Sources and requests read from one JSON text, with the first mistake in it.

use alloc::vec::Vec;

use crate::{
    Request, RequestDraft, Source, SourceDraft, SpecError, read_json, read_source,
    request_reader::read_request,
};

impl Source {
    /// Reads a source written in JSON: a string or an object with `id`, `type`, `options`, `role`, `group`.
    ///
    /// # Errors
    /// The first mistake, if there is one; [`read_source`](crate::read_source) gives them all.
    pub fn from_json(text: &str) -> Result<Self, SpecError> {
        let node = read_json(text)?;
        let mut complaints = Vec::new();
        let draft = read_source(&node, &mut complaints);
        if let Some(complaint) = complaints.into_iter().next() {
            return Err(complaint.into());
        }
        let source = draft.and_then(SourceDraft::into_source);
        source.ok_or_else(|| SpecError::new("a source is missing", 0..text.len(), None))
    }
}

impl Request {
    /// Reads what [`Display`](core::fmt::Display) writes: `group/key`, split at the last `/` (after an ARN, at the
    /// first), a key alone, or JSON.
    ///
    /// ```
    /// use secrets_spec::Request;
    ///
    /// let request = Request::parse("kv/db/password (version v2)")?;
    /// assert_eq!((request.view().group, request.view().key), ("kv/db", "password"));
    /// assert_eq!(request.view().group_version, Some("v2"));
    /// # Ok::<(), secrets_spec::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// If a part breaks the grammar.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if text.starts_with('{') {
            return Self::from_json(text);
        }
        Self::read_plain(text)
    }

    /// Reads a request written in JSON: an object with `group`, `key`, `group_version`, `mount_requirement`
    /// and `env_var`.
    ///
    /// # Errors
    /// The first mistake, if there is one; [`read_requests`](crate::read_requests) gives them all.
    pub fn from_json(text: &str) -> Result<Self, SpecError> {
        let node = read_json(text)?;
        let mut complaints = Vec::new();
        let draft = read_request(&node, &mut complaints);
        if let Some(complaint) = complaints.into_iter().next() {
            return Err(complaint.into());
        }
        let request = draft.and_then(RequestDraft::into_request);
        request.ok_or_else(|| SpecError::new("a request is missing", 0..text.len(), None))
    }
}
