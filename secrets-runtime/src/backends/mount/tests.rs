#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{fs, os::unix::fs::symlink, path::Path};

#[cfg(target_os = "linux")]
use crate::backends::mount::linux::Root;
#[cfg(not(target_os = "linux"))]
use crate::backends::mount::other::Root;
use crate::{
    backends::mount::{
        folder::MountFolder,
        set::{SetFailure, Version},
    },
    core::error::ErrorKind,
};

fn version(volume: &Path, name: &str, fields: &[&str]) {
    for field in fields {
        let path = volume.join(name).join(field);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("SeNtInEl-{name}")).unwrap();
    }
    symlink(name, volume.join("..draft")).unwrap();
    fs::rename(volume.join("..draft"), volume.join("..data")).unwrap();
}

fn mounted(path: &Path) -> MountFolder {
    MountFolder { path: path.to_owned(), setting: "SECRETS_FILE_DIR" }
}

fn is_unavailable(failure: SetFailure) -> bool {
    matches!(failure, SetFailure::Passing(error) if error.kind() == ErrorKind::Unavailable)
}

#[test]
fn a_set_whose_volume_is_replaced_is_read_again() {
    for removed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let volume = folder.path().join("db");
        version(&volume, "..1", &["user", "password"]);
        for field in ["user", "password"] {
            symlink(format!("..data/{field}"), volume.join(field)).unwrap();
        }
        let mount = mounted(folder.path());
        let before = Version::open(&mount, Path::new("db")).ok().unwrap();
        version(&volume, "..2", &["user", "password"]);
        if removed {
            fs::remove_dir_all(volume.join("..1")).unwrap();
        }
        assert!(is_unavailable(before.read("").unwrap_err()));
        let now = Version::open(&mount, Path::new("db")).ok().unwrap().read("").unwrap();
        let texts: Vec<_> = now.iter().map(|(_, value)| value.expose_str().unwrap()).collect();
        assert_eq!(texts, ["SeNtInEl-..2", "SeNtInEl-..2"]);
    }
}

#[test]
fn a_set_that_is_removed_with_its_version_is_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    version(folder.path(), "..1", &["db/user", "db/password"]);
    symlink("..data/db", folder.path().join("db")).unwrap();
    let mount = mounted(folder.path());
    let before = Version::open(&mount, Path::new("db")).ok().unwrap();
    version(folder.path(), "..2", &["db/user", "db/password"]);
    fs::remove_file(folder.path().join("..1/db/user")).unwrap();
    assert!(is_unavailable(before.read("").unwrap_err()));
    fs::remove_dir_all(folder.path().join("..1")).unwrap();
    assert!(is_unavailable(before.read("").unwrap_err()));
}

#[test]
fn what_was_found_is_not_opened_once_it_leads_out_or_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(folder.path().join("outside"), "SeNtInEl-outside").unwrap();
    fs::write(root.join("token"), "SeNtInEl").unwrap();
    let token = Path::new("token");
    let opened = Root::open(&root).unwrap();
    assert!(opened.find(None, token).is_ok());
    for target in [Path::new("../outside"), &folder.path().join("outside")] {
        fs::remove_file(root.join("token")).unwrap();
        symlink(target, root.join("token")).unwrap();
        let error = opened.open_file(None, token).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::CrossesDevices);
    }
    fs::remove_file(root.join("token")).unwrap();
    fs::create_dir(root.join("token")).unwrap();
    assert!(opened.open_file(None, token).is_err());
}
