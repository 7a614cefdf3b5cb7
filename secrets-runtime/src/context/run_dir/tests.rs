use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::*;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn why_not(root: &Path, in_memory: bool) -> String {
    RunDir::under(root, in_memory).map(drop).unwrap_err()
}

#[test]
fn a_folder_that_others_can_change_is_refused() {
    let place = tempfile::tempdir().unwrap();
    for mode in [0o770, 0o707, 0o777] {
        chmod(place.path(), mode);
        assert_eq!(why_not(place.path(), false), "can be written by others");
    }
    for mode in [0o700, 0o755, 0o1777] {
        chmod(place.path(), mode);
        assert!(RunDir::under(place.path(), false).is_ok(), "{mode:o}");
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_path_that_is_not_a_folder_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(why_not(&file, false), "is not a folder");
    assert!(why_not(&place.path().join("none"), false).starts_with("cannot be used ("));
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_a_tmpfs() {
    assert_eq!(why_not(Path::new("/proc"), true), "is not a tmpfs");
    assert!(RunDir::under(Path::new("/dev/shm"), true).is_ok());
}

#[test]
fn only_dead_folders_are_swept() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    let living = RunDir::under(root, false).unwrap();
    fs::write(living.path().join("file"), "").unwrap();
    let random = "0123456789abcdef0123456789abcdef";
    let dead = root.join(format!("secrets-run-{random}"));
    let private_folder = |path: &Path| {
        fs::create_dir(path).unwrap();
        chmod(path, 0o700);
    };
    private_folder(&dead);
    fs::write(dead.join(random), "").unwrap();
    chmod(&dead.join(random), 0o600);
    // Folders of other programs, whose names begin alike.
    let foreign = ["dead", "backup", random].map(|name| root.join(format!("secrets-run-{name}")));
    let foreign = foreign.map(|path| match path == dead {
        true => root.join("secrets-run-fedcba9876543210fedcba9876543210"),
        false => path,
    });
    for path in &foreign {
        private_folder(path);
        fs::write(path.join("data"), "").unwrap();
    }
    let open = root.join("secrets-run-ffffffffffffffffffffffffffffffff");
    fs::create_dir(&open).unwrap();
    chmod(&open, 0o755);
    let linked = root.join("secrets-run-link");
    symlink(living.path(), &linked).unwrap();
    let other = root.join("secrets");
    fs::create_dir(&other).unwrap();

    let next = RunDir::under(root, false).unwrap();
    assert!(!dead.exists());
    assert!(living.path().join("file").exists() && other.exists() && open.exists());
    assert!(foreign.iter().all(|path| path.join("data").exists()), "other programs' files stay");
    assert!(linked.symlink_metadata().is_ok(), "a link is not followed, and nobody's folder");
    let (first, second) = (living.path().to_owned(), next.path().to_owned());
    assert_ne!(first, second);
    drop((living, next));
    assert!(!first.exists() && !second.exists(), "files of others in it go too");
}

#[test]
fn files_are_created_and_removed_in_the_folder_that_was_checked() {
    let place = tempfile::tempdir().unwrap();
    let [root, elsewhere] = ["root", "elsewhere"].map(|name| place.path().join(name));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let folder = RunDir::under(&root, false).unwrap();
    // Another folder has this path now, and the root was replaced too.
    let moved = place.path().join("moved");
    fs::rename(folder.path(), root.join("away")).unwrap();
    symlink(&elsewhere, folder.path()).unwrap();
    fs::write(elsewhere.join("a"), "not ours").unwrap();
    drop(folder.create("a").unwrap());
    assert!(root.join("away/a").exists());
    folder.remove("a").unwrap();
    assert!(!root.join("away/a").exists());
    assert_eq!(fs::read(elsewhere.join("a")).unwrap(), b"not ours");
    fs::remove_file(folder.path()).unwrap();
    fs::rename(root.join("away"), folder.path()).unwrap();
    fs::rename(&root, &moved).unwrap();
    symlink(&elsewhere, &root).unwrap();
    let name = folder.path().file_name().unwrap().to_owned();
    fs::create_dir(elsewhere.join(&name)).unwrap();
    drop(folder);
    assert!(!moved.join(&name).exists() && elsewhere.join(&name).exists());
}

#[test]
fn an_existing_file_is_not_overwritten_and_a_link_is_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let folder = RunDir::under(place.path(), false).unwrap();
    let target = place.path().join("target");
    symlink(&target, folder.path().join("link")).unwrap();
    drop(folder.create("file").unwrap());
    for name in ["file", "link"] {
        let error = folder.create(name).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{name}");
    }
    assert!(!target.exists());
    let mode = fs::metadata(folder.path().join("file")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn a_folder_removed_before_it_was_locked_is_created_again() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let folder = RunDir::under(root, false).unwrap();
                        fs::write(folder.path().join("file"), "").unwrap();
                    }
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    assert_eq!(fs::read_dir(root).unwrap().count(), 0);
}

#[test]
fn a_child_removes_nothing_of_its_parents() {
    let place = tempfile::tempdir().unwrap();
    let folder = RunDir::under(place.path(), false).unwrap();
    drop(folder.create("file").unwrap());
    let path = folder.path().join("file");
    // As if this process were a child of the one that created it.
    let mut copy = folder;
    copy.process = 0;
    assert!(!copy.is_own());
    drop(copy);
    assert!(path.exists());
}
