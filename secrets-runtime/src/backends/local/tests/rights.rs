//! Who may read what: modes, owners, links, and a process that may do nothing.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write,
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink},
        process::CommandExt,
    },
    path::Path,
};

use crate::{
    backend::store::Store,
    backends::local::tests::home::{Home, get, get_previous, is_root, put, refused, run, skip},
    core::error::ErrorKind,
};

/// Someone else; on most systems `nobody`.
const OTHER: u32 = 65534;

/// A new file of this mode.
pub(super) fn create(path: &Path, mode: u32, content: &str) {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).expect("a new file");
    file.write_all(content.as_bytes()).expect("it is written");
    chmod(path, mode);
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode is set");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o7777
}

#[test]
fn folders_are_0700_and_files_0600() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    put(&store, "a", "SeNtInEl").expect("it is written");
    for folder in [home.dir(), home.path().join("data"), home.path().join("config")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    for file in [home.current("a"), home.previous("a"), home.dir().join(".lock"), home.key_file()] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_or_key_or_folder_that_others_may_read_or_write_is_refused() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    put(&store, "a", "SeNtInEl").expect("it is written");
    for (path, own) in [(home.current("a"), 0o600), (home.key_file(), 0o600), (home.dir(), 0o700)] {
        for open in [0o040, 0o020, 0o010, 0o004, 0o002, 0o001, 0o077] {
            chmod(&path, own | open);
            let error = refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
            assert!(error.to_string().contains(&format!("chmod {own:o}")), "{error}");
            refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &path);
        }
        chmod(&path, own);
        assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
    }
    chmod(&home.previous("a"), 0o644);
    refused(get_previous(&store, "a"), ErrorKind::InvalidConfig, &home.previous("a"));
    chmod(&home.dir(), 0o755);
    refused(run(store.list()), ErrorKind::InvalidConfig, &home.dir());
    refused(run(store.versions("a")), ErrorKind::InvalidConfig, &home.dir());
    refused(run(store.delete("a")), ErrorKind::InvalidConfig, &home.dir());
}

#[test]
fn what_belongs_to_someone_else_is_refused() {
    if !is_root() {
        return skip("only root can give a file away");
    }
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    for path in [home.key_file(), home.current("a"), home.dir()] {
        chown(&path, Some(OTHER), None).expect("it is given away");
        let error = refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
        assert!(error.to_string().contains("belongs to the user 65534"), "{error}");
        refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &path);
        chown(&path, Some(0), None).expect("it is taken back");
    }
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
}

#[test]
fn an_empty_folder_made_beforehand_is_made_private_and_a_full_one_is_refused() {
    let home = Home::new();
    let store = home.store();
    fs::create_dir_all(home.dir()).expect("a folder");
    chmod(&home.dir(), 0o755);
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert_eq!(mode(&home.dir()), 0o700);

    let other = Home::new();
    fs::create_dir_all(other.dir()).expect("a folder");
    fs::write(other.dir().join("notes"), "not ours").expect("a file");
    chmod(&other.dir(), 0o755);
    refused(put(&other.store(), "a", "SeNtInEl"), ErrorKind::InvalidConfig, &other.dir());
    assert_eq!(mode(&other.dir()), 0o755);
    assert!(!other.key_file().exists());
}

#[test]
fn a_link_a_folder_and_a_pipe_are_no_store_files() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let path = home.current("a");
    let moved = home.path().join("moved");
    fs::rename(&path, &moved).expect("it is moved");
    symlink(&moved, &path).expect("a link");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &path);
    fs::remove_file(&path).expect("it is removed");
    symlink(home.path().join("nowhere"), &path).expect("a link");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
    fs::remove_file(&path).expect("it is removed");
    fs::create_dir(&path).expect("a folder");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
    fs::remove_dir(&path).expect("it is removed");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a pipe");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &path);
}

#[test]
fn a_file_where_the_folder_should_be_is_refused() {
    let home = Home::new();
    let store = home.store();
    fs::write(home.path().join("data"), "not a folder").expect("a file");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.dir());
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &home.dir());
    fs::remove_file(home.path().join("data")).expect("it is removed");
    fs::create_dir(home.path().join("data")).expect("a folder");
    create(&home.dir(), 0o600, "not a folder");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.dir());
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &home.dir());
}

