use std::{
    cell::LazyCell,
    fs,
    path::{Path, PathBuf},
};

use crate::parse::context_import;

/// Where an attribute is written.
pub struct CallSite {
    /// The file, relative to the folder in which the compiler runs, or to the package if it is outside of that folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Whether secrets-runtime is built with its feature `guard`.
    pub has_guard: bool,
    /// Whether `current_context` is certain to be the runtime's function here. The file is searched only if it
    /// matters.
    pub is_context_known: LazyCell<bool, Box<dyn FnOnce() -> bool>>,
}

impl CallSite {
    /// Returns the location of the attribute that is being expanded.
    pub fn of_call_site() -> Self {
        let span = proc_macro::Span::call_site();
        let line = u32::try_from(span.line()).unwrap_or(u32::MAX);
        // Cargo sets this variable to the folder of the package.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let file = relative(&span.file(), package.as_deref());
        let is_context_known = move || {
            let text = span.local_file().and_then(|path| fs::read_to_string(path).ok());
            text.is_some_and(|text| context_import::is_of_runtime(&text))
        };
        Self {
            file,
            line,
            has_guard: cfg!(feature = "guard"),
            is_context_known: LazyCell::new(Box::new(is_context_known)),
        }
    }
}

/// Returns the path without the package's folder, so that a dependency's record does not name a folder of this machine.
fn relative(file: &str, package: Option<&Path>) -> String {
    let path = Path::new(file);
    let inside = package.and_then(|package| path.strip_prefix(package).ok());
    let name = || path.file_name().map(PathBuf::from).unwrap_or_default();
    let path = match inside {
        Some(inside) => inside.to_owned(),
        None if path.is_absolute() => name(),
        None => path.to_owned(),
    };
    // Programs for Windows are described like all others.
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_no_folder_of_the_machine() {
        let package = Some(Path::new("/registry/jobs-1.0.0"));
        let of = |file: &str| relative(file, package);
        assert_eq!(of("/registry/jobs-1.0.0/src/load.rs"), "src/load.rs");
        assert_eq!(of("jobs/src/load.rs"), "jobs/src/load.rs");
        assert_eq!(of("/made/made.rs"), "made.rs");
        assert_eq!(relative("/made/made.rs", None), "made.rs");
    }
}
