//! The events that are passed to `tracing`.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Id, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};

use crate::{
    audit::{
        AuditSink,
        call::AuditedCall,
        event::{AuditEvent, AuditEventKind},
        trail::{AuditSinks, AuditTrail},
    },
    core::{error::Error, origin::Origin},
    settings::audit::AuditSettings,
};

struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) -> Result<(), Error> {
        Ok(())
    }
}

/// Remembers the fields of the events at the target of the audit log.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "secrets::audit"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::INFO);
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().expect("nobody panics").push(fields.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn an_event_has_the_fields_that_the_line_has() {
    let settings = AuditSettings { file: None, is_required: false };
    let trail = AuditTrail::new(&settings, AuditSinks(vec![Box::new(Nowhere)])).expect("a sink");
    let program = trail.event(AuditEventKind::Read).program().to_owned();
    let listener = Listener::default();
    let call = AuditedCall::begin(trail, Some("load"));
    let mut resolved = call.event(AuditEventKind::Resolved);
    (resolved.source, resolved.origin) = (Some("db".to_owned()), Some(Origin::Cache));
    resolved.ms = Some(3);
    let number = resolved.call().expect("it is a call");
    tracing::subscriber::with_default(listener.clone(), || {
        call.record(&[resolved]).expect("nothing is required");
        call.read("db", "password").expect("nothing is required");
    });
    let start = |event| {
        format!(
            " event=\"{event}\" program={program:?} pid={} call={number} step=\"load\"",
            std::process::id()
        )
    };
    let expected = [
        format!("{} source=\"db\" origin=\"cache\" ms=3", start("resolved")),
        format!("{} group=\"db\" key=\"password\"", start("read")),
    ];
    assert_eq!(*listener.0.lock().expect("nobody panics"), expected);
}
