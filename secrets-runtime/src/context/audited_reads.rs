//! Records the reads of a step in the audit log.

use crate::{
    context::{group::Group, secrets::Secrets},
    core::error::Error,
};

impl Secrets {
    /// Records that a field is read, before its value is returned.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if the audit log is required and the read cannot
    /// be recorded.
    #[inline]
    pub(crate) fn record_read(&self, group: &str, key: &str) -> Result<(), Error> {
        match &self.0.shared.audit {
            None => Ok(()),
            Some(call) => call.read(group, key).map_err(|error| error.in_step(self.step())),
        }
    }

    /// Records that all fields of a group are read.
    ///
    /// # Errors
    /// As [`record_read`](Self::record_read).
    pub(super) fn record_reads(&self, name: &str, group: &Group) -> Result<(), Error> {
        if self.0.shared.audit.is_none() {
            return Ok(());
        }
        group.keys().try_for_each(|key| self.record_read(name, key))
    }

    /// Records that all fields of the group of this name are read, if there is one.
    ///
    /// # Errors
    /// As [`record_read`](Self::record_read).
    pub(crate) fn record_reads_of(&self, name: &str) -> Result<(), Error> {
        self.0.shared.group(name).map_or(Ok(()), |group| self.record_reads(name, group))
    }

    /// Records that the step asked for a group or field that it does not declare. `key` is empty for a whole group.
    pub(super) fn record_not_requested(&self, group: &str, key: &str) {
        if let Some(call) = &self.0.shared.audit {
            call.not_requested(group, key);
        }
    }
}
