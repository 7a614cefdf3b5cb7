//! The store that the examples use, which leaves nothing on the machine.

use secrets_runtime::{
    Backend, Error, ErrorKind, Payload, Resolver, ResolverBuilder, backends::Local,
};
use tempfile::TempDir;

/// An embedded encrypted store in a temporary folder, which is deleted when this is dropped.
#[derive(Debug)]
pub struct Playground {
    store: Local,
    folder: TempDir,
}

impl Playground {
    /// Creates an empty store.
    ///
    /// # Errors
    /// If a temporary folder cannot be created.
    pub fn new() -> Result<Self, Error> {
        let failed = |cause| {
            Error::new(ErrorKind::Unavailable, "a temporary folder cannot be created")
                .with_cause(cause)
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

    /// Returns a builder for a resolver with this store.
    #[must_use]
    pub fn resolver(&self) -> ResolverBuilder {
        Resolver::builder().backend(Local::new(self.store.dir(), self.store.key_file()))
    }

    /// The folder of the store.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// The programs of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The program of the README of `secrets-runtime`, run.
#[cfg(doctest)]
#[doc = include_str!("../../secrets-runtime/README.md")]
struct RuntimeReadme;

/// The program of the README of `secrets-macros`, run.
#[cfg(doctest)]
#[doc = include_str!("../../secrets-macros/README.md")]
struct MacrosReadme;

/// The programs of the page for users of Metaflow, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-metaflow.md")]
struct FromMetaflow;

/// The program of the page about the audit log, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guards.md")]
struct Guards;
