//! Whether somebody else could have written a file: what is planted in a shared folder must not decide where
//! secrets are read from.

use std::{fs, path::Path};

use super::wrong::Wrong;

/// Checks that nobody but the user and root can have written `file`, or replaced it in its folder.
///
/// What is checked is the owner and the mode; on a file system that is mounted read-only, as Kubernetes mounts a
/// ConfigMap (in a folder of mode 0777), the owner alone. An access control list that lets others write shows in the
/// group's bits, so that it is noticed too, unless the group is the owner's private one.
#[cfg(unix)]
pub(super) fn check(file: &Path) -> Result<(), Wrong> {
    let metadata = |path: &Path| fs::metadata(path).map_err(|error| unreadable(path, &error));
    let me = rustix::process::geteuid().as_raw();
    let real = fs::canonicalize(file).map_err(|error| unreadable(file, &error))?;
    // Where the file is a link, whoever can write to the link's folder decides where it leads.
    for path in [file.parent(), real.parent(), Some(&real)].into_iter().flatten() {
        judge(path, &Facts::of(path, &metadata(path)?), me, &Accounts::of_the_system)?;
    }
    Ok(())
}

/// Elsewhere modes and owners tell nothing.
#[cfg(not(unix))]
pub(super) fn check(file: &Path) -> Result<(), Wrong> {
    fs::metadata(file).map(drop).map_err(|error| unreadable(file, &error))
}

/// Why a file or folder could not be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Wrong {
    let message = format!("{} cannot be read: {error}", path.display());
    Wrong::new(message, "correct the path or the rights, or name another file with SECRETS_CONFIG")
}

#[cfg(unix)]
use unix::{Accounts, Facts, judge};

#[cfg(unix)]
mod unix {
    use std::{fs::Metadata, os::unix::fs::MetadataExt};

    use rustix::fs::StatVfsMountFlags;

    use super::{Path, Wrong, fs};

    const ROOT: u32 = 0;

