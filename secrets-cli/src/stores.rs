//! Where secrets are kept, as the commands that read and write whole ones see it.

use std::{future::poll_fn, ops::ControlFlow, sync::Arc};

use pollster::block_on;
use secrets_runtime::{
    Backend, Error, ErrorKind, FetchRequest, Options, Resolver, ResolverBuilder, Store,
    StoredSecret,
};
use secrets_spec::Source;

use crate::{
    failure::{Failure, problem},
    manager::Manager,
    page::json_string,
    words::Kept,
};

/// The stage of the version before the current one.
const PREVIOUS: &str = "AWSPREVIOUS";

/// The backends that are asked, in order; the first one is written.
pub struct Shelf(Vec<Arc<dyn Backend>>);

impl Shelf {
    /// The backends of `--backend`, else the default ones.
    pub fn open(types: Option<&str>) -> Result<Self, Failure> {
        let resolver = resolver(types)?;
        let mut backends = Vec::new();
        let mut problems = Vec::new();
        for kind in resolver.default_backends() {
            match resolver.backend(kind) {
                Ok(backend) => backends.push(backend),
                Err(error) => problems.push(error),
            }
        }
        crate::failure::all(problems)?;
        Ok(Self(backends))
    }

    /// The type of the backend that is written.
    pub fn kind(&self) -> &str {
        self.0.first().map_or("", |backend| backend.kind())
    }

    /// The backend that is written, if it is AWS Secrets Manager.
    pub fn manager(&self) -> Option<Manager<'_>> {
        self.0.first().and_then(|backend| Manager::of(&**backend))
    }

    /// Reads a secret from the first backend that has it.
    pub fn read(&self, name: &str, previous: bool) -> Result<StoredSecret, Error> {
        self.check_name(name)?;
        let stage = previous.then_some(PREVIOUS);
        let mut missing = None;
        for backend in &self.0 {
            match block_on(StoredSecret::read(&**backend, name, stage)) {
                Err(error) if error.kind() == ErrorKind::NotFound => missing = Some(error),
                answer => return answer,
            }
        }
        Err(missing.unwrap_or_else(|| Error::new(ErrorKind::NotFound, "there is no backend")))
    }

    /// Reads a secret from the backend that is written.
    pub fn read_own(&self, name: &str) -> Result<StoredSecret, Error> {
        self.check_name(name)?;
        block_on(StoredSecret::read(self.first()?, name, None))
    }

    /// Whether the backend that is written has the secret.
    pub fn has(&self, name: &str) -> Result<bool, Error> {
        self.have(&[name]).pop().unwrap_or(Ok(false))
    }

    /// The same of many, asked at once: one answer for each, in order.
    pub fn have(&self, names: &[&str]) -> Vec<Result<bool, Error>> {
        let options = Options::default();
        let flaws: Vec<_> = names.iter().map(|name| self.check_name(name)).collect();
        let good = names.iter().zip(&flaws).filter(|(_, flaw)| flaw.is_ok());
        let requests: Vec<_> = good.map(|(name, _)| FetchRequest::new(name, &options)).collect();
        let answers = self.first().map(|first| block_on(first.exists(&requests)));
        let mut answers = answers.unwrap_or_default().into_iter();
        let answer = |(name, flaw): (&&str, Result<(), Error>)| {
            flaw?;
            let answer = answers.next().unwrap_or(Ok(false));
            answer.map_err(|error| error.about(name, Some(self.kind())))
        };
        names.iter().zip(flaws).map(answer).collect()
    }

    /// Writes a secret, new or anew; gives its version.
    fn write(&self, name: &str, secret: &StoredSecret) -> Result<String, Error> {
        secret.check().map_err(|error| error.about(name, Some(self.kind())))?;
        let put = block_on(self.store()?.put(name, secret.payload()));
        put.map_err(|error| error.about(name, Some(self.kind())))
    }

    /// Writes a secret, new or anew; gives what there is to say of it.
    pub fn keep<'a>(&'a self, name: &'a str, secret: &StoredSecret) -> Result<Kept<'a>, Error> {
        let version = Some(self.write(name, secret)?);
        Ok(Kept { name, backend: self.kind(), version, detour: self.detour(name) })
    }

    /// Deletes a secret; gives whether there was one.
    pub fn delete(&self, name: &str) -> Result<bool, Error> {
        self.check_name(name)?;
        let deleted = block_on(self.store()?.delete(name));
        deleted.map_err(|error| error.about(name, Some(self.kind())))
    }

    /// The names of all secrets, sorted.
    pub fn list(&self) -> Result<Vec<String>, Error> {
        let listed = block_on(self.store()?.list());
        listed.map_err(|error| error.about("", Some(self.kind())))
    }

    /// Gives the names of all secrets to `each`, in the backend's own order, until it breaks. `waiting` is called
    /// whenever the next one is not there yet.
    pub fn list_each(
        &self,
        each: &mut (dyn FnMut(String) -> ControlFlow<()> + Send),
        waiting: impl Fn(),
    ) -> Result<(), Error> {
        let mut listing = self.store()?.list_each(each);
        let listed = block_on(poll_fn(|context| {
            let polled = listing.as_mut().poll(context);
            if polled.is_pending() {
                waiting();
            }
            polled
        }));
        listed.map_err(|error| error.about("", Some(self.kind())))
    }

    /// How a step reaches a secret that its name alone does not: the grammar of sources is narrower than that of
    /// some backends, and what stands before a dot is a type in it.
    fn detour(&self, name: &str) -> Option<String> {
        let kind = self.kind();
        let is = |text: &str, backend: Option<&str>| {
            Source::parse(text).is_ok_and(|source| {
                source.id() == name && source.backend().map(|kind| kind.as_str()) == backend
            })
        };
        if is(name, None) {
            return None;
        }
        let typed = format!("{kind}.{name}");
        Some(match is(&typed, Some(kind)) {
            true => json_string(&typed),
            false => format!("{{ type = {}, id = {} }}", json_string(kind), json_string(name)),
        })
    }

    /// Checks a name by the grammar of the backend that is written.
    pub fn check_name(&self, name: &str) -> Result<(), Error> {
        let Some(flaw) = secrets_spec::check_id(Some(self.kind()), name) else { return Ok(()) };
        let is_name = flaw.kind.is_name();
        let kind = if is_name { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
        let flaw = flaw.explain(name);
        let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
        let shown = if shown.is_empty() { "the name".to_owned() } else { shown };
        Err(problem(&shown, kind, flaw.message(), flaw.help().unwrap_or("give another name")))
    }

    fn first(&self) -> Result<&dyn Backend, Error> {
        let first = self.0.first().map(|backend| &**backend);
        first.ok_or_else(|| Error::new(ErrorKind::InvalidConfig, "there is no backend"))
    }

    /// The backend that is written, if it can be.
    pub fn store(&self) -> Result<&dyn Store, Error> {
        let backend = self.first()?;
        backend.as_store().ok_or_else(|| {
            let message = format!("{backend} can be read, but neither listed nor written");
            let help = "choose another one with --backend, such as `local`";
            Error::new(ErrorKind::NotSupported, message)
                .with_help(help)
                .about("", Some(backend.kind()))
        })
    }
}

/// A resolver of the process's settings, with these default backends.
pub fn resolver(types: Option<&str>) -> Result<Resolver, Failure> {
    Ok(builder(types).build()?)
}

/// The same before it is built.
pub fn builder(types: Option<&str>) -> ResolverBuilder {
    let builder = Resolver::builder();
    match types {
        Some(types) => builder.default_backend(types),
        None => builder,
    }
}
