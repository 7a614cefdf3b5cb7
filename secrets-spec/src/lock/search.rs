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

fn last_folder<F: LockFolder>(folders: &[F]) -> usize {
    let first = |has: &dyn Fn(&F) -> bool| folders.iter().position(has);
    if folders.first().is_some_and(|own| DOWNLOADED.iter().any(|mark| own.has(mark))) {
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

/// What is in the folder of a package from a registry or of a vendored one.
const DOWNLOADED: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// Whether this manifest is that of a workspace.
fn is_workspace(manifest: &str) -> bool {
    manifest.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("[workspace]") || line.starts_with("[workspace.")
    })
}
