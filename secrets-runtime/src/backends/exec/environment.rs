//! What a program gets of the process's environment.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
};

/// The variables that every program gets, if they are set: where its user's files, agents and screen are, and in which
/// language it speaks.
const COMMON: [&str; 24] = [
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "TERM",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "GNUPGHOME",
    "GPG_TTY",
    "PASSWORD_STORE_DIR",
];

/// The search path of a program whose caller has none.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Returns the variables of a program whose table names `own`.
pub(super) fn variables(own: &[String]) -> Vec<(OsString, OsString)> {
    let names = COMMON.iter().copied().chain(own.iter().map(String::as_str));
    let set = names.filter_map(|name| Some((OsString::from(name), env::var_os(name)?)));
    let path = search_path(env::var_os("PATH").as_deref());
    // What the table names takes precedence.
    std::iter::once((OsString::from("PATH"), path)).chain(set).collect()
}

/// Returns the search path without folders that depend on where the process is.
fn search_path(path: Option<&OsStr>) -> OsString {
    let folders = path.map(env::split_paths).into_iter().flatten();
    let absolute = folders.filter(|folder| Path::is_absolute(folder));
    match env::join_paths(absolute) {
        Ok(path) if !path.is_empty() => path,
        _ => DEFAULT_PATH.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_folder_is_not_searched() {
        let path = |text: &str| search_path(Some(OsStr::new(text)));
        assert_eq!(path("/usr/bin:.:bin::/bin"), "/usr/bin:/bin");
        assert_eq!(path("."), DEFAULT_PATH);
        assert_eq!(search_path(None), DEFAULT_PATH);
    }
}
