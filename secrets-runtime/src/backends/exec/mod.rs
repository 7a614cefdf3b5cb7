//! Secrets that a program prints, such as `op`, `pass` and `sops`.

mod environment;
mod process_groups;
mod program;
mod reason;
mod run;

use std::{fmt, future::ready, sync::Arc};

use secrets_spec::check_exec_id;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, probe::Probe,
    },
    backends::{
        bounded_tasks::{DEFAULT_CONCURRENCY, run_bounded},
        exec::program::ExecProgram,
    },
    core::error::{Error, ErrorKind},
    settings::backends::exec::ExecSettings,
};

/// A backend whose secrets a program prints: one table `[backends.NAME]` of `secrets.toml`.
///
/// ```toml
/// [backends.op]
/// exec = ["/usr/bin/op", "read", "op://{id}"]
/// ```
///
/// A source of the type `op` is then read by a call of this program, with the id in place of `{id}`. No shell reads the
/// arguments. The value is what it prints to its standard output, without one line break at the end. In a request with a
/// group, the group is the id, and the key a field of the JSON object that is printed. If the program ends with another code
/// than 0, the error is [`ErrorKind::Unavailable`] with its standard error as the reason, in which known secrets are
/// masked; with a code of the table's `not_found` it is [`ErrorKind::NotFound`].
///
/// Before each call it is checked that nobody else can write or replace the program.
pub struct Exec {
    program: Arc<ExecProgram>,
}

impl Exec {
    /// Creates the backend of a table.
    pub(crate) fn of_settings(settings: &ExecSettings) -> Self {
        Self { program: Arc::new(ExecProgram::new(settings.clone())) }
    }

    /// Ends the programs that the backends of this process run, with their children, and lets no further one start. A
    /// program has a process group of its own, so Ctrl-C and a signal that ends this process do not reach it. It is for a
    /// process that handles such a signal, before it ends. The steps that wait for the programs fail.
    ///
    /// ```
    /// use secrets_runtime::backends::Exec;
    ///
    /// // On a thread that waits for SIGTERM:
    /// Exec::end_programs();
    /// ```
    pub fn end_programs() {
        process_groups::end_all();
    }

    /// Checks that the program is there and that nobody else can write or replace it. It is not run.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`], with what to do.
    pub fn check(&self) -> Result<(), Error> {
        self.program.check()
    }
}

impl fmt::Debug for Exec {
    /// Prints the type and the program. An argument may be something that a log should not have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.program.settings();
        let mut debug = f.debug_struct("Exec");
        debug.field("kind", &settings.kind.as_str()).field("program", &settings.program);
        debug.finish_non_exhaustive()
    }
}

impl fmt::Display for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.fmt(f)
    }
}

impl Backend for Exec {
    fn kind(&self) -> &str {
        self.program.settings().kind.as_str()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    /// The key is left out: all fields of a secret are one answer. A source, which may be a text, has another one.
    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        let object = is_object(request).then_some("object");
        let selector = [object, request.version_id(), request.stage_unless_current()];
        Identity::new(id_of(request)).with_selector(selector)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let wanted = requests.iter().map(|request| (checked_id(request), is_object(request)));
            let wanted = wanted.map(|(id, is_object)| (id.map(str::to_owned), is_object));
            let program = self.program.clone();
            run_bounded(
                wanted.collect(),
                DEFAULT_CONCURRENCY,
                move |(id, is_object): (Result<String, Error>, bool)| {
                    let program = program.clone();
                    async move { program.print(&id?, is_object).await }
                },
            )
            .await
        })
    }

    /// The program is not run: it may do something, and knows no such secret.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(ready(self.check().into()))
    }
}

/// Returns the id of a source, the group of a request, or the key of one without a group.
fn id_of<'a>(request: &FetchRequest<'a>) -> &'a str {
    match request.id() {
        "" => request.key().unwrap_or_default(),
        id => id,
    }
}

/// Whether a request names a field of what is printed, which is then a JSON object whatever the table says: the fields of a
/// group would else all have one value.
fn is_object(request: &FetchRequest<'_>) -> bool {
    request.key().is_some_and(|_| !request.id().is_empty())
}

fn checked_id<'a>(request: &FetchRequest<'a>) -> Result<&'a str, Error> {
    let id = id_of(request);
    if let Some(flaw) = check_exec_id(id) {
        let error = flaw.explain(id);
        let help = error.help().unwrap_or("write the secret's name");
        return Err(Error::new(ErrorKind::InvalidSource, error.message()).with_help(help));
    }
    if request.version_id().or(request.stage_unless_current()).is_some() {
        let message = "a program prints the current version of a secret only";
        return Err(Error::new(ErrorKind::NotSupported, message)
            .with_help("remove the version, or read the secret from another backend"));
    }
    Ok(id)
}
