//! Which engine is mounted where.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backends::vault::server::encoded;

/// A mount, without what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EngineMount {
    /// With a slash at its end.
    pub path: String,
    pub engine: Engine,
}

/// What a mount keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Kv1,
    Kv2,
    /// What makes credentials, and whatever else.
    Other,
}

impl Engine {
    pub(super) fn of(kind: &str, version: Option<&str>) -> Self {
        match (kind, version) {
            ("kv", Some("2")) => Self::Kv2,
            ("kv" | "generic" | "cubbyhole", _) => Self::Kv1,
            _ => Self::Other,
        }
    }
}

impl EngineMount {
    /// Returns the path below the mount.
    pub(super) fn rest<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.path.as_str()).unwrap_or(path)
    }

    /// Returns the path of the API by which a secret is read, with its parts encoded.
    pub(super) fn api_path(&self, path: &str) -> String {
        match self.engine {
            Engine::Kv2 => self.kv2_path("data", path),
            _ => encoded(path),
        }
    }

    /// Returns a path of the API of KV version 2.
    pub(super) fn kv2_path(&self, what: &str, path: &str) -> String {
        format!("{}{what}/{}", encoded(&self.path), encoded(self.rest(path)))
    }
}

/// The mounts that the server has listed.
#[derive(Debug, Default)]
pub(super) struct Mounts(Mutex<Vec<EngineMount>>);

impl Mounts {
    pub(super) fn knows(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// Returns the innermost mount that the path is below of.
    pub(super) fn find(&self, path: &str) -> Option<EngineMount> {
        let mounts = self.lock();
        let above = mounts.iter().filter(|mount| path.starts_with(mount.path.as_str()));
        above.max_by_key(|mount| mount.path.len()).cloned()
    }

    pub(super) fn add(&self, mount: EngineMount) {
        let mut mounts = self.lock();
        mounts.retain(|known| known.path != mount.path);
        mounts.push(mount);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<EngineMount>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_innermost_mount() {
        let mounts = Mounts::default();
        let mount = |path: &str, engine| EngineMount { path: path.to_owned(), engine };
        mounts.add(mount("team/", Engine::Kv1));
        mounts.add(mount("team/kv/", Engine::Kv2));
        let found = mounts.find("team/kv/a b").expect("it is there");
        assert_eq!(found.api_path("team/kv/a b"), "team/kv/data/a%20b");
        assert_eq!(mounts.find("team/kvx/a").map(|it| it.engine), Some(Engine::Kv1));
        assert_eq!(mounts.find("teams/a"), None);
    }

    #[test]
    fn kv_is_of_version_1_unless_it_says_2() {
        assert_eq!(Engine::of("kv", Some("2")), Engine::Kv2);
        assert_eq!(Engine::of("kv", Some("1")), Engine::Kv1);
        assert_eq!(Engine::of("kv", None), Engine::Kv1);
        assert_eq!(Engine::of("database", None), Engine::Other);
    }
}
