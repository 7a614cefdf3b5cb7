//! Records resolutions in the audit log.

use std::time::{Duration, Instant};

use secrets_spec::{BackendType, Source};

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
    resolver::{
        Resolver,
        resolution::plan::{Plan, SourcePlan},
    },
};

/// A resolution of a call that is audited.
pub(super) struct AuditedResolution<'a> {
    call: &'a AuditedCall,
    /// The event that is recorded for each secret that was found.
    found: AuditEventKind,
    started: Instant,
}

impl<'a> AuditedResolution<'a> {
    pub(super) fn start(call: &'a AuditedCall, freshness: Freshness) -> Self {
        let found = match freshness {
            Freshness::Unexpired => AuditEventKind::Resolved,
            Freshness::NewerThan(_) | Freshness::FromNowOn => AuditEventKind::Refreshed,
        };
        Self { call, found, started: Instant::now() }
    }

    /// Records each source and request that was found, and the problems of the others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if the audit log is required and they cannot be
    /// recorded.
    pub(super) fn record(
        self,
        plan: &Plan,
        shared: &ResolvedSecrets,
        problems: &[Problem],
    ) -> Result<(), Error> {
        let waited = self.started.elapsed();
        let mut events = Vec::new();
        for (name, group) in shared.in_order() {
            if let Some(source) = &group.source {
                let planned = plan.sources.iter().find(|planned| *planned.group == *name);
                let text = planned.map_or(&source.origin, |planned| &planned.audit_name);
                match &source.absent_because {
                    Some(problem) => events.push(self.failed(text, problem)),
                    None => {
                        let mut event = self.found(text, &source.provenance, waited);
                        event.group = alias(text, name);
                        events.push(event);
                    }
                }
            }
            for requested in &group.requests {
                let source = requested.request.to_string();
                events.push(self.found(&source, &requested.provenance, waited));
            }
        }
        let failed = |problem| self.failed(text_of(plan, problem), problem);
        events.extend(problems.iter().map(failed));
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

    fn failed(&self, source: &str, problem: &Problem) -> AuditEvent {
        AuditEvent {
            source: Some(source.to_owned()),
            backend: problem.backend().map(str::to_owned),
            kind: Some(problem.kind()),
            ..self.call.event(AuditEventKind::Failed)
        }
    }
}

impl Resolver {
    /// Records that fields of a stored secret are shown. The command reads them from the store and not by the
    /// resolver.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if the audit log is required and the read cannot
    /// be recorded. Then nothing must be shown.
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
        let source = match BackendType::parse(backend) {
            Ok(kind) => self.0.settings.text_of(&Source::new(kind, id)).into_owned(),
            Err(_) => id.to_owned(),
        };
        call.record(&[AuditEvent {
            group: (source != id).then(|| id.to_owned()),
            source: Some(source),
            backend: Some(backend.to_owned()),
            id: Some(id.to_owned()),
            version: version.map(str::to_owned),
            origin: Some(Origin::Backend),
            ..call.event(AuditEventKind::Resolved)
        }])?;
        keys.iter().try_for_each(|key| call.read(id, key))
    }
}

/// Returns the text with which the log names the source of a problem: of several sources with one id, the source of
/// the problem's backend.
fn text_of<'a>(plan: &'a Plan, problem: &'a Problem) -> &'a str {
    let named = || plan.sources.iter().filter(|source| *source.as_written == *problem.origin());
    let is_of_backend = |source: &&SourcePlan| {
        let kind = source.audit_name.split_once('.').map(|(kind, _)| kind);
        kind.is_some() && kind == problem.backend()
    };
    let source = named().find(is_of_backend).or_else(|| named().next());
    source.map_or(problem.origin(), |source| &source.audit_name)
}

/// Returns the group of a source if the text of the source does not contain it.
fn alias(source: &str, group: &str) -> Option<String> {
    let is_said = Source::parse(source).is_ok_and(|source| source.group() == group);
    (!is_said).then(|| group.to_owned())
}
