//! Secrets that programs print: what is run, what it gets, and what becomes of what it does.
#![cfg(unix)]

mod failures;
mod rights;
mod values;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use secrets_runtime::{
    Declaration, Error, Resolver, ResolverBuilder, SecretValue, Secrets, settings::variables,
};
use tempfile::TempDir;

/// A folder with programs and a `secrets.toml`.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a program of the shell, and returns its path.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path(name);
        // Not written in place: a program that runs cannot be written.
        let new = self.path(&format!("{name}.new"));
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
        chmod(&new, 0o755);
        fs::rename(&new, &path).unwrap();
        path
    }

    /// A resolver of the table `[backends.op]` with these lines.
    pub fn builder(&self, table: &str) -> ResolverBuilder {
        let path = self.path("secrets.toml");
        fs::write(&path, format!("[backends.op]\n{table}\n")).unwrap();
        chmod(&path, 0o600);
        Resolver::builder()
            .setting(&variables::CONFIG, path)
            .cache_ttl(Duration::ZERO)
            .cache_stale(Duration::ZERO)
    }

    /// A resolver whose program is this script, with the id as its argument.
    pub fn script(&self, script: &str) -> Resolver {
        self.script_with(script, "")
    }

    pub fn script_with(&self, script: &str, more: &str) -> Resolver {
        let path = self.program("program", script);
        self.builder(&format!("exec = [{path:?}, \"{{id}}\"]\n{more}")).build().unwrap()
    }
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub fn resolve(resolver: &Resolver, source: &str) -> Result<Secrets, Error> {
    let declaration = Declaration::builder("step").source(source)?.build();
    Ok(resolver.resolve_blocking(&declaration)?.secrets)
}

/// Reads the one value of `op.db`.
pub fn value(resolver: &Resolver) -> Result<SecretValue, Error> {
    resolve(resolver, "op.db")?.get("op.db", "db")
}

/// Returns the error of `op.db`, in which no value is.
#[track_caller]
pub fn error(resolver: &Resolver) -> Error {
    let error = value(resolver).expect_err("it fails");
    assert!(!format!("{error} {error:?}").contains("SeNtInEl"), "{error}");
    error
}
