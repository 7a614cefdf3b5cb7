//! Which `secrets.toml` the user has trusted.
//!
//! A file that is found upwards from the working directory may be part of a repository that somebody else wrote. It
//! must not decide where a credential is sent, which store and key are used, or what the value of a secret is, until
//! the user has read it and trusts this text at this path.

pub(super) mod list;
pub(crate) mod trusted_config;

use std::{fs, path::Path};

use crate::settings::{
    values,
    variables::{self, Variable},
};

/// Whether a setting applies only in a trusted file, if `file` is where it is set.
pub(super) fn is_needed(variable: &Variable, text: &str, file: &Path) -> bool {
    match *variable {
        variables::WITH => values::has_inline(text),
        variables::FILE_DIR | variables::FLYTE_DEFAULT_DIR => is_beside(Path::new(text), file),
        _ => variable.needs_trust(),
    }
}

/// Whether a folder lies in that of the file: then the values in it may be from the repository of the file. A file in
/// the root of the system is from none.
fn is_beside(folder: &Path, file: &Path) -> bool {
    // What does not exist yet will be below the nearest folder that exists.
    let real = |path: &Path| path.ancestors().find_map(|known| fs::canonicalize(known).ok());
    let home = file.parent().and_then(real).filter(|home| home.parent().is_some());
    home.is_some_and(|home| real(folder).is_some_and(|folder| folder.starts_with(home)))
}

/// What a setting that needs trust decides.
pub(super) fn stake(variable: &Variable) -> &'static str {
    match *variable {
        variables::ZENML_URL => "where the password for ZenML is sent",
        variables::LOCAL_DIR => "which store is used",
        variables::LOCAL_KEY_FILE => "with which key secrets are encrypted",
        _ => "what the values of secrets are",
    }
}

/// The help for a key that applies only in a trusted file.
pub(super) fn help(path: &Path, instead: &str) -> String {
    format!("read the file; if you trust it, run `secrets trust {}`; {instead}", path.display())
}
