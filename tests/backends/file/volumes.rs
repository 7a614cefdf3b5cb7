//! Mounted folders that change while they are read, and entries that are not files.

use std::{
    fs,
    io::Write,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, Secrets, backends::File};

const FIELDS: [&str; 4] = ["host", "name", "password", "user"];

fn reader(folder: &Path) -> impl Fn(&str) -> Result<Secrets, Error> + Sync + use<> {
    let resolver = Resolver::builder().backend(File::new(folder)).default_backend("file").build();
    let resolver = resolver.unwrap();
    move |source| {
        let declaration = Declaration::builder("step").source(source)?.build();
        Ok(resolver.resolve_blocking(&declaration)?.secrets)
    }
}

fn texts(secrets: &Secrets, group: &str, keys: &[&str]) -> Vec<String> {
    let text = |key: &&str| secrets.get(group, key).unwrap().expose_str().unwrap().to_owned();
    keys.iter().map(text).collect()
}

/// Replaces a link or file by a rename, so that the path exists at every moment.
fn replace(path: &Path, make: impl FnOnce(&Path)) {
    let draft = path.with_file_name("..draft");
    make(&draft);
    fs::rename(draft, path).unwrap();
}

/// Mounts a version of a volume as the kubelet does: its folder, then the link to it, then the old one goes.
fn mount(volume: &Path, version: usize, files: &[&str]) {
    let name = format!("..{version}");
    for file in files {
        let path = volume.join(&name).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("SeNtInEl-{version}")).unwrap();
    }
    replace(&volume.join("..data"), |draft| symlink(&name, draft).unwrap());
    if version > 0 {
        fs::remove_dir_all(volume.join(format!("..{}", version - 1))).unwrap();
    }
}

/// Reads while `change` runs, and at least once.
fn meanwhile(read: impl Fn() + Sync, change: impl FnOnce()) {
    let changed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !changed.load(Ordering::Relaxed) {
                read();
            }
        });
        // A failure of the reader is not waited out.
        change();
        changed.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

fn is_of_one_version(set: &Result<Secrets, Error>) {
    match set {
        Ok(set) => {
            let texts = texts(set, "db", &FIELDS);
            assert!(texts.iter().all(|text| *text == texts[0]), "fields of two versions");
        }
        // It may change too often, and then it says that.
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
    }
}

#[test]
fn a_set_is_never_of_two_versions() {
    let folder = tempfile::tempdir().unwrap();
    let volume = folder.path().join("db");
    mount(&volume, 0, &FIELDS);
    for field in FIELDS {
        symlink(format!("..data/{field}"), volume.join(field)).unwrap();
    }
    let read = reader(folder.path());
    meanwhile(
        || is_of_one_version(&read("db")),
        || (1..400).for_each(|version| mount(&volume, version, &FIELDS)),
    );
    assert_eq!(texts(&read("db").unwrap(), "db", &["user"]), ["SeNtInEl-399"]);
}

#[test]
fn a_set_inside_a_volume_is_never_of_two_versions() {
    let folder = tempfile::tempdir().unwrap();
    let files = FIELDS.map(|field| format!("db/{field}"));
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    mount(folder.path(), 0, &files);
    symlink("..data/db", folder.path().join("db")).unwrap();
    let read = reader(folder.path());
    meanwhile(
        || is_of_one_version(&read("db")),
        || (1..400).for_each(|version| mount(folder.path(), version, &files)),
    );
    assert_eq!(texts(&read("db").unwrap(), "db", &["user"]), ["SeNtInEl-399"]);
}

#[test]
fn a_value_is_there_in_every_version() {
    let folder = tempfile::tempdir().unwrap();
    mount(folder.path(), 0, &["token"]);
    symlink("..data/token", folder.path().join("token")).unwrap();
    let read = reader(folder.path());
    meanwhile(
        || assert!(read("token").is_ok(), "{}", read("token").unwrap_err()),
        || (1..400).for_each(|version| mount(folder.path(), version, &["token"])),
    );
}

#[test]
fn the_current_version_says_what_a_set_has() {
    let folder = tempfile::tempdir().unwrap();
    let volume = folder.path().join("db");
    mount(&volume, 0, &["user", "password", "new"]);
    symlink("..data/user", volume.join("user")).unwrap();
    symlink("..data/user", volume.join("alias")).unwrap();
    // Not the volume's, though its name is: it hides what is there.
    fs::write(volume.join("password"), "SeNtInEl-own").unwrap();
    let set = reader(folder.path())("db").unwrap();
    let texts = texts(&set, "db", &["alias", "new", "password", "user"]);
    assert_eq!(texts, ["SeNtInEl-0", "SeNtInEl-0", "SeNtInEl-own", "SeNtInEl-0"]);
    assert_eq!(set.vars().count(), 4);
}

