//! Where this process runs, as far as it decides whether what it writes stays.

use std::{env, path::Path};

/// What this is, if what is kept on its disk is gone after it: a container, or a job of a CI system.
pub fn passing() -> Option<&'static str> {
    let set =
        |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    // Set by all the widespread CI systems.
    if set("CI") {
        return Some("a CI job (CI is set)");
    }
    if set("KUBERNETES_SERVICE_HOST") {
        return Some("a pod of Kubernetes");
    }
    // systemd-nspawn and podman set it.
    let marked = ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists());
    (set("container") || marked).then_some("a container")
}
