//! What an answer of Vault means that is not the one asked for. No text of an answer is printed.

use crate::{
    backends::vault::{answer::VaultAnswer, server::VaultServer},
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
    },
};

/// What is known of a token that was refused something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenHealth {
    Good,
    Bad,
    Unknown,
}

impl VaultServer {
    pub(super) fn no_namespace(&self) -> Error {
        let message = format!("{self} has no such namespace");
        Error::new(ErrorKind::InvalidConfig, message)
            .with_help("check SECRETS_VAULT_NAMESPACE, which is the whole path of the namespace")
    }

    /// Returns the error for a status that the caller does not know.
    pub(super) fn failed(&self, answer: &VaultAnswer) -> Error {
        let (kind, what, help) = match answer.status {
            412 => (
                ErrorKind::Unavailable,
                "does not have the newest state yet",
                "try again; its replication may be slow",
            ),
            429 => (
                ErrorKind::Throttled,
                "asks for fewer requests",
                "try again later, or have its rate limit quota raised",
            ),
            503 if answer.says("sealed") => {
                (ErrorKind::Unavailable, "is sealed", "have it unsealed: bao operator unseal")
            }
            501 => (ErrorKind::Unavailable, "is not initialised", "run bao operator init"),
            503 => (ErrorKind::Unavailable, "is not ready", "try again later"),
            500 => (
                ErrorKind::Unavailable,
                "failed",
                "see what it logs: what it fetches from, such as a database, may be down",
            ),
            400 => (
                ErrorKind::InvalidSource,
                "does not take the request",
                "check the path, and the options of the source",
            ),
            status => return self.http.refused(status),
        };
        let status = answer.status;
        Error::new(kind, format!("{self} {what} (HTTP status {status})")).with_help(help)
    }

    /// Returns the error for what is not permitted. `is_listed` says that the server has just listed the mount for the token.
    pub(super) fn denied(
        &self,
        path: &str,
        api_path: &str,
        health: TokenHealth,
        is_listed: bool,
    ) -> Error {
        let (path, api_path) = (escape_name(path), escape_name(api_path));
        let bad = "the token is not valid, or has expired";
        let renew = format!("check {}, or set another token with BAO_TOKEN", self.login());
        let right = format!("give its policy the capability it needs on `{api_path}`");
        let (why, help) = match health {
            TokenHealth::Bad => (format!("{bad}, so `{path}` is not read"), renew),
            TokenHealth::Good if is_listed => (format!("the token may not use `{path}`"), right),
            TokenHealth::Unknown if is_listed => (
                format!("the token may not use `{path}`, or it has just ended"),
                format!("{renew}; if it is valid, {right}"),
            ),
            TokenHealth::Good => (
                format!("the token may not use `{path}`, or there is no such mount"),
                format!("check the mount; if it is right, {right}"),
            ),
            TokenHealth::Unknown => (
                format!("the token may not use `{path}`, or there is no such mount, or {bad}"),
                format!("check the mount and the token; if they are right, {right}"),
            ),
        };
        Error::new(ErrorKind::AccessDenied, format!("{why} ({self})")).with_help(help)
    }
}
