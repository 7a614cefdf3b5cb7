//! The command, where AWS is a server of the test's.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::bench::{Bench, Ran};

pub const AWS: &str = "aws-secrets-manager";

/// The command where AWS is at this address.
pub struct Aws {
    pub bench: Bench,
    url: String,
}

impl Aws {
    /// At moto, or a line that says that it is not there.
    pub fn at_moto() -> Option<Self> {
        let url = std::env::var("SECRETS_TEST_MOTO_URL").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            println!("skipped: SECRETS_TEST_MOTO_URL is not set");
        }
        url.map(Self::at)
    }

    pub fn at(url: impl Into<String>) -> Self {
        Self { bench: Bench::new(), url: url.into() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "CALLER")
            .env("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// With `--backend aws-secrets-manager`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        Ran::of(command.args(["--backend", AWS]).output().unwrap())
    }

    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    }
}

/// A name that no other test and no earlier run has.
pub fn fresh(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("cli/{name}/{}-{}", now.as_nanos(), NEXT.fetch_add(1, Ordering::Relaxed))
}
