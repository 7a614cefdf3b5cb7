//! Changes of several secrets, or of what a secret was: all or nothing, and none is lost.

use std::{fs, thread};

use crate::{
    admin::stored_secret::StoredSecret,
    backend::{change::SecretChange, payload::Payload, store::Store},
    backends::local::{
        Local,
        system::fault::fail_sync,
        tests::home::{Home, get, get_previous, put, refused, run},
    },
    core::error::{Error, ErrorKind},
};

fn text(value: &str) -> Payload {
    Payload::Text(value.into())
}

fn create(id: &str, value: &str) -> SecretChange {
    SecretChange::Create { id: id.into(), payload: text(value) }
}

fn replace(id: &str, version: &str, value: &str) -> SecretChange {
    SecretChange::Replace { id: id.into(), version: version.into(), payload: text(value) }
}

fn keep(id: &str, version: &str) -> SecretChange {
    SecretChange::Keep { id: id.into(), version: version.into() }
}

fn delete(id: &str, version: Option<&str>) -> SecretChange {
    SecretChange::Delete { id: id.into(), version: version.map(Into::into) }
}

fn rename(id: &str, new_id: &str) -> SecretChange {
    SecretChange::Rename { id: id.into(), new_id: new_id.into() }
}

fn update(store: &Local, changes: &[SecretChange]) -> Result<Vec<Option<String>>, Error> {
    run(store.update(changes.to_vec()))
}

#[test]
fn each_change_is_made_if_the_secret_is_what_it_expects() {
    let home = Home::in_memory();
    let store = home.store();
    let made = update(&store, &[create("a", "SeNtInEl-a"), create("b", "SeNtInEl-b")]);
    let made = made.expect("they are made");
    let [a, b] = [0, 1].map(|index| made[index].clone().expect("a version"));
    assert_eq!(run(store.versions("a")).expect("the versions"), [a.as_str()]);
    let changes = [replace("a", &a, "SeNtInEl-2"), keep("b", &b), create("c", "SeNtInEl-c")];
    let versions = update(&store, &changes).expect("they are made");
    assert_eq!(versions[1].as_deref(), Some(b.as_str()));
    assert_eq!(
        run(store.versions("a")).expect("the versions")[..2],
        [versions[0].clone().expect("a version"), a.clone()]
    );
    assert_eq!(get_previous(&store, "a").expect("it is kept"), "SeNtInEl-a");
    assert_eq!(run(store.versions("b")).expect("the versions"), [b.as_str()]);
    let gone = update(&store, &[delete("b", Some(&b)), delete("c", None)]);
    assert_eq!(gone.expect("they are deleted"), [None, None]);
    assert_eq!(run(store.list()).expect("the list"), ["a"]);
    assert_eq!(home.files().len(), 2, "{:?}", home.files());
}

#[test]
fn every_change_that_cannot_be_made_is_reported_and_none_is_made() {
    let home = Home::in_memory();
    let store = home.store();
    refused(update(&store, &[delete("a", None)]), ErrorKind::NotFound, &home.dir());
    assert!(!home.dir().exists(), "a folder is made for a secret that is not there");
    let version = put(&store, "a", "SeNtInEl").expect("it is written");
    put(&store, "b", "SeNtInEl").expect("it is written");
    let before = home.files();
    for (changes, kinds) in [
        (vec![create("a", "SeNtInEl")], vec![ErrorKind::InvalidName]),
        (vec![create("c", "SeNtInEl"), replace("a", "old", "SeNtInEl")], vec![ErrorKind::Conflict]),
        (vec![keep("a", "old"), delete("b", Some("old"))], vec![ErrorKind::Conflict; 2]),
        (vec![replace("c", &version, "SeNtInEl"), keep("d", "x")], vec![ErrorKind::NotFound; 2]),
        (vec![delete("a", None), delete("c", None)], vec![ErrorKind::NotFound]),
        (vec![rename("a", "b")], vec![ErrorKind::InvalidName]),
        (vec![rename("c", "d")], vec![ErrorKind::NotFound]),
        (vec![rename("a", "c"), delete("a", None)], vec![ErrorKind::InvalidName]),
        (vec![rename("a", "a")], vec![ErrorKind::InvalidName]),
        (vec![create("c", "SeNtInEl"), create("", "x")], vec![ErrorKind::InvalidSource]),
        (
            vec![create("c", "SeNtInEl"), create("d", &"SeNtInEl".repeat(10_000))],
            vec![ErrorKind::InvalidValue],
        ),
    ] {
        let error = update(&store, &changes).expect_err("it is refused");
        let found: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
        assert_eq!(found, kinds, "{error}");
        assert!(!error.to_string().contains("SeNtInEl"), "an error shows a value");
        assert_eq!(home.files(), before);
        assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
    }
}

