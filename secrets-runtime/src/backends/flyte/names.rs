use secrets_spec::{BuiltIn, MountType, RequestView, Secret, check_id, check_version};

use crate::{backend::fetch_request::FetchRequest, backends::mount::refused, core::error::Error};

/// Flyte's names of a secret.
#[derive(Debug)]
pub(super) struct Names<'a>(RequestView<'a>);

impl<'a> Names<'a> {
    /// The parts of a request, or of a source, whose id is one part; each checked, so that a path made of them
    /// stays below its folder.
    ///
    /// # Errors
    /// `InvalidSource`, or `InvalidName` if a part leads out.
    pub(super) fn of(request: &FetchRequest<'a>) -> Result<Self, Error> {
        let (id, key) = (request.id(), request.key());
        let selected = request.version_id().or(request.version_stage());
        let view = RequestView {
            group: id,
            key: key.unwrap_or_default(),
            group_version: request.group_version().or(selected),
            mount_requirement: MountType::ANY,
            env_var: None,
        };
        let flaw = match key {
            Some(_) => view.check().map(|flaw| (flaw, view.part(flaw.kind))),
            None => check_id(Some(BuiltIn::Flyte.name()), id).map(|flaw| (flaw, id)),
        };
        let version = view.group_version.unwrap_or_default();
        let of_version = || Some((view.group_version.and_then(check_version)?, version));
        match flaw.or_else(of_version) {
            Some((flaw, text)) => Err(refused(flaw, text)),
            None => Ok(Self(view)),
        }
    }

    /// Returns the names of a request without one of its parts, and which part: platforms leave out what they do not
    /// use.
    pub(super) fn shorter(request: &FetchRequest<'a>) -> Vec<(Self, &'static str)> {
        let (group, key) = (request.id(), request.key().unwrap_or_default());
        let Some(version) = request.group_version() else { return Vec::new() };
        let names = |key| Self(RequestView { group, key, ..Secret::new("", "").view() });
        let shorter = [(names(key), "group_version"), (names(version), "key")];
        shorter.into_iter().filter(|(names, _)| names.0.parts().next().is_some()).collect()
    }

    /// The variable: upper-cased, and nothing else is mapped.
    pub(super) fn variable(&self, prefix: &str) -> String {
        self.0.flyte_variable(prefix)
    }

    /// The file below the folder: lower-cased, the prefix before its last part.
    pub(super) fn file(&self, prefix: &str) -> String {
        let lower: Vec<_> = self.0.parts().map(str::to_lowercase).collect();
        path(&lower, prefix)
    }

    /// The file below the folder in the case in which it is written, the prefix before its last part.
    pub(super) fn file_as_written(&self, prefix: &str) -> String {
        path(&self.0.parts().collect::<Vec<_>>(), prefix)
    }
}

fn path<P: AsRef<str>>(parts: &[P], prefix: &str) -> String {
    let Some((last, folders)) = parts.split_last() else { return prefix.to_owned() };
    let mut path = String::new();
    for folder in folders {
        path.push_str(folder.as_ref());
        path.push('/');
    }
    path.push_str(prefix);
    path.push_str(last.as_ref());
    path
}
