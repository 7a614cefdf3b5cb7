//! What the examples share: a store of their own, so that they leave nothing on the machine.

use secrets_runtime::{Backend, Error, ErrorKind, Local, Payload, Resolver, ResolverBuilder};
use tempfile::TempDir;

/// An embedded encrypted store in a temporary folder, which ends with it.
#[derive(Debug)]
pub struct Playground {
    store: Local,
    folder: TempDir,
}

impl Playground {
    /// An empty store.
    ///
    /// # Errors
    /// If there is no room for a temporary folder.
    pub fn new() -> Result<Self, Error> {
        let failed = |cause| {
            Error::new(ErrorKind::Unavailable, "no temporary folder can be made").with_cause(cause)
        };
        let folder = tempfile::tempdir().map_err(failed)?;
        let (store, key) = (folder.path().join("store"), folder.path().join("keys/key.jwk"));
        Ok(Self { store: Local::new(store, key), folder })
    }

    /// Writes a secret.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn put(&self, name: &str, payload: Payload) -> Result<(), Error> {
        let Some(store) = self.store.as_store() else {
            return Err(Error::new(ErrorKind::NotSupported, "this store cannot be written"));
        };
        store.put(name, payload).await.map(drop)
    }

    /// Lets the steps of this process read from the store.
    ///
    /// # Errors
    /// If another resolver is installed already.
    pub fn install(&self) -> Result<(), Error> {
        self.resolver().default_backend("local").build()?.install()
    }

    /// Starts a resolver that has the store.
    #[must_use]
    pub fn resolver(&self) -> ResolverBuilder {
        Resolver::builder().backend(Local::new(self.store.dir(), self.store.key_file()))
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// The programs of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Those of the page for those who come from Metaflow.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-metaflow.md")]
struct FromMetaflow;