#[test]
fn a_draft_of_the_key_that_others_may_read_is_not_filled() {
    let home = Home::new();
    fs::create_dir(home.path().join("config")).expect("a folder");
    let draft = home.path().join("config/.key.jwk.draft");
    create(&draft, 0o644, "");
    refused(put(&home.store(), "a", "SeNtInEl"), ErrorKind::InvalidConfig, &draft);
    assert_eq!(fs::metadata(&draft).expect("the draft").len(), 0);
}

#[test]
fn a_key_in_a_folder_that_others_may_write_to_is_neither_made_nor_read() {
    let home = Home::new();
    let store = home.store();
    let folder = home.path().join("config");
    fs::create_dir(&folder).expect("a folder");
    for open in [0o777, 0o1777, 0o703] {
        chmod(&folder, open);
        let error = refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &folder);
        assert!(error.to_string().contains("SECRETS_LOCAL_KEY_FILE"), "{error}");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0);
    }
    // They may look: what they find is closed.
    chmod(&folder, 0o755);
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
    chmod(&folder, 0o777);
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &folder);
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &folder);
    chmod(&folder, 0o755);
    // Nor behind a link in a folder of others.
    let link = home.path().join("link.jwk");
    symlink(home.key_file(), &link).expect("a link");
    let linked = crate::backends::local::Local::new(home.dir(), &link);
    assert_eq!(get(&linked, "a").expect("it is read"), "SeNtInEl");
    chmod(home.path(), 0o777);
    refused(get(&linked, "a"), ErrorKind::InvalidConfig, home.path());
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
}

#[test]
fn a_lock_that_others_can_hold_is_refused() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let lock = home.dir().join(".lock");
    chmod(&lock, 0o644);
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &lock);
    chmod(&lock, 0o600);
    if is_root() {
        chown(&lock, Some(OTHER), None).expect("it is given away");
        refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &lock);
        chown(&lock, Some(0), None).expect("it is taken back");
    }
    fs::remove_file(&lock).expect("it is removed");
    fs::create_dir(&lock).expect("a folder");
    assert!(put(&store, "a", "SeNtInEl").is_err());
    fs::remove_dir(&lock).expect("it is removed");
    put(&store, "a", "SeNtInEl").expect("it is written");
}

#[test]
fn a_reader_touches_nothing_in_a_folder_that_it_refuses() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    fs::remove_file(home.dir().join(".lock")).expect("it is removed");
    let draft = home.dir().join(".draft");
    create(&draft, 0o600, "");
    chmod(&home.dir(), 0o777);
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.dir());
    refused(run(store.list()), ErrorKind::InvalidConfig, &home.dir());
    assert!(draft.exists() && !home.dir().join(".lock").exists(), "it wrote there");
    chmod(&home.dir(), 0o700);
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
    assert!(!draft.exists(), "what a killed writer left stays");
}

/// Root may do anything, so where this test runs as root, a child that is nobody tries it.
#[test]
fn a_folder_without_rights_is_access_denied() {
    let home = Home::new();
    put(&home.store(), "a", "SeNtInEl").expect("it is written");
    let mut child = home.child("kinds a");
    let mut copy = None;
    if is_root() {
        // Nobody must be able to reach the program, and it may lie in a folder of root's.
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        fs::copy(child.get_program(), &program).expect("a copy");
        chmod(&program, 0o755);
        chmod(folder.path(), 0o755);
        let mut as_nobody = std::process::Command::new(&program);
        as_nobody.args(child.get_args()).current_dir("/").uid(OTHER).gid(OTHER);
        for (name, value) in child.get_envs() {
            as_nobody.env(name, value.expect("it is set"));
        }
        child = as_nobody;
        copy = Some(folder);
        // To be reached at all, and to be nobody's.
        chmod(home.path(), 0o755);
        for path in [home.path().join("data"), home.dir(), home.current("a")] {
            chown(path, Some(OTHER), None).expect("it is given away");
        }
    }
    for folder in [home.dir(), home.path().join("data")] {
        chmod(&folder, 0o000);
        let output = child.output();
        chmod(&folder, 0o700);
        let Ok(output) = output else { return skip("no process of another user can be started") };
        let text = String::from_utf8(output.stdout).expect("text");
        let kinds = text.lines().find(|line| line.starts_with("kinds ")).expect("its answer");
        assert_eq!(kinds, "kinds AccessDenied AccessDenied AccessDenied");
    }
    drop(copy);
}