#[test]
fn a_secret_that_is_renamed_keeps_its_versions() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    update(&store, &[rename("a", "b")]).expect("it is renamed");
    refused(get_previous(&store, "b"), ErrorKind::NotFound, &home.dir());
    put(&store, "b", "SeNtInEl-2").expect("it is written");
    let versions = run(store.versions("b")).expect("the versions");
    for (old, new) in [("b", "c"), ("c", "D d"), ("D d", "a")] {
        let renamed = update(&store, &[rename(old, new)]).expect("it is renamed");
        assert_eq!(renamed, [Some(versions[0].clone())]);
        assert_eq!(run(store.versions(new)).expect("the versions"), versions);
        assert_eq!(get(&store, new).expect("it is read"), "SeNtInEl-2");
        assert_eq!(get_previous(&store, new).expect("it is read"), "SeNtInEl-1");
        refused(get(&store, old), ErrorKind::NotFound, &home.dir());
        assert_eq!(home.files().len(), 2, "{:?}", home.files());
    }
}

/// What a thread does with its store.
type Work<T> = Box<dyn Fn(&Local) -> T + Send>;

/// Runs each of these at one moment, on stores of their own: a lock keeps apart what opened it twice.
fn at_once<T: Send>(home: &Home, work: Vec<Work<T>>) -> Vec<T> {
    let start = std::sync::Barrier::new(work.len());
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for work in work {
            let (store, start) = (home.store(), &start);
            threads.push(scope.spawn(move || {
                start.wait();
                work(&store)
            }));
        }
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    })
}

#[test]
fn of_changes_of_one_secret_at_one_moment_none_is_lost() {
    for _ in 0..20 {
        let home = Home::in_memory();
        run(home.store().put("db", Payload::Json("{}".into()))).expect("it is written");
        let change = |number: usize| -> Work<String> {
            Box::new(move |store| {
                let set = |secret: Result<StoredSecret, Error>| {
                    let mut secret = secret?;
                    secret.set(&format!("f{number}"), "SeNtInEl")?;
                    Ok::<_, Error>(secret)
                };
                StoredSecret::update_blocking(store, "db", set).expect("it is changed")
            })
        };
        at_once(&home, (0..8).map(change).collect());
        let secret = StoredSecret::read_blocking(&home.store(), "db", None).expect("it is read");
        assert_eq!(secret.fields().len(), 8);
    }
}

#[test]
fn of_several_that_create_or_rename_at_one_moment_one_succeeds_and_no_value_is_lost() {
    for _ in 0..20 {
        let home = Home::in_memory();
        let create = |number: usize| -> Work<bool> {
            Box::new(move |store| match run(store.create("same", text(&number.to_string()))) {
                Ok(_) => true,
                Err(error) if error.kind() == ErrorKind::InvalidName => false,
                Err(error) => panic!("{error}"),
            })
        };
        let created = at_once(&home, (0..6).map(create).collect());
        let winners: Vec<_> = (0..6).filter(|number| created[*number]).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(get(&home.store(), "same").expect("it is read"), winners[0].to_string());

        for name in ["p", "q"] {
            put(&home.store(), name, name).expect("it is written");
        }
        let rename = |name: &'static str| -> Work<bool> {
            Box::new(move |store| update(store, &[rename(name, "t")]).is_ok())
        };
        let renamed = at_once(&home, vec![rename("p"), rename("q")]);
        assert!(renamed[0] != renamed[1]);
        let (won, lost) = if renamed[0] { ("p", "q") } else { ("q", "p") };
        assert_eq!(get(&home.store(), "t").expect("it is read"), won);
        assert_eq!(get(&home.store(), lost).expect("it is read"), lost);
        assert_eq!(run(home.store().list()).expect("the list").len(), 3);
    }
}

