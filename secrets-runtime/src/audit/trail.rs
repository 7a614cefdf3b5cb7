use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    audit::{
        AuditSink,
        event::{AuditEvent, AuditEventKind},
        file::AuditFile,
    },
    core::{
        error::{Error, ErrorKind, Problem},
        escape::escape_json,
        warning::warn,
    },
    settings::audit::AuditSettings,
};

/// The sinks of a program.
#[derive(Default)]
pub(crate) struct AuditSinks(pub Vec<Box<dyn AuditSink>>);

/// Where the events of a resolver are recorded: a file, sinks of the program, or both.
pub(crate) struct AuditTrail {
    file: Option<AuditFile>,
    sinks: AuditSinks,
    /// Whether an operation that cannot be recorded fails.
    is_required: bool,
    program: Arc<str>,
    has_warned: AtomicBool,
}

/// A panic of a sink is caught where it is called.
impl UnwindSafe for AuditTrail {}
impl RefUnwindSafe for AuditTrail {}

thread_local! {
    /// Whether a sink is running on this thread.
    static IN_SINK: Cell<bool> = const { Cell::new(false) };
}

impl AuditTrail {
    /// Creates a trail, or returns `None` if there is neither a file nor a sink.
    pub(crate) fn new(settings: &AuditSettings, sinks: AuditSinks) -> Option<Arc<Self>> {
        if settings.file.is_none() && sinks.0.is_empty() {
            return None;
        }
        Some(Arc::new(Self {
            file: settings.file.clone().map(AuditFile::new),
            sinks,
            is_required: settings.is_required,
            program: program(),
            has_warned: AtomicBool::new(false),
        }))
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(AuditFile::path)
    }

    /// Returns why the file cannot be written, if this can be found without writing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.file.as_ref().map_or(Ok(()), |file| file.check().map_err(Error::from))
    }

    /// Returns the error of an operation that must be recorded: the log is required, and its file cannot be written.
    pub(crate) fn check_required(&self) -> Result<(), Error> {
        if self.is_required { self.check() } else { Ok(()) }
    }

    /// Records that a secret was written or deleted.
    ///
    /// # Errors
    /// The errors of [`record`](Self::record).
    pub(crate) fn record_change(
        &self,
        event: AuditEventKind,
        backend: &str,
        id: &str,
    ) -> Result<(), Error> {
        let mut event = self.event(event);
        (event.backend, event.id) = (Some(backend.to_owned()), Some(id.to_owned()));
        self.record(&[event])
    }

    pub(super) fn event(&self, event: AuditEventKind) -> AuditEvent {
        AuditEvent::new(event, self.program.clone())
    }

    /// Records events: in the file, with the sinks, and with the feature `tracing` as its events. When this returns,
    /// the lines of the file are written.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if they cannot be recorded and the log is required. If it is not required, the
    /// first failure is a warning.
    pub(super) fn record(&self, events: &[AuditEvent]) -> Result<(), Error> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut note = |told: Result<(), Problem>| {
            // Several events may fail for one reason.
            let is_new = |problem: &Problem| {
                problems.iter().all(|known| known.message() != problem.message())
            };
            if let Err(problem) = told
                && is_new(&problem)
            {
                problems.push(problem);
            }
        };
        if let Some(file) = &self.file {
            note(file.append(lines(events).as_bytes()));
        }
        if !Self::is_in_sink() {
            for event in events {
                #[cfg(feature = "tracing")]
                trace(event);
                self.sinks.0.iter().for_each(|sink| note(tell(&**sink, event)));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        if self.is_required {
            return Err(Error::from_problems(problems));
        }
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            let why: Vec<_> = problems.iter().map(Problem::message).collect();
            warn(&format!("the use of secrets is not recorded: {}", why.join("; ")));
        }
        Ok(())
    }

    /// Returns whether this is called by a sink.
    pub(super) fn is_in_sink() -> bool {
        // A thread that is ending runs no sink.
        IN_SINK.try_with(Cell::get).unwrap_or_default()
    }
}

/// Returns events as lines of JSON, which are safe on a terminal.
fn lines(events: &[AuditEvent]) -> String {
    let mut lines = String::new();
    for event in events {
        // Writing an event, whose keys are texts, into memory cannot fail.
        let line = serde_json::to_string(event).unwrap_or_default();
        lines.push_str(&escape_json(&line));
        lines.push('\n');
    }
    lines
}

fn tell(sink: &dyn AuditSink, event: &AuditEvent) -> Result<(), Problem> {
    let _ = IN_SINK.try_with(|it| it.set(true));
    let told = catch_unwind(AssertUnwindSafe(|| sink.record(event)));
    let _ = IN_SINK.try_with(|it| it.set(false));
    let why = match told {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => match error.problems().first() {
            Some(problem) => problem.message().to_owned(),
            None => error.kind().to_string(),
        },
        Err(_) => "it panicked".to_owned(),
    };
    let message = format!("an audit sink of the program failed: {why}");
    Err(Problem::new(ErrorKind::InvalidConfig, message)
        .with_origin("the audit sink")
        .with_help("see what the program's sink needs"))
}

#[cfg(feature = "tracing")]
fn trace(event: &AuditEvent) {
    tracing::info!(
        target: "secrets::audit",
        event = event.event().as_str(),
        program = event.program(),
        pid = event.pid(),
        call = event.call(),
        step = event.step(),
        source = event.source(),
        group = event.group(),
        key = event.key(),
        backend = event.backend(),
        id = event.id(),
        version = event.version(),
        role = event.role(),
        origin = event.origin().map(crate::core::origin::Origin::as_str),
        kind = event.kind().map(ErrorKind::as_str),
        ms = event.ms(),
    );
}

/// Returns the file name of this program, as it was started.
fn program() -> Arc<str> {
    let started = std::env::args_os().next().map(PathBuf::from);
    let name = started.as_deref().and_then(Path::file_name);
    name.map(|name| name.to_string_lossy().into()).unwrap_or_default()
}

impl fmt::Debug for AuditTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditTrail").field("file", &self.file).field("sinks", &self.sinks).finish()
    }
}

impl fmt::Debug for AuditSinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} audit sinks]", self.0.len())
    }
}