    /// What is known of a file or folder.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Facts {
        pub(super) owner: u32,
        pub(super) group: u32,
        pub(super) mode: u32,
        pub(super) read_only: bool,
    }

    impl Facts {
        pub(super) fn of(path: &Path, metadata: &Metadata) -> Self {
            let mount = rustix::fs::statvfs(path).map(|mount| mount.f_flag);
            Self {
                owner: metadata.uid(),
                group: metadata.gid(),
                mode: metadata.mode(),
                read_only: mount.is_ok_and(|flags| flags.contains(StatVfsMountFlags::RDONLY)),
            }
        }
    }

    pub(super) fn judge(
        path: &Path,
        facts: &Facts,
        me: u32,
        accounts: &dyn Fn() -> Accounts,
    ) -> Result<(), Wrong> {
        let path = path.display();
        if facts.owner != me && facts.owner != ROOT {
            let message = format!("{path} belongs to another user (id {})", facts.owner);
            return Err(Wrong::new(message, format!("if it is to be trusted: chown {me} {path}")));
        }
        if facts.read_only {
            return Ok(());
        }
        if facts.mode & 0o002 != 0 {
            let message = format!("everybody may write to {path}");
            return Err(Wrong::new(message, format!("chmod o-w {path}")));
        }
        if facts.mode & 0o020 != 0 && !accounts().is_private(facts.owner, facts.group) {
            let message = format!("the group {} may write to {path}", facts.group);
            return Err(Wrong::new(message, format!("chmod g-w {path}")));
        }
        Ok(())
    }

    /// The local users and groups. Those of a directory service are not asked, so that a group of theirs
    /// counts as shared.
    pub(super) struct Accounts {
        pub(super) passwd: String,
        pub(super) group: String,
    }

    impl Accounts {
        pub(super) fn of_the_system() -> Self {
            let read = |path: &str| {
                String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
            };
            Self { passwd: read("/etc/passwd"), group: read("/etc/group") }
        }

        /// Whether `group` is the private group of the user `owner`: it has the user's id, or it is the
        /// user's primary group and bears the user's name; and nobody else is in it.
        pub(super) fn is_private(&self, owner: u32, group: u32) -> bool {
            let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
            // name:password:uid:gid:..
            let users = self.passwd.lines().filter_map(|line| {
                let mut fields = line.split(':');
                let (name, uid) = (fields.next()?, number(fields.nth(1))?);
                Some((name, uid, number(fields.next())?))
            });
            let users: Vec<(&str, u32, u32)> = users.collect();
            let is_owner = |name: &str| users.iter().any(|(n, uid, _)| *n == name && *uid == owner);
            // name:password:gid:member,member
            let groups = self.group.lines().filter_map(|line| {
                let mut fields = line.split(':');
                let (name, gid) = (fields.next()?, number(fields.nth(1))?);
                Some((name, gid, fields.next().unwrap_or_default()))
            });
            let groups: Vec<(&str, u32, &str)> =
                groups.filter(|(_, gid, _)| *gid == group).collect();

            let primary = users.iter().any(|(_, uid, gid)| *uid == owner && *gid == group);
            let named = groups.iter().any(|(name, _, _)| is_owner(name));
            let mut members = groups.iter().flat_map(|(_, _, members)| members.split(','));
            let alone = members.all(|member| member.trim().is_empty() || is_owner(member.trim()))
                && users.iter().all(|(_, uid, gid)| *gid != group || *uid == owner);
            alone && (group == owner || primary && named)
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ME: u32 = 1000;

    fn accounts() -> Accounts {
        Accounts {
            passwd: "root:x:0:0:root:/srv/root:/bin/sh\nsync:x:4:0:sync:/bin:/bin/sync\nada:x:1000:1500::/srv/ada:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/:/bin/sh\n".into(),
            group: "root:x:0:\nada:x:1500:\nbob:x:1001:ada\nusers:x:100:\nteam:x:1000:\n".into(),
        }
    }

    fn verdict(owner: u32, group: u32, mode: u32) -> Result<(), Wrong> {
        let facts = Facts { owner, group, mode, read_only: false };
        judge(Path::new("/p/secrets.toml"), &facts, ME, &accounts)
    }

    #[test]
    fn on_a_read_only_mount_the_owner_counts_alone() {
        let facts = |owner| Facts { owner, group: 0, mode: 0o40_777, read_only: true };
        assert_eq!(judge(Path::new("/p"), &facts(0), ME, &accounts), Ok(()));
        assert!(judge(Path::new("/p"), &facts(1001), ME, &accounts).is_err());
    }

    #[test]
    fn the_user_and_root_may_own_it() {
        assert_eq!(verdict(ME, 100, 0o100_644), Ok(()));
        assert_eq!(verdict(0, 0, 0o40_755), Ok(()));
        let wrong = verdict(1001, 1001, 0o100_600).expect_err("bob may have planted it");
        assert!(wrong.message.contains("another user (id 1001)"), "{wrong:?}");
    }

    #[test]
    fn others_may_not_write() {
        for mode in [0o100_646, 0o41_777, 0o40_703] {
            let wrong = verdict(ME, 1500, mode).expect_err("everybody may write");
            assert_eq!(wrong.help.as_deref(), Some("chmod o-w /p/secrets.toml"));
        }
    }

    #[test]
    fn a_group_may_write_only_if_it_is_the_owners_private_one() {
        // ada's own group; and one of her id without other members.
        assert_eq!(verdict(ME, 1500, 0o100_664), Ok(()));
        assert_eq!(verdict(ME, 1000, 0o100_664), Ok(()));
        for (owner, group) in [(ME, 100), (ME, 1001), (ME, 7777), (0, 0), (0, 1500)] {
            let wrong = verdict(owner, group, 0o100_664).expect_err("others are in the group");
            assert_eq!(wrong.help.as_deref(), Some("chmod g-w /p/secrets.toml"));
        }
        // bob's group has his id and his name, but ada is in it.
        assert!(!accounts().is_private(1001, 1001));
        // A user without an account, as in a container.
        assert!(accounts().is_private(2000, 2000));
        assert!(!accounts().is_private(2000, 100));
    }

    #[test]
    fn a_planted_file_is_refused_and_so_is_a_planted_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
        for path in [&open, &closed] {
            fs::create_dir(path).expect("a folder");
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("rights");
            fs::write(path.join("secrets.toml"), "").expect("a file");
            let file = path.join("secrets.toml");
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("rights");
        }
        let link = closed.join("link.toml");
        std::os::unix::fs::symlink(open.join("secrets.toml"), &link).expect("a link");
        assert_eq!(check(&open.join("secrets.toml")), Ok(()));
        assert_eq!(check(&link), Ok(()));

        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("rights");
        assert!(check(&open.join("secrets.toml")).is_err());
        assert!(check(&link).is_err(), "the target's folder counts");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).expect("rights");
        fs::set_permissions(open.join("secrets.toml"), fs::Permissions::from_mode(0o666))
            .expect("rights");
        assert!(check(&open.join("secrets.toml")).is_err());
        assert!(check(&link).is_err(), "the target counts");
        assert!(check(&closed.join("missing.toml")).is_err());
    }
}
