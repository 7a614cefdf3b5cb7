//! A disk without room.

use std::{fs, process::Command};

use crate::{
    backends::local::tests::home::{Home, get, get_previous, put, refused, skip},
    core::error::ErrorKind,
};

/// A small file system in memory, gone when the test ends.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(path: std::path::PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).ok()?;
        let options = ["-t", "tmpfs", "-o", "size=256k,mode=700", "none"];
        let mounted = Command::new("mount").args(options).arg(&path).output();
        mounted.is_ok_and(|it| it.status.success()).then_some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let home = Home::new();
    let Some(_disk) = SmallDisk::mount(home.dir()) else {
        return skip("this user may not mount a small tmpfs: a full disk is not tried");
    };
    let store = home.store();
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    let big = "SeNtInEl".repeat(8192);
    let mut written = 0;
    let error = loop {
        match put(&store, &format!("big{written}"), &big) {
            Ok(_) => written += 1,
            error => break refused(error, ErrorKind::Unavailable, &home.dir()),
        }
        assert!(written < 10, "the disk never fills");
    };
    assert!(error.to_string().contains("make room on its disk"), "{error}");
    refused(put(&store, "a", &big), ErrorKind::Unavailable, &home.current("a"));
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl-1");
    assert_eq!(get_previous(&store, "a").expect("it is read"), "SeNtInEl-0");
    refused(get(&store, &format!("big{written}")), ErrorKind::NotFound, &home.dir());
    for number in 0..written {
        assert!(get(&store, &format!("big{number}")).is_ok_and(|text| text == big));
    }
    assert!(home.files().iter().all(|name| name.ends_with(".jwe")), "{:?}", home.files());
}

#[test]
fn a_key_for_which_there_is_no_room_is_not_there() {
    let home = Home::new();
    let config = home.path().join("config");
    let Some(_disk) = SmallDisk::mount(config.clone()) else {
        return skip("this user may not mount a small tmpfs: a key on a full disk is not tried");
    };
    let filler = config.join("filler");
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    let store = home.store();
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::Unavailable, &home.key_file());
    assert_eq!(fs::read_dir(&config).expect("the folder").count(), 1, "a part of a key stays");
    fs::remove_file(&filler).expect("there is room again");
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
}
