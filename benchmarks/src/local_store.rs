//! Embedded stores of many secrets, made once.

use std::{fs, path::PathBuf, process::Command};

use secrets_runtime::{Payload, Store, backends::Local};
use tokio::runtime::Builder;

use in_memory::value;

use crate::{measure::Failure, setup::Setup};

/// A store.
#[derive(Debug)]
pub struct LocalStore {
    folder: PathBuf,
    key: PathBuf,
}

impl LocalStore {
    /// The store with so many secrets: `app`, which has a `password`, and others. It is made at first, and kept.
    pub fn with(setup: &Setup, count: usize) -> Result<Self, Failure> {
        let place = setup.scratch.join(format!("store-{count}"));
        let store = Self { folder: place.join("secrets"), key: place.join("key/key.jwk") };
        // Written last: a store without it is half made.
        let stamp = place.join("made");
        if stamp.is_file() {
            return Ok(store);
        }
        eprintln!("  making a store of {count} secrets");
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(place.join("key"))?;
        let local = store.open();
        Builder::new_current_thread().build()?.block_on(async {
            let payload = || Payload::Json(format!(r#"{{"password":"{}"}}"#, value(32)).into());
            local.put("app", payload()).await?;
            for n in 1..count {
                local.put(&format!("service-{n}/database"), payload()).await?;
            }
            Ok::<_, Failure>(())
        })?;
        fs::write(stamp, "")?;
        Ok(store)
    }

    /// As a backend.
    pub fn open(&self) -> Local {
        Local::new(&self.folder, &self.key)
    }

    /// Makes it the store of a program.
    pub fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SECRETS_LOCAL_DIR", &self.folder).env("SECRETS_LOCAL_KEY_FILE", &self.key)
    }
}
