//! The user's folders, by the XDG Base Directory Specification
//! (<https://specifications.freedesktop.org/basedir-spec/latest/>): a relative path in one of its variables is
//! invalid and ignored.

use std::path::PathBuf;

use crate::settings::precedence::Environment;

/// The folders on which defaults depend, as far as the environment names them.
#[derive(Debug)]
pub(super) struct Folders {
    pub(super) home: Option<PathBuf>,
    pub(super) data: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
}

impl Folders {
    pub(super) fn of(environment: Environment<'_>) -> Self {
        let absolute =
            |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME").or_else(|| {
            // Windows has no `HOME`.
            if cfg!(windows) { absolute("USERPROFILE") } else { None }
        });
        let below_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
        let data = absolute("XDG_DATA_HOME").or_else(|| below_home(".local/share"));
        let config = absolute("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        Self { home, data, config }
    }
}
