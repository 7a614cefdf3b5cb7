//! Damaged files, and a disk without room.

use std::{fs, path::PathBuf};

use crate::support::Sandbox;

/// Returns the file of a secret.
fn file_of(sandbox: &Sandbox, name: &str) -> PathBuf {
    let entries = fs::read_dir(sandbox.path().join("store")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let start = format!("{name}-");
    paths
        .find(|path| {
            let file = path.file_name().unwrap().to_str().unwrap();
            file.starts_with(&start) && !file.contains(".previous")
        })
        .unwrap()
}

#[test]
fn a_damaged_file_is_named_and_the_exit_code_says_so() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.ok(["register", name, "--v=SeNtInEl"]);
    }
    let path = file_of(&sandbox, "b");
    let whole = fs::read(&path).unwrap();
    let mut altered = whole.clone();
    let tag = altered.len() - 5;
    altered[tag] = if altered[tag] == b'A' { b'B' } else { b'A' };
    let cases = [Vec::new(), whole[..20].to_vec(), whole[..whole.len() - 3].to_vec(), altered];
    for damaged in cases {
        fs::write(&path, damaged).unwrap();
        for format in ["json", "dotenv", "shell"] {
            let result = sandbox.run(["export", "--all", "--format", format]);
            assert!(matches!(result.code, Some(4 | 5)), "{result:?}");
            assert!(result.stderr.contains(path.to_str().unwrap()), "{result:?}");
            assert!(result.stdout.is_empty(), "{result:?}");
        }
        for format in ["text", "json"] {
            let result = sandbox.run(["list", "--format", format]);
            assert!(matches!(result.code, Some(4 | 5)), "{result:?}");
            assert!(result.stderr.contains(path.to_str().unwrap()), "{result:?}");
            // The others are listed.
            assert!(result.text().contains('a') && result.text().contains('c'), "{result:?}");
        }
        let doctor = sandbox.run(["doctor"]);
        assert!(matches!(doctor.code, Some(4 | 5)), "{doctor:?}");
        assert!(doctor.text().contains(path.to_str().unwrap()), "{doctor:?}");
        // The other secrets go on.
        sandbox.ok(["update", "a", "--v=SeNtInEl"]);
        assert_eq!(sandbox.ok(["get", "c", "--reveal"]), "v=SeNtInEl\n");
    }
    fs::write(&path, whole).unwrap();
    assert_eq!(sandbox.ok(["list"]), "a\nb\nc\n");
    sandbox.ok(["export", "--all"]);
}

#[test]
fn only_what_differs_is_imported() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "all.json",
        r#"{"a": {"x": "1", "n": 2}, "b": "SeNtInEl", "c": ["base64", "/w=="]}"#,
    );
    sandbox.ok(["import", "all.json"]);
    let version = |name: &str| fs::read(file_of(&sandbox, name)).unwrap();
    let before = ["a", "b", "c"].map(version);
    let again = sandbox.run(["import", "all.json"]);
    assert_eq!(again.stderr, "imported into local: 3 secrets are unchanged\n");
    // In another order, and spaced and escaped in another way.
    sandbox.write("all.json", r#"{"b":"SeNtInEl","c":["base64","/w=="],"a":{"n":2,"x":"\u0031"}}"#);
    let again = sandbox.run(["import", "all.json", "--format=json"]);
    assert_eq!((again.code, again.text().as_str()), (Some(0), ""));
    assert_eq!(["a", "b", "c"].map(version), before);
    sandbox.run(["get", "a", "--previous"]).assert_fails(3);

    sandbox.write("all.json", r#"{"a": {"x": "1", "n": "2"}, "b": "SeNtInEl"}"#);
    let one = sandbox.run(["import", "all.json"]);
    assert_eq!(one.stderr, "imported into local: a new version of 1 secret; 1 unchanged\n");
    assert!(version("a") != before[0] && version("b") == before[1]);
    assert_eq!(sandbox.ok(["get", "a", "n", "--previous", "--reveal"]), "2");
    sandbox.write(".env", "x=1\nn=2\n");
    let env = sandbox.run(["import", ".env", "--name", "a"]);
    assert_eq!(env.stderr, "imported into local: 1 secret is unchanged\n");
}

#[test]
fn a_renamed_secret_keeps_its_previous_version() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "a", "--v=1"]);
    sandbox.ok(["update", "a", "--v=2"]);
    sandbox.ok(["rename", "a", "b"]);
    sandbox.ok(["rename", "b", "c"]);
    assert_eq!(sandbox.ok(["get", "c", "--previous", "--reveal"]), "v=1\n");
    sandbox.ok(["register", "t", "--plain=1"]);
    sandbox.ok(["update", "t", "--plain=2"]);
    sandbox.ok(["rename", "t", "u"]);
    assert_eq!(sandbox.ok(["get", "u", "u", "--previous", "--reveal"]), "1");
}

/// A small file system in memory, gone when the test ends.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_import_for_which_there_is_no_room_changes_nothing() {
    let sandbox = Sandbox::new();
    let path = sandbox.path().join("store");
    fs::create_dir(&path).unwrap();
    let options = ["-t", "tmpfs", "-o", "size=100k,mode=700", "none"];
    let mounted = std::process::Command::new("mount").args(options).arg(&path).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not mount a small tmpfs");
        return;
    }
    let _disk = SmallDisk(path);
    sandbox.ok(["register", "s1", "--v=SeNtInEl"]);
    let secret = |number| format!(r#""s{number}": {{"v": "{}"}}"#, "SeNtInEl".repeat(2_500));
    let secrets: Vec<_> = (0..10).map(secret).collect();
    sandbox.write("all.json", format!("{{{}}}", secrets.join(", ")));
    let result = sandbox.run(["import", "all.json"]);
    result.assert_fails(6);
    assert!(result.stderr.contains("nothing was changed"), "{result:?}");
    assert!(result.stderr.contains("make room on its disk"), "{result:?}");
    assert_eq!(sandbox.ok(["list"]), "s1\n");
    assert_eq!(sandbox.ok(["get", "s1", "--reveal"]), "v=SeNtInEl\n");
    sandbox.ok(["update", "s1", "--v=2"]);
}
