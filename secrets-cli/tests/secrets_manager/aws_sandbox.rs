//! Runs the command with a test server as AWS.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::support::{CliOutput, Sandbox};

pub const AWS: &str = "aws-secrets-manager";

/// A sandbox in which AWS is at this address.
pub struct AwsSandbox {
    pub sandbox: Sandbox,
    url: String,
}

impl AwsSandbox {
    /// Uses moto. Without it, returns `None` and prints a line that says so.
    pub fn at_moto() -> Option<Self> {
        let url = std::env::var("SECRETS_TEST_MOTO_URL").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            println!("skipped: SECRETS_TEST_MOTO_URL is not set");
        }
        url.map(Self::at)
    }

    pub fn at(url: impl Into<String>) -> Self {
        Self { sandbox: Sandbox::new(), url: url.into() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "CALLER")
            .env("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// Runs the command with `--backend aws-secrets-manager`.
    pub fn run(&self, arguments: &[&str]) -> CliOutput {
        let mut command = self.command(arguments);
        CliOutput::new(command.args(["--backend", AWS]).output().unwrap())
    }

    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> CliOutput {
        let result = self.run(arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        result
    }
}

/// Returns a name that no other test and no earlier run uses.
pub fn unique_name(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("cli/{name}/{}-{}", now.as_nanos(), NEXT.fetch_add(1, Ordering::Relaxed))
}
