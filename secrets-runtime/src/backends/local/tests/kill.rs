//! Writers that are killed, at any moment.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::{
    backend::store::Store,
    backends::local::{
        random::fill,
        tests::{
            child::value,
            home::{Home, get, get_previous, put, run},
        },
    },
};

const WRITES: usize = 500;

#[test]
fn after_sigkill_at_random_moments_of_500_writes_nothing_is_lost() {
    let home = Home::in_memory();
    // Of each secret, the write that was finished last, and the one that was begun last.
    let (mut done, mut begun) = (HashMap::new(), HashMap::new());
    let mut next = 0;
    while next < WRITES {
        let from = next;
        let role = format!("write-until-killed {from}");
        let mut command = home.child(&role);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().expect("a child");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut bytes = [0; 3];
        fill(&mut bytes).expect("random bytes");
        let [writes, spins, more] = bytes;
        let stop_at = from + usize::from(writes % 16) + 1;
        for line in lines {
            let Ok(line) = line else { break };
            let words: Vec<_> = line.split(' ').collect();
            let [what @ ("start" | "done"), name, number] = words[..] else { continue };
            let number: usize = number.parse().expect("a number");
            let of = if what == "done" { &mut done } else { &mut begun };
            of.insert(name.to_owned(), number);
            next = number + 1;
            if what == "start" && number >= stop_at {
                // Some moment of the write that has begun, or of those after it.
                for _ in 0..usize::from(spins) * usize::from(more) {
                    std::hint::spin_loop();
                }
                // The lines that it has written until then are still read.
                child.kill().expect("it is killed");
            }
        }
        child.wait().expect("it ends");
        let store = home.store();
        for (name, finished) in &mut done {
            let found = get(&store, name).expect("it is read");
            let possible = [*finished, begun[name]];
            let which = possible.into_iter().find(|number| found == value("w", *number));
            // What was killed between the write and saying so is finished all the same.
            *finished = which.unwrap_or_else(|| panic!("{name} is neither of {possible:?}"));
        }
    }
    assert_eq!(done.len(), 10);
    let store = home.store();
    for name in done.keys() {
        get_previous(&store, name).expect("the previous version is read");
    }
    assert_eq!(run(store.list()).expect("the list").len(), 10);
    assert!(home.files().iter().all(|name| name.ends_with(".jwe")), "{:?}", home.files());
}

#[test]
fn after_sigkill_at_random_moments_of_changes_of_several_secrets_all_or_none_are_made() {
    let home = Home::in_memory();
    for name in ["p", "q", "x"] {
        put(&home.store(), name, &value("w", 0)).expect("it is written");
    }
    for _ in 0..100 {
        let mut command = home.child("update-until-killed");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut bytes = [0; 3];
        fill(&mut bytes).expect("random bytes");
        let [steps, spins, more] = bytes;
        for _ in 0..=steps % 4 {
            while lines.next().expect("it goes on").expect("a line") != "start" {}
        }
        // Some moment of the step that has begun, or of those after it.
        for _ in 0..usize::from(spins) * usize::from(more) {
            std::hint::spin_loop();
        }
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        let store = home.store();
        // The first reading completes what counts.
        let names = run(store.list()).expect("the list");
        assert_eq!(names.len(), 3, "{names:?}");
        let [p, q] = ["p", "q"].map(|name| get(&store, name).expect("it is read"));
        assert!(p == q, "one of two changes was made");
        assert_eq!(get(&store, &names[2]).expect("it is read"), value("w", 0));
        assert!(home.files().iter().all(|name| name.ends_with(".jwe")), "{:?}", home.files());
    }
}

/// Every state that a killed writer can leave, made by hand.
#[test]
fn what_a_killed_writer_left_is_swept_by_the_next_writer_or_reader() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    let (draft, previous_draft) = (home.dir().join(".draft"), home.dir().join(".previous.draft"));
    let leave = |both: bool| {
        fs::write(&draft, "half a fi").expect("a draft");
        if both {
            fs::hard_link(home.current("a"), &previous_draft).expect("a draft");
        }
    };
    for both in [false, true] {
        leave(both);
        put(&store, "b", "SeNtInEl-b").expect("it is written");
        assert!(!draft.exists() && !previous_draft.exists());
        leave(both);
        assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl-1");
        assert!(!draft.exists() && !previous_draft.exists());
        leave(both);
        run(store.list()).expect("the list");
        assert!(!draft.exists() && !previous_draft.exists());
    }
    // Killed when the previous version was renamed and the current one was not: both are one file.
    fs::remove_file(home.previous("a")).expect("it is removed");
    fs::hard_link(home.current("a"), home.previous("a")).expect("it is linked");
    assert_eq!(get_previous(&store, "a").expect("it is read"), "SeNtInEl-1");
    assert_eq!(run(store.versions("a")).expect("the versions").len(), 1);
    put(&store, "a", "SeNtInEl-2").expect("it is written");
    assert!(!previous_draft.exists(), "a link to both stays");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl-2");
    assert_eq!(get_previous(&store, "a").expect("it is read"), "SeNtInEl-1");
    assert!(home.files().iter().all(|name| name.ends_with(".jwe")), "{:?}", home.files());
}

#[test]
fn a_reader_does_not_sweep_what_a_writer_is_writing() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let lock = fs::OpenOptions::new().write(true).open(home.dir().join(".lock")).expect("the lock");
    lock.lock().expect("it is locked");
    fs::write(home.dir().join(".draft"), "half a fi").expect("a draft");
    assert_eq!(get(&store, "a").expect("it is read, without waiting"), "SeNtInEl");
    assert!(home.dir().join(".draft").exists());
}
