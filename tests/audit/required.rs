//! What happens if the use of secrets cannot be recorded.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use secrets_runtime::{
    AuditEvent, AuditEventKind, AuditSink, Declaration, Error, ErrorKind, Resolver,
    ResolverBuilder, Secrets, settings::variables,
};

/// A sink that fails at events of one kind, once it is told to.
#[derive(Clone)]
struct Failing {
    at: AuditEventKind,
    is_failing: Arc<AtomicBool>,
    panics: bool,
}

impl Failing {
    fn at(at: AuditEventKind) -> Self {
        Self { at, is_failing: Arc::new(AtomicBool::new(true)), panics: false }
    }
}

impl AuditSink for Failing {
    fn record(&self, event: &AuditEvent) -> Result<(), Error> {
        if event.event() != self.at || !self.is_failing.load(Ordering::Relaxed) {
            return Ok(());
        }
        assert!(!self.panics, "the test wants a panic");
        Err(Error::new(ErrorKind::Unavailable, "the queue is full"))
    }
}

fn builder(sink: Failing, is_required: bool) -> ResolverBuilder {
    Resolver::builder().default_backend("env").audit(sink).audit_required(is_required)
}

fn resolve(resolver: &Resolver) -> Result<Secrets, Error> {
    let declaration = Declaration::builder("load").source("PATH")?.source("HOME")?.build();
    Ok(resolver.resolve_blocking(&declaration)?.secrets)
}

#[test]
fn a_step_that_cannot_be_recorded_fails() -> Result<(), Error> {
    for panics in [false, true] {
        let sink = Failing { panics, ..Failing::at(AuditEventKind::Resolved) };
        let resolver = builder(sink.clone(), true).build()?;
        let error = resolve(&resolver).unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::InvalidConfig, Some("load")));
        let why = if panics { "it panicked" } else { "the queue is full" };
        assert!(error.to_string().contains(why), "{error}");
        sink.is_failing.store(false, Ordering::Relaxed);
        resolve(&resolver)?.get("PATH", "PATH")?;
    }
    Ok(())
}

type Read = fn(&Secrets) -> Result<(), Error>;

#[test]
fn a_read_that_cannot_be_recorded_returns_no_value() -> Result<(), Error> {
    let sink = Failing::at(AuditEventKind::Read);
    let secrets = resolve(&builder(sink.clone(), true).build()?)?;
    let ways: [Read; 7] = [
        |secrets| secrets.get("PATH", "PATH").map(drop),
        |secrets| secrets.var("PATH").map(drop),
        |secrets| secrets.file("PATH", "PATH").map(drop),
        |secrets| secrets.render("{{PATH.PATH}}").map(drop),
        |secrets| secrets.get_as::<String>("PATH").map(drop),
        |secrets| secrets.exports(|_| None).map(drop),
        |secrets| secrets.apply_to(std::process::Command::new("true").env_clear()),
    ];
    for read in ways {
        let error = read(&secrets).unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::InvalidConfig, Some("load")));
    }
    assert_eq!((secrets.vars().count(), secrets.entries().count()), (0, 0));
    sink.is_failing.store(false, Ordering::Relaxed);
    secrets.get("PATH", "PATH")?;
    // What is recorded may be read again, whatever became of the log.
    sink.is_failing.store(true, Ordering::Relaxed);
    secrets.get("PATH", "PATH")?;
    assert_eq!((secrets.vars().count(), secrets.entries().count()), (1, 1));
    Ok(())
}

#[test]
fn without_it_the_step_continues() -> Result<(), Error> {
    for at in [AuditEventKind::Resolved, AuditEventKind::Read] {
        for panics in [false, true] {
            let sink = Failing { panics, ..Failing::at(at) };
            resolve(&builder(sink, false).build()?)?.get("PATH", "PATH")?;
        }
    }
    let resolver =
        Resolver::builder().default_backend("env").audit_file("/dev/null/audit.log").build()?;
    resolve(&resolver)?.get("PATH", "PATH").map(drop)
}

#[test]
fn what_is_not_requested_is_its_own_error() -> Result<(), Error> {
    let secrets = resolve(&builder(Failing::at(AuditEventKind::NotRequested), true).build()?)?;
    assert_eq!(secrets.get("other", "key").unwrap_err().kind(), ErrorKind::NotRequested);
    Ok(())
}

#[test]
fn a_log_that_has_to_be_there_and_is_not_is_a_wrong_setting() -> Result<(), Error> {
    let builders: [ResolverBuilder; 3] = [
        Resolver::builder().audit_required(true),
        Resolver::builder().setting(&variables::AUDIT_REQUIRED, "1"),
        Resolver::builder()
            .setting(&variables::AUDIT_REQUIRED, "true")
            .setting(&variables::AUDIT, "off"),
    ];
    for builder in builders {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        let problem = &error.problems()[0];
        assert_eq!(problem.origin(), "SECRETS_AUDIT_REQUIRED (built in code)");
        assert!(problem.help().unwrap().contains("SECRETS_AUDIT"), "{problem:?}");
    }
    // A sink is a log.
    builder(Failing::at(AuditEventKind::Read), true).build()?;
    let off = Resolver::builder().setting(&variables::AUDIT_REQUIRED, "1").audit_required(false);
    off.build()?;
    let error =
        Resolver::builder().setting(&variables::AUDIT_REQUIRED, "maybe").build().unwrap_err();
    assert!(error.to_string().contains("neither 1 nor 0"), "{error}");
    Ok(())
}
