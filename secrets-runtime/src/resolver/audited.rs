//! What the audit log says of a resolution.

use std::time::{Duration, Instant};

use secrets_spec::Source;

use crate::{
    audit::{
        call::AuditedCall,
        event::{AuditEvent, AuditEventKind},
    },
    context::{freshness::Freshness, provenance::Provenance, resolved::ResolvedSecrets},
    core::{
        error::{Error, Problem},
        origin::Origin,
    },
    resolver::Resolver,
};

/// A resolution of a call that is audited.
pub(super) struct AuditedResolution<'a> {
    call: &'a AuditedCall,
    /// What a secret that was found is reported as.
    found: AuditEventKind,
    started: Instant,
}

impl<'a> AuditedResolution<'a> {
    pub(super) fn start(call: &'a AuditedCall, freshness: Freshness) -> Self {
        let found = match freshness {
            Freshness::Fresh => AuditEventKind::Resolved,
            Freshness::NewerThan(_) | Freshness::Refetch => AuditEventKind::Refreshed,
        };
        Self { call, found, started: Instant::now() }
    }

    /// Records what was found of each source and request, and what is wrong with the others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if it cannot be recorded and has to be.
    pub(super) fn record(
        self,
        shared: &ResolvedSecrets,
        problems: &[Problem],
    ) -> Result<(), Error> {
        let waited = self.started.elapsed();
        let mut events = Vec::new();
        for (name, group) in shared.in_order() {
            if let Some(source) = &group.source {
                match &source.absent_because {
                    Some(problem) => events.push(self.failed(problem)),
                    None => {
                        let mut event = self.found(&source.origin, &source.provenance, waited);
                        event.group = alias(&source.origin, name);
                        events.push(event);
                    }
                }
            }
            for requested in &group.requests {
                let source = requested.request.to_string();
                events.push(self.found(&source, &requested.provenance, waited));
            }
        }
        events.extend(problems.iter().map(|problem| self.failed(problem)));
        self.call.record(&events)
    }

    fn found(&self, source: &str, provenance: &Provenance, waited: Duration) -> AuditEvent {
        AuditEvent {
            source: Some(source.to_owned()),
            backend: Some(provenance.backend().to_owned()),
            id: Some(provenance.id().to_owned()),
            version: provenance.version().map(str::to_owned),
            role: provenance.role().map(str::to_owned),
            origin: Some(provenance.origin),
            ms: Some(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)),
            ..self.call.event(self.found)
        }
    }

    fn failed(&self, problem: &Problem) -> AuditEvent {
        AuditEvent {
            source: Some(problem.origin().to_owned()),
            backend: problem.backend().map(str::to_owned),
            kind: Some(problem.kind()),
            ..self.call.event(AuditEventKind::Failed)
        }
    }
}

impl Resolver {
    /// Records that fields of a stored secret are shown, which the command reads past the resolver.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if it cannot be recorded and has to be. Then nothing
    /// is to be shown.
    #[doc(hidden)]
    pub fn record_stored_read(
        &self,
        backend: &str,
        id: &str,
        version: Option<&str>,
        keys: &[&str],
    ) -> Result<(), Error> {
        let Some(trail) = self.0.audit.clone() else { return Ok(()) };
        let call = AuditedCall::begin(trail, None);
        call.record(&[AuditEvent {
            source: Some(id.to_owned()),
            backend: Some(backend.to_owned()),
            id: Some(id.to_owned()),
            version: version.map(str::to_owned),
            origin: Some(Origin::Backend),
            ..call.event(AuditEventKind::Resolved)
        }])?;
        keys.iter().try_for_each(|key| call.read(id, key))
    }
}

/// Returns the group of a source if the source as it is written does not say it.
fn alias(source: &str, group: &str) -> Option<String> {
    let is_said = Source::parse(source).is_ok_and(|source| source.group() == group);
    (!is_said).then(|| group.to_owned())
}