#[test]
fn a_set_with_a_link_to_nothing_is_not_a_set_that_is_not_there() {
    for (link, target) in [("password", "nowhere"), ("password", "/nowhere"), ("..data", "..0")] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("db")).unwrap();
        fs::write(folder.path().join("db/user"), "SeNtInEl").unwrap();
        symlink(target, folder.path().join("db").join(link)).unwrap();
        let error = reader(folder.path())("db").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let path = format!("db/{link} is listed and is not there");
        assert!(error.to_string().contains(&path), "{error}");
    }
    // One that is asked for by its name is as absent as what it leads to.
    let folder = tempfile::tempdir().unwrap();
    symlink("nowhere", folder.path().join("token")).unwrap();
    assert_eq!(reader(folder.path())("token").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn links_that_end_inside_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("db")).unwrap();
    fs::write(root.join("token"), "SeNtInEl").unwrap();
    symlink("../token", root.join("db/relative")).unwrap();
    symlink(root.join("token"), root.join("db/absolute")).unwrap();
    symlink("../to-db/absolute", root.join("db/twice")).unwrap();
    symlink(root.join("db"), root.join("to-db")).unwrap();
    symlink(root, root.join("to-itself")).unwrap();
    let read = reader(root);
    for set in ["db", "to-db", "to-itself/db", "to-itself/to-itself/to-db"] {
        let source = format!(r#"{{"id": "{set}", "group": "db"}}"#);
        let set = read(&source).unwrap();
        assert_eq!(texts(&set, "db", &["absolute", "relative", "twice"]), ["SeNtInEl"; 3]);
    }
    for (source, field) in [("db/twice", "db_twice"), ("to-itself/token", "to_itself_token")] {
        let source = format!(r#"{{"id": "{source}", "group": "a", "type": "file"}}"#);
        assert_eq!(texts(&read(&source).unwrap(), "a", &[field]), ["SeNtInEl"]);
    }
}

#[test]
fn a_path_that_is_swapped_for_a_link_does_not_lead_outside() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let (inside, outside) = (root.join("inside"), folder.path().join("outside"));
    fs::create_dir_all(&inside).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(root.join("file"), "SeNtInEl").unwrap();
    fs::write(inside.join("secret"), "SeNtInEl").unwrap();
    fs::write(outside.join("secret"), "SeNtInEl-outside").unwrap();
    let (token, parked) = (root.join("token"), root.join("parked"));
    replace(&token, |draft| fs::hard_link(root.join("file"), draft).unwrap());
    // The first is followed by the kernel, the second by name.
    symlink("inside/secret", root.join("relative")).unwrap();
    symlink(inside.join("secret"), root.join("absolute")).unwrap();
    let read = reader(&root);
    meanwhile(
        || {
            for group in ["token", "relative", "absolute", "inside"] {
                let key = if group == "inside" { "secret" } else { group };
                if let Ok(set) = read(group)
                    && let Ok(value) = set.get(group, key)
                {
                    assert_eq!(value.expose_str().unwrap(), "SeNtInEl", "{group}");
                }
            }
        },
        || {
            for target in ["../outside".as_ref(), outside.as_path()].iter().cycle().take(8_000) {
                replace(&token, |draft| symlink(outside.join("secret"), draft).unwrap());
                fs::rename(&inside, &parked).unwrap();
                symlink(target, &inside).unwrap();
                fs::remove_file(&inside).unwrap();
                fs::rename(&parked, &inside).unwrap();
                replace(&token, |draft| fs::hard_link(root.join("file"), draft).unwrap());
            }
        },
    );
}

#[test]
fn only_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    fs::create_dir(folder.path().join("db")).unwrap();
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    symlink("../socket", folder.path().join("db/socket")).unwrap();
    let read = reader(folder.path());
    for source in ["socket", "db"] {
        let error = read(source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("socket is neither a file nor a folder"), "{error}");
    }
    if !std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        println!("`mkfifo` is missing: a pipe is not tried");
        return;
    }
    assert_eq!(read("pipe").unwrap_err().kind(), ErrorKind::Unavailable);
    // Neither if it takes the place of a file that was checked. A reader of the pipe gets an end of it, and is
    // found out, when its writer goes.
    let writer = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    (&writer).write_all(b"SeNtInEl-pipe").unwrap();
    let (file, token) = (folder.path().join("file"), folder.path().join("token"));
    fs::write(&file, "SeNtInEl").unwrap();
    replace(&token, |draft| fs::hard_link(&file, draft).unwrap());
    meanwhile(
        || match read("token") {
            Ok(value) => assert_eq!(texts(&value, "token", &["token"]), ["SeNtInEl"]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        },
        || {
            for place in [&pipe, &file].iter().cycle().take(20_000) {
                replace(&token, |draft| fs::hard_link(place, draft).unwrap());
            }
            drop(writer);
        },
    );
}

#[test]
fn a_set_has_a_thousand_files_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("db");
    fs::create_dir_all(set.join("a-folder-is-no-field")).unwrap();
    for number in 0..1_000 {
        fs::write(set.join(format!("f{number}")), "SeNtInEl").unwrap();
    }
    let read = reader(folder.path());
    assert_eq!(read("db").unwrap().vars().count(), 1_000);
    fs::write(set.join("one-more"), "SeNtInEl").unwrap();
    let error = read("db").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    assert!(error.to_string().contains("db has more than 1000 files"), "{error}");
}
