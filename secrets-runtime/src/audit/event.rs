use std::{fmt, sync::Arc, time::SystemTime};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::core::{error::ErrorKind, origin::Origin, timestamp::Timestamp};

/// The version of the form of an event.
const FORMAT: u32 = 1;

/// The kind of an event of the audit log.
///
/// Its text, as `Display` and JSON write it, is its name: `resolved`, `not_requested`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditEventKind {
    /// A call of a step got the secret of a source or request.
    Resolved,
    /// A call of a step did not get the secret of a source or request.
    Failed,
    /// A field was read for the first time in a call.
    Read,
    /// The step asked for a group or field that it does not declare.
    NotRequested,
    /// A secret was fetched again.
    Refreshed,
    /// The result of a step contained a secret.
    Leaked,
    /// A secret was written to its store.
    Written,
    /// A secret was deleted from its store.
    Deleted,
}

impl AuditEventKind {
    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Failed => "failed",
            Self::Read => "read",
            Self::NotRequested => "not_requested",
            Self::Refreshed => "refreshed",
            Self::Leaked => "leaked",
            Self::Written => "written",
            Self::Deleted => "deleted",
        }
    }
}

impl fmt::Display for AuditEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for AuditEventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One event of the audit log. It does not contain the value of a secret, nor its length or a hash of it.
///
/// As JSON it is a line of the log. A field without a meaning for the event is absent:
/// `{"v": 1, "time": "2026-11-28T21:30:00.123Z", "event": "read", "program": "load", "pid": 4711, "call": 3, "step": "load", "group": "db", "key": "password"}`.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    pub(crate) time: SystemTime,
    pub(crate) event: AuditEventKind,
    pub(crate) program: Arc<str>,
    pub(crate) call: Option<u64>,
    pub(crate) step: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) backend: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) origin: Option<Origin>,
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) ms: Option<u64>,
}

impl AuditEvent {
    /// Creates an event that happens now, outside of a call.
    pub(super) fn new(event: AuditEventKind, program: Arc<str>) -> Self {
        Self {
            time: SystemTime::now(),
            event,
            program,
            call: None,
            step: None,
            source: None,
            group: None,
            key: None,
            backend: None,
            id: None,
            version: None,
            role: None,
            origin: None,
            kind: None,
            ms: None,
        }
    }

    /// Returns the version of the form, which is 1. It changes if a field gets another meaning.
    #[must_use]
    pub fn v(&self) -> u32 {
        FORMAT
    }

    /// Returns when the event happened.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the kind of the event.
    #[must_use]
    pub fn event(&self) -> AuditEventKind {
        self.event
    }

    /// Returns the file name of the program.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the id of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        std::process::id()
    }

    /// Returns the number of the call of a step, or of a `get_secret`. All events of the call have this number, and no
    /// other call of the process has it.
    #[must_use]
    pub fn call(&self) -> Option<u64> {
        self.call
    }

    /// Returns the step, or `None` outside of a step.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.step.as_deref()
    }

    /// Returns the source or request as it is written.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Returns the group, as it is passed to [`Secrets::get`](crate::Secrets::get). An event about a source has it if
    /// the source has a `group` of its own.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Returns the key, as it is passed to [`Secrets::get`](crate::Secrets::get).
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the type of the backend.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.backend.as_deref()
    }

    /// Returns the id of the secret in its backend.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the version of the secret.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the role in which the backend was asked.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Returns where the value came from.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }

    /// Returns how many milliseconds the call waited for its secrets, which are fetched together.
    #[must_use]
    pub fn ms(&self) -> Option<u64> {
        self.ms
    }
}

impl Serialize for AuditEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("v", &self.v())?;
        fields.serialize_entry("time", &Timestamp(self.time))?;
        fields.serialize_entry("event", &self.event)?;
        fields.serialize_entry("program", self.program())?;
        fields.serialize_entry("pid", &self.pid())?;
        macro_rules! if_there {
            ($($name:ident),*) => {
                $(if let Some(value) = &self.$name {
                    fields.serialize_entry(stringify!($name), value)?;
                })*
            };
        }
        if_there!(call, step, source, group, key, backend, id, version, role, origin, kind, ms);
        fields.end()
    }
}
