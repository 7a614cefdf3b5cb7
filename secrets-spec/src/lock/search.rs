use crate::lock::document::SecretsLock;

/// A folder of the file system, for [`find_lock`]. This crate has no file system of its own.
pub trait LockFolder {
    /// Whether the folder has an entry of this name.
    fn has(&self, name: &str) -> bool;

    /// Returns the text of a file in the folder.
    fn read(&self, name: &str) -> Option<alloc::string::String>;
}

/// Returns the folder with the `secrets.lock` that applies in the first of these folders, which are a folder and all
/// that contain it, from the inside out.
///
/// It is the nearest one that has the file, up to the root of the repository. Outside a repository the root of the
/// workspace is the last folder, or else that of the package. For a package that Cargo has downloaded, only the
/// package's own folder counts.
pub fn find_lock<F: LockFolder>(folders: impl IntoIterator<Item = F>) -> Option<F> {
    let mut folders: alloc::vec::Vec<F> = folders.into_iter().collect();
    let last = last_folder(&folders);
    let found =
        folders.iter().take(last + 1).position(|folder| folder.has(SecretsLock::FILE_NAME))?;
    Some(folders.swap_remove(found))
}

/// Whether Cargo has downloaded the package in the first of these folders, which are its own and all that contain it,
/// from the inside out. The package of a Git repository is marked at the root of the repository.
pub fn is_downloaded<F: LockFolder>(folders: &[F]) -> bool {
    let Some(own) = folders.first() else { return false };
    let root = folders.iter().position(|folder| folder.has(".git")).unwrap_or(folders.len());
    let mut in_repository = folders.iter().take(root.saturating_add(1));
    own.has(VENDORED) || in_repository.any(|folder| folder.has(DOWNLOADED))
}

fn last_folder<F: LockFolder>(folders: &[F]) -> usize {
    let first = |has: &dyn Fn(&F) -> bool| folders.iter().position(has);
    if is_downloaded(folders) {
        return 0;
    }
    first(&|folder| folder.has(".git"))
        .or_else(|| {
            first(&|folder| {
                folder.has(MANIFEST) && folder.read(MANIFEST).is_some_and(|it| is_workspace(&it))
            })
        })
        .or_else(|| first(&|folder| folder.has(MANIFEST)))
        .unwrap_or(0)
}

const MANIFEST: &str = "Cargo.toml";

/// What Cargo puts into the folder of a package from a registry, and into the root of a Git repository.
const DOWNLOADED: &str = ".cargo-ok";

/// What is in the folder of a vendored package.
const VENDORED: &str = ".cargo-checksum.json";

/// Whether this manifest is that of a workspace.
fn is_workspace(manifest: &str) -> bool {
    manifest.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("[workspace]") || line.starts_with("[workspace.")
    })
}
