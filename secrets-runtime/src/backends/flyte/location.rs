use crate::{
    backend::fetch_request::FetchRequest,
    backends::{flyte::names::Names, mount::Mount},
};

/// What Union's own injector puts before its variables.
const UNION_PREFIX: &str = "_UNION_";

/// What the names of variables and of files start with.
#[derive(Debug, Clone)]
pub(super) struct Prefixes {
    pub variable: String,
    pub file: String,
}

/// Where a secret may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    Variable(String),
    /// A name below the folder, of a file.
    File(String),
    /// A name below the folder, of a folder: a set with a field a file.
    Folder(String),
}

impl Location {
    /// Where a secret may be, in the order in which it is looked for. The first two are Flyte's own; the others
    /// are where platforms put it that spell a name otherwise.
    pub(super) fn all(
        names: &Names<'_>,
        prefixes: &Prefixes,
        request: &FetchRequest<'_>,
    ) -> Vec<Self> {
        let mut locations = vec![Self::Variable(names.variable(&prefixes.variable))];
        for name in [Names::file, Names::file_as_written] {
            locations.push(Self::File(name(names, &prefixes.file)));
            // The prefix is before the names of files, not of their folder.
            if request.key().is_none() {
                locations.push(Self::Folder(name(names, "")));
            }
        }
        locations.push(Self::Variable(names.variable(UNION_PREFIX)));
        locations.extend(request.env_var().map(|name| Self::Variable(name.to_owned())));
        let mut once: Vec<Self> = Vec::new();
        for location in locations {
            if !once.contains(&location) {
                once.push(location);
            }
        }
        once
    }

    /// For people.
    pub(super) fn shown(&self, mount: &Mount) -> String {
        match self {
            Self::Variable(name) => format!("the variable {name}"),
            Self::File(name) => format!("the file {}", mount.path(name).display()),
            Self::Folder(name) => format!("the folder {}", mount.path(name).display()),
        }
    }
}
