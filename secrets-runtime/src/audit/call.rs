use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    audit::{
        event::{AuditEvent, AuditEventKind},
        trail::AuditTrail,
    },
    core::error::Error,
};

/// One call of a step, or of a `get_secret`, whose events are recorded.
pub(crate) struct AuditedCall {
    trail: Arc<AuditTrail>,
    number: u64,
    step: Option<Box<str>>,
    /// The fields that were read, by group and key.
    read: Mutex<HashSet<(Box<str>, Box<str>)>>,
}

impl AuditedCall {
    /// Begins a call. No other call of this process has its number.
    pub(crate) fn begin(trail: Arc<AuditTrail>, step: Option<&str>) -> Self {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let number = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        Self { trail, number, step: step.map(Box::from), read: Mutex::default() }
    }

    /// Creates an event of this call.
    pub(crate) fn event(&self, event: AuditEventKind) -> AuditEvent {
        let mut event = self.trail.event(event);
        event.call = Some(self.number);
        event.step = self.step.as_deref().map(str::to_owned);
        event
    }

    /// Records events.
    ///
    /// # Errors
    /// The errors of [`AuditTrail::record`].
    pub(crate) fn record(&self, events: &[AuditEvent]) -> Result<(), Error> {
        self.trail.record(events)
    }

    /// Records that a field is read, if it is the first time in this call. The event is recorded when this returns, on
    /// whichever threads the field is read.
    ///
    /// # Errors
    /// The errors of [`AuditTrail::record`]. The value must not be returned then.
    pub(crate) fn read(&self, group: &str, key: &str) -> Result<(), Error> {
        let event = || {
            let mut event = self.event(AuditEventKind::Read);
            (event.group, event.key) = (Some(group.to_owned()), Some(key.to_owned()));
            event
        };
        if AuditTrail::is_in_sink() {
            // A sink that reads a secret of the call must not wait for itself.
            return self.record(&[event()]);
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let field = (Box::from(group), Box::from(key));
        if !read.contains(&field) {
            self.record(&[event()])?;
            read.insert(field);
        }
        Ok(())
    }

    /// Records that the step asked for a group or field that it does not declare. `key` is empty for a whole group.
    pub(crate) fn not_requested(&self, group: &str, key: &str) {
        let mut event = self.event(AuditEventKind::NotRequested);
        event.group = Some(group.to_owned());
        event.key = Some(key).filter(|key| !key.is_empty()).map(str::to_owned);
        // The step gets no value, and an error of its own.
        let _ = self.record(&[event]);
    }
}
