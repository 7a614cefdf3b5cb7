//! The audit log: what is recorded of the use of secrets, and where.

mod events;
mod log_files;
mod pools;
mod reads;
mod required;
mod stores;

use std::sync::{Arc, Mutex};

use secrets_runtime::{AuditEvent, AuditSink, Error};
use serde_json::{Value, json};

/// A sink that remembers events as the log has them.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Value>>>);

impl AuditSink for Recorder {
    fn record(&self, event: &AuditEvent) -> Result<(), Error> {
        let line = serde_json::to_string(event).unwrap();
        assert!(!line.contains("SeNtInEl") && !format!("{event:?}").contains("SeNtInEl"), "{line}");
        self.0.lock().unwrap().push(serde_json::from_str(&line).unwrap());
        Ok(())
    }
}

impl Recorder {
    /// Returns what was recorded since the last time, without what every event has.
    fn take(&self) -> Vec<Value> {
        let mut events = std::mem::take(&mut *self.0.lock().unwrap());
        for event in &mut events {
            let event = event.as_object_mut().unwrap();
            assert_eq!(event.remove("v"), Some(json!(1)));
            assert_eq!(event.remove("pid"), Some(json!(std::process::id())));
            assert!(event.remove("program").unwrap().as_str().unwrap().starts_with("integration"));
            let time = event.remove("time").unwrap();
            let time = time.as_str().unwrap();
            assert!(
                time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T',
                "{time}"
            );
        }
        events
    }

    /// Returns the groups and keys that were read since the last time.
    fn take_read(&self) -> Vec<(String, String)> {
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let events = self.take();
        let read = events.iter().filter(|event| event["event"] == "read");
        read.map(|event| (text(event, "group"), text(event, "key"))).collect()
    }
}
