//! The audit trail: which program got and read which secrets.

pub(crate) mod call;
pub(crate) mod event;
mod file;
#[cfg(all(test, feature = "tracing"))]
mod tests;
pub(crate) mod trail;

use crate::{audit::event::AuditEvent, core::error::Error};

/// A place for the events of the audit log, such as a message queue. It is added with
/// [`ResolverBuilder::audit`](crate::ResolverBuilder::audit).
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use secrets_runtime::{AuditEvent, AuditSink, Declaration, Error, Resolver};
///
/// #[derive(Clone, Default)]
/// struct Recorder(Arc<Mutex<Vec<String>>>);
///
/// impl AuditSink for Recorder {
///     fn record(&self, event: &AuditEvent) -> Result<(), Error> {
///         self.0.lock().unwrap().push(event.event().to_string());
///         Ok(())
///     }
/// }
///
/// let recorder = Recorder::default();
/// let resolver = Resolver::builder().audit(recorder.clone()).default_backend("env").build()?;
/// let declaration = Declaration::builder("load").source("PATH")?.build();
/// resolver.resolve_blocking(&declaration)?.secrets.get("PATH", "PATH")?;
/// assert_eq!(*recorder.0.lock().unwrap(), ["resolved", "read"]);
/// # Ok::<(), Error>(())
/// ```
pub trait AuditSink: Send + Sync + 'static {
    /// Records an event. It is called on the thread that reads or resolves, and the step waits for it.
    ///
    /// A sink that needs secrets should get them before: if it reads any itself, that read is not passed to the sinks.
    ///
    /// # Errors
    /// The reason why the event cannot be recorded. With `SECRETS_AUDIT_REQUIRED` it fails the step; otherwise the
    /// first failure is reported as a warning. The error must not contain a value.
    fn record(&self, event: &AuditEvent) -> Result<(), Error>;
}
