use std::{
    fs,
    path::{Path, PathBuf},
};

/// The name of the settings' file.
pub(super) const FILE_NAME: &str = "secrets.toml";

/// Returns the nearest `secrets.toml`, from `directory` upwards. The search ends at the root of a repository
/// (a folder with a `.git`), at the home folder and at the border of a file system, after searching these
/// too. A folder that cannot be read counts as having none.
pub(super) fn nearest(
    directory: &Path,
    home: Option<&Path>,
    device: fn(&Path) -> Option<u64>,
) -> Option<PathBuf> {
    let canonical = |path: &Path| fs::canonicalize(path).ok();
    let start = canonical(directory)?;
    let home = home.and_then(canonical);
    let border = device(&start);
    for folder in start.ancestors() {
        if device(folder) != border {
            return None;
        }
        let file = folder.join(FILE_NAME);
        // A dangling link counts, so that it is reported as unreadable and not ignored.
        if is_there(&file) {
            return Some(file);
        }
        if is_there(&folder.join(".git")) || home.as_deref() == Some(folder) {
            return None;
        }
    }
    None
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Returns the file system of a folder, if it is known.
#[cfg(unix)]
pub(super) fn device(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|metadata| metadata.dev())
}

/// Returns the file system of a folder, if it is known.
#[cfg(not(unix))]
pub(super) fn device(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates `repo/.git`, `repo/a/b/c`, and a `secrets.toml` in each of the named folders.
    fn tree(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(folder.path()).expect("its path");
        fs::create_dir_all(root.join("outer/repo/a/b/c")).expect("folders");
        for file in files {
            fs::write(root.join(file).join(FILE_NAME), "").expect("a file");
        }
        (folder, root)
    }

    fn found(root: &Path, home: Option<&str>) -> Option<PathBuf> {
        let home = home.map(|home| root.join(home));
        let start = root.join("outer/repo/a/b/c");
        let file = nearest(&start, home.as_deref(), device)?;
        file.parent()?.strip_prefix(root).ok().map(Path::to_path_buf)
    }

    #[test]
    fn the_nearest_file_wins() {
        let (_folder, root) = tree(&["outer", "outer/repo/a", "outer/repo/a/b"]);
        assert_eq!(found(&root, None), Some("outer/repo/a/b".into()));
    }

    #[test]
    fn the_search_ends_at_the_repository() {
        let (_folder, root) = tree(&["outer"]);
        assert_eq!(found(&root, None), Some("outer".into()));
        // A worktree has a file of that name.
        fs::write(root.join("outer/repo/.git"), "").expect("a file");
        assert_eq!(found(&root, None), None);
        fs::write(root.join("outer/repo").join(FILE_NAME), "").expect("a file");
        assert_eq!(found(&root, None), Some("outer/repo".into()));
    }

    #[test]
    fn the_search_ends_at_the_home_folder() {
        let (_folder, root) = tree(&["outer"]);
        assert_eq!(found(&root, Some("outer/repo/a")), None);
        assert_eq!(found(&root, Some("outer")), Some("outer".into()));
    }

    #[test]
    fn the_search_ends_at_the_border_of_the_file_system() {
        let (_folder, root) = tree(&["outer"]);
        let start = root.join("outer/repo/a/b/c");
        let mounted =
            |path: &Path| Some(u64::from(path.components().any(|c| c.as_os_str() == "repo")));
        assert_eq!(nearest(&start, None, mounted), None);
        assert!(nearest(&start, None, |_| Some(1)).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_is_found() {
        let (_folder, root) = tree(&["outer"]);
        std::os::unix::fs::symlink("nowhere", root.join("outer/repo").join(FILE_NAME))
            .expect("a link");
        assert_eq!(found(&root, None), Some("outer/repo".into()));
    }
}
