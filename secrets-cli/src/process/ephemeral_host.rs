//! Whether this process runs where files do not last.

use std::{env, ffi::OsString, path::Path};

/// Describes the host if its disk is discarded when it ends: a CI job, a pod or a container.
pub fn detect() -> Option<&'static str> {
    detect_in(|name| env::var_os(name), |path| Path::new(path).exists())
}

fn detect_in(
    variable: impl Fn(&str) -> Option<OsString>,
    exists: impl Fn(&str) -> bool,
) -> Option<&'static str> {
    let is_set =
        |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "false");
    // All widespread CI systems set it.
    if is_set("CI") {
        return Some("a CI job (CI is set)");
    }
    if is_set("KUBERNETES_SERVICE_HOST") {
        return Some("a Kubernetes pod");
    }
    // systemd-nspawn and podman set the variable `container`; docker and podman make the files.
    let is_container = is_set("container") || exists("/.dockerenv") || exists("/run/.containerenv");
    is_container.then_some("a container")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ci_job_a_pod_and_a_container_are_detected() {
        let with = |name: &str, value: &str| {
            detect_in(|asked| (asked == name).then(|| value.into()), |_| false)
        };
        assert_eq!(with("CI", "true"), Some("a CI job (CI is set)"));
        assert_eq!((with("CI", "false"), with("CI", "")), (None, None));
        assert_eq!(with("KUBERNETES_SERVICE_HOST", "10.0.0.1"), Some("a Kubernetes pod"));
        assert_eq!(with("container", "podman"), Some("a container"));
        for file in ["/.dockerenv", "/run/.containerenv"] {
            assert_eq!(detect_in(|_| None, |asked| asked == file), Some("a container"));
        }
        assert_eq!(detect_in(|_| None, |_| false), None);
    }
}