fn set_new(secret: Result<StoredSecret, Error>) -> Result<StoredSecret, Error> {
    let mut secret = secret?;
    secret.set("new", "SeNtInEl")?;
    Ok(secret)
}

#[test]
fn what_is_deleted_or_renamed_does_not_come_back() {
    for takes_away in [delete("a", None), rename("a", "x")] {
        for _ in 0..20 {
            let home = Home::in_memory();
            run(home.store().put("a", Payload::Json("{}".into()))).expect("it is written");
            let change = takes_away.clone();
            let done = at_once(
                &home,
                vec![
                    Box::new(|store: &Local| {
                        StoredSecret::update_blocking(store, "a", set_new).map(drop)
                    }),
                    Box::new(move |store: &Local| {
                        update(store, std::slice::from_ref(&change)).map(drop)
                    }),
                ],
            );
            done[1].as_ref().expect("it is there");
            refused(get(&home.store(), "a"), ErrorKind::NotFound, &home.dir());
            if matches!(takes_away, SecretChange::Rename { .. }) {
                let moved =
                    StoredSecret::read_blocking(&home.store(), "x", None).expect("it is read");
                assert_eq!(moved.fields().len(), usize::from(done[0].is_ok()));
            }
            if let Err(error) = &done[0] {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            }
        }
    }
}

#[test]
fn a_disk_that_is_full_at_any_sync_leaves_everything_or_nothing_and_the_error_says_which() {
    let changes = |version: &str| [replace("a", version, "2"), create("b", "2"), rename("c", "d")];
    for after in 0.. {
        let home = Home::in_memory();
        let store = home.store();
        let version = put(&store, "a", "1").expect("it is written");
        put(&store, "c", "1").expect("it is written");
        fail_sync(after);
        let done = update(&store, &changes(&version));
        fail_sync(usize::MAX);
        let state = || ["a", "b", "c", "d"].map(|name| get(&store, name).ok());
        let some = |text: &str| Some(text.to_owned());
        let (old, new) =
            ([some("1"), None, some("1"), None], [some("2"), some("2"), None, some("1")]);
        match done {
            Ok(_) => {
                assert_eq!(state(), new);
                assert!(after > 4, "no sync has failed");
                break;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                let unchanged = error.to_string().contains("; nothing was changed");
                assert_eq!(state(), if unchanged { old } else { new }, "{after}: {error}");
                assert!(unchanged || error.to_string().contains("they are recorded"), "{error}");
                // Nothing is left behind, and the store goes on.
                put(&store, "e", "1").expect("it is written");
                assert!(
                    home.files().iter().all(|name| name.ends_with(".jwe")),
                    "{:?}",
                    home.files()
                );
            }
        }
    }
}

#[test]
fn a_write_whose_folder_cannot_be_synced_is_done_and_the_error_says_so() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "1").expect("it is written");
    fail_sync(0);
    let error = refused(put(&store, "a", "2"), ErrorKind::Unavailable, &home.current("a"));
    assert!(error.to_string().contains("; nothing was changed"), "{error}");
    assert_eq!(get(&store, "a").expect("it is read"), "1");
    fail_sync(1);
    let error = refused(put(&store, "a", "2"), ErrorKind::Unavailable, &home.current("a"));
    assert!(error.to_string().contains("the new version was written"), "{error}");
    assert!(!error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(get(&store, "a").expect("it is read"), "2");
    fail_sync(0);
    let error = refused(run(store.delete("a")), ErrorKind::Unavailable, &home.current("a"));
    assert!(error.to_string().contains("the secret was deleted"), "{error}");
    refused(get(&store, "a"), ErrorKind::NotFound, &home.dir());
}

