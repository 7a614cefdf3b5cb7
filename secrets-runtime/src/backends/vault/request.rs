use std::sync::Arc;

use secrets_spec::{BuiltIn, PREVIOUS_STAGE, check_id};

use crate::{
    backend::fetch_request::FetchRequest,
    backends::vault::{call::VaultCall, mounts::Engine},
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
    },
};

/// A request for a secret of Vault.
#[derive(Debug, Clone)]
pub(super) struct VaultRequest {
    pub path: String,
    pub version: WantedVersion,
    /// The version of the engine, if the source says it.
    pub kv: Option<u8>,
    pub call: Arc<VaultCall>,
}

/// Which version of a secret of KV version 2 is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WantedVersion {
    Newest,
    /// The one before the newest.
    Previous,
    Number(u64),
}

impl VaultRequest {
    pub(super) fn read(request: &FetchRequest<'_>, call: &Arc<VaultCall>) -> Result<Self, Error> {
        let invalid = |message: &str, help: &str| {
            Err(Error::new(ErrorKind::InvalidSource, message).with_help(help))
        };
        if let Some(flaw) = check_id(Some(BuiltIn::Vault.name()), request.id()) {
            let flaw = flaw.explain(request.id());
            return invalid(flaw.message(), flaw.help().unwrap_or("give another path"));
        }
        let version = match request.version_id().or(request.stage_unless_current()) {
            None => WantedVersion::Newest,
            Some(PREVIOUS_STAGE) => WantedVersion::Previous,
            Some(text) => match text.parse::<u64>() {
                Ok(version) if version > 0 => WantedVersion::Number(version),
                _ => {
                    let message =
                        format!("`{}` is not a version of a secret in Vault", escape_name(text));
                    return invalid(&message, "a version is a number, such as version_id = \"3\"");
                }
            },
        };
        let (path, kv) = (request.id().to_owned(), request.options().kv);
        Ok(Self { path, version, kv, call: call.clone() })
    }

    pub(super) fn of_path(path: &str) -> Result<Self, Error> {
        Self::read(&FetchRequest::named(path), &Arc::default())
    }

    pub(super) fn first_segment(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Returns the engine that the source says.
    pub(super) fn said_engine(&self) -> Option<Engine> {
        self.kv.map(|kv| if kv == 2 { Engine::Kv2 } else { Engine::Kv1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_of_aws_are_the_newest_version_and_the_one_before() {
        let request = FetchRequest::named("secret/db");
        let version = |request: FetchRequest<'_>| {
            VaultRequest::read(&request, &Arc::default()).map(|it| it.version)
        };
        for (stage, wanted) in
            [("AWSCURRENT", WantedVersion::Newest), ("AWSPREVIOUS", WantedVersion::Previous)]
        {
            assert_eq!(version(request.with_version_stage(stage)).unwrap(), wanted);
        }
        assert_eq!(version(request.with_version_id("3")).unwrap(), WantedVersion::Number(3));
        for text in ["0", "v1", "AWSPENDING"] {
            assert!(version(request.with_version_stage(text)).is_err(), "{text}");
        }
    }
}
