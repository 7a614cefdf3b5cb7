use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use super::*;
use crate::permissions::{accounts::Accounts, metadata::FileFacts};

const ME: u32 = 1000;

fn accounts() -> Accounts {
    Accounts {
        passwd: "root:x:0:0:root:/srv/root:/bin/sh\nsync:x:4:0:sync:/bin:/bin/sync\nada:x:1000:1500::/srv/ada:/bin/sh\nbob:x:1001:1001::/srv/bob:/bin/sh\neve:x:1002:100::/:/bin/sh\n".into(),
        group: "root:x:0:\nada:x:1500:\nbob:x:1001:ada\nusers:x:100:\nteam:x:1000:\n".into(),
    }
}

/// Returns the problem and the help, if the check failed.
fn problem_of(verdict: Result<(), PermissionProblem>) -> Option<(String, String)> {
    match verdict {
        Ok(()) => None,
        Err(PermissionProblem::Exposed { message, help }) => Some((message, help)),
        Err(PermissionProblem::Unreadable { path, error }) => panic!("{}: {error}", path.display()),
    }
}

fn verdict(owner: u32, group: u32, mode: u32) -> Option<(String, String)> {
    let facts = FileFacts { owner, group, mode, read_only: false };
    problem_of(facts.check_for(ME, Path::new("/p/secrets.toml"), &accounts))
}

#[test]
fn on_a_read_only_mount_the_owner_counts_alone() {
    let check = |owner| {
        let facts = FileFacts { owner, group: 0, mode: 0o40_777, read_only: true };
        problem_of(facts.check_for(ME, Path::new("/p"), &accounts))
    };
    assert_eq!(check(0), None);
    assert!(check(1001).is_some());
}

#[test]
fn the_user_and_root_may_own_it() {
    assert_eq!(verdict(ME, 100, 0o100_644), None);
    assert_eq!(verdict(0, 0, 0o40_755), None);
    let (message, _) = verdict(1001, 1001, 0o100_600).expect("bob may have planted it");
    assert!(message.contains("another user (id 1001)"), "{message}");
}

#[test]
fn a_file_that_is_named_may_belong_to_any_one_user() {
    let beside = |owner, mode, other| {
        let facts = FileFacts { owner, group: owner, mode, read_only: false };
        problem_of(facts.check_beside(other, Path::new("/p/secrets.toml")))
    };
    let me = rustix::process::geteuid().as_raw();
    for owner in [me, 0, 54_321] {
        assert_eq!(beside(owner, 0o100_644, 54_321), None);
        assert!(beside(owner, 0o100_646, 54_321).is_some());
    }
    assert!(beside(54_322, 0o100_644, 54_321).is_some());
}

#[test]
fn others_may_not_write() {
    for mode in [0o100_646, 0o41_777, 0o40_703] {
        let (_, help) = verdict(ME, 1500, mode).expect("everybody may write");
        assert_eq!(help, "chmod o-w /p/secrets.toml");
    }
}

#[test]
fn a_group_may_write_only_if_it_is_the_owners_private_one() {
    // ada's own group, and a group with her id and no other members.
    assert_eq!(verdict(ME, 1500, 0o100_664), None);
    assert_eq!(verdict(ME, 1000, 0o100_664), None);
    for (owner, group) in [(ME, 100), (ME, 1001), (ME, 7777), (0, 0), (0, 1500)] {
        let (_, help) = verdict(owner, group, 0o100_664).expect("others are in the group");
        assert_eq!(help, "chmod g-w /p/secrets.toml");
    }
    // bob's group has his id and his name, but ada is in it.
    assert!(!accounts().is_private(1001, 1001));
    // A user without an account, as in a container.
    assert!(accounts().is_private(2000, 2000));
    assert!(!accounts().is_private(2000, 100));
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("rights");
}

/// Creates folders with these names in a temporary one, each accessible only by its owner. Returns their real
/// paths.
fn place<const N: usize>(names: [&str; N]) -> (tempfile::TempDir, [PathBuf; N]) {
    let folder = tempfile::tempdir().expect("a folder");
    let real = fs::canonicalize(folder.path()).expect("its path");
    let folders = names.map(|name| real.join(name));
    for path in &folders {
        fs::create_dir(path).expect("a folder");
        chmod(path, 0o700);
    }
    (folder, folders)
}

fn file(path: PathBuf) -> PathBuf {
    fs::write(&path, "").expect("a file");
    chmod(&path, 0o600);
    path
}

/// Returns the message about a file that must be refused.
fn refused(path: &Path) -> String {
    problem_of(open(path).map(drop)).expect("it is refused").0
}

#[test]
fn a_planted_file_is_refused_and_so_is_a_planted_link() {
    let (_folder, [shared, closed]) = place(["shared", "closed"]);
    let target = file(shared.join("secrets.toml"));
    let link = closed.join("link.toml");
    symlink(&target, &link).expect("a link");
    assert!(open(&target).is_ok() && open(&link).is_ok());

    chmod(&shared, 0o777);
    for path in [&target, &link] {
        assert_eq!(refused(path), format!("everybody may write to {}", shared.display()));
    }
    chmod(&shared, 0o700);
    chmod(&target, 0o666);
    assert_eq!(refused(&target), format!("everybody may write to {}", target.display()));
    assert_eq!(refused(&link), format!("everybody may write to {}", link.display()));
    assert!(matches!(
        open(&closed.join("missing.toml")),
        Err(PermissionProblem::Unreadable { .. })
    ));
}

#[test]
fn the_folder_of_each_link_on_the_way_counts() {
    let (_folder, [first, second, third, last]) = place(["first", "second", "third", "last"]);
    let target = file(last.join("secrets.toml"));
    // A link to a link, relative, and through a folder that is a link itself.
    symlink("../second/link", first.join("secrets.toml")).expect("a link");
    symlink(third.join("last/secrets.toml"), second.join("link")).expect("a link");
    symlink("../last", third.join("last")).expect("a link");
    let link = first.join("secrets.toml");
    assert!(open(&link).is_ok() && open(&target).is_ok());
    for hop in [&first, &second, &third, &last] {
        chmod(hop, 0o777);
        assert_eq!(refused(&link), format!("everybody may write to {}", hop.display()));
        chmod(hop, 0o700);
    }
    assert!(open(&link).is_ok());
}

#[test]
fn the_folders_of_a_missing_file_are_checked_and_circular_links_end() {
    let (_folder, [one, other]) = place(["one", "other"]);
    symlink(other.join("missing"), one.join("link")).expect("a link");
    let folders = links::folders(&one.join("link")).expect("the folders");
    assert_eq!(folders, [one.clone(), other.clone()]);
    symlink(one.join("a"), other.join("b")).expect("a link");
    symlink(other.join("b"), one.join("a")).expect("a link");
    assert!(matches!(links::folders(&one.join("a")), Err(PermissionProblem::Unreadable { .. })));
    let here = std::env::current_dir().expect("a folder");
    let folders = links::folders(Path::new("missing")).expect("the folders");
    assert_eq!(folders, [here]);
}

#[test]
fn the_open_file_is_checked() {
    let (_folder, [folder]) = place(["folder"]);
    let path = file(folder.join("secrets.toml"));
    chmod(&path, 0o666);
    let opened = File::open(&path).expect("it opens");
    fs::remove_file(&path).expect("it is removed");
    file(path.clone());
    let facts = FileFacts::of_file(&opened).expect("its facts");
    assert!(
        problem_of(facts.check(&path)).is_some(),
        "the new file is judged in the old one's place"
    );
}