/// Every state in which a writer that is killed can leave changes of several secrets, made by hand.
#[test]
fn what_a_killed_writer_has_committed_is_completed_and_what_it_has_not_is_removed() {
    // Current files of a, b, d; a previous one of a; a and c change their content, d goes.
    let before = || {
        let home = Home::in_memory();
        let version = put(&home.store(), "a", "1").expect("it is written");
        for name in ["b", "d"] {
            put(&home.store(), name, "1").expect("it is written");
        }
        (home, version)
    };
    let (after, version) = before();
    let changes = [replace("a", &version, "2"), create("c", "2"), delete("d", None)];
    update(&after.store(), &changes).expect("they are made");
    let state = |store: &Local| ["a", "b", "c", "d"].map(|name| get(store, name).ok());
    let new = state(&after.store());
    // The files of the finished store, as if they were not moved yet. Their key is taken along.
    let staged = [after.current("a"), after.previous("a"), after.current("c")];
    for (folder, is_committed) in [(".staged", false), (".committed", true)] {
        for moved in 0..=4 {
            let (home, _) = before();
            // The files of b and d are of this home's key; all others are replaced.
            fs::copy(after.key_file(), home.key_file()).expect("it is copied");
            fs::copy(after.current("b"), home.current("b")).expect("it is copied");
            fs::copy(after.previous("a"), home.current("a")).expect("it is copied");
            let journal = home.dir().join(folder);
            fs::create_dir(&journal).expect("a folder");
            for (index, file) in staged.iter().enumerate() {
                let name = file.file_name().expect("a name");
                // Some are moved already, if they count.
                let to = if is_committed && index < moved { home.dir() } else { journal.clone() };
                fs::copy(file, to.join(name)).expect("it is copied");
            }
            for file in [home.current("d"), home.previous("d")] {
                let name = file.file_name().expect("a name").to_str().expect("text").to_owned();
                fs::write(journal.join(format!("{name}.gone")), "").expect("a mark");
            }
            // A reader sees to it, as a writer would.
            let store = home.store();
            if moved % 2 == 0 {
                let _ = get(&store, "b");
            } else {
                put(&store, "e", "1").expect("it is written");
            }
            assert!(!journal.exists());
            if is_committed {
                assert_eq!(state(&store), new);
                assert_eq!(get_previous(&store, "a").expect("it is read"), "1");
                assert!(!home.current("d").exists());
            } else {
                assert_eq!(get(&store, "a").expect("it is read"), "1");
                assert_eq!(get(&store, "c").ok(), None);
                assert!(home.current("d").exists());
            }
        }
    }
}

#[test]
fn a_writer_that_waits_too_long_changes_nothing() {
    let home = Home::in_memory();
    let store = home.store().with_timeout(std::time::Duration::ZERO);
    put(&store, "a", "1").expect("it is written");
    let lock = fs::OpenOptions::new().write(true).open(home.dir().join(".lock")).expect("the lock");
    lock.lock().expect("it is locked");
    let before = home.files();
    refused(put(&store, "a", "2"), ErrorKind::Timeout, &home.dir().join(".lock"));
    refused(run(store.delete("a")), ErrorKind::Timeout, &home.dir().join(".lock"));
    for change in [create("b", "2"), rename("a", "b")] {
        refused(update(&store, &[change]), ErrorKind::Timeout, &home.dir().join(".lock"));
    }
    assert_eq!(home.files(), before);
    assert_eq!(get(&store, "a").expect("a reader does not wait"), "1");
    drop(lock);
    put(&store, "a", "2").expect("it is free");
    // The first key has a lock of its own.
    let first = Home::in_memory();
    fs::create_dir(first.path().join("config")).expect("a folder");
    let draft = first.path().join("config/.key.jwk.draft");
    crate::backends::local::tests::rights::create(&draft, 0o600, "");
    let lock = fs::OpenOptions::new().write(true).open(&draft).expect("the draft");
    lock.lock().expect("it is locked");
    let store = first.store().with_timeout(std::time::Duration::ZERO);
    refused(put(&store, "a", "1"), ErrorKind::Timeout, &draft);
    assert!(!first.key_file().exists());
}
