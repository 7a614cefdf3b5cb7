//! A list is given name by name.

use std::{fs, ops::ControlFlow};

use crate::{
    backend::{change::SecretChange, store::Store},
    backends::local::{
        Local,
        tests::home::{Home, put, run},
    },
};

/// The names as they come; `each` is told each one before it is kept.
fn names(store: &Local, mut each: impl FnMut(&str) -> ControlFlow<()> + Send) -> Vec<String> {
    let mut names = Vec::new();
    let mut keep = |name: String| {
        let flow = each(&name);
        names.push(name);
        flow
    };
    run(store.list_each(&mut keep)).expect("the list");
    names
}

fn home_with(names: &[&str]) -> Home {
    let home = Home::in_memory();
    for name in names {
        put(&home.store(), name, "SeNtInEl").expect("it is written");
    }
    home
}

#[test]
fn a_file_is_read_when_its_turn_comes() {
    let home = home_with(&["a", "b", "c"]);
    let store = home.store();
    let given = names(&store, |name| {
        if name == "a" {
            // What a list that reads everything first has seen, this one never sees.
            fs::remove_file(home.current("b")).expect("it is removed");
            fs::remove_file(home.current("c")).expect("it is removed");
        }
        ControlFlow::Continue(())
    });
    assert_eq!(given, ["a"]);
}

#[test]
fn no_more_is_passed_after_a_break() {
    let home = home_with(&["a", "b", "c"]);
    let given = names(&home.store(), |name| match name {
        "b" => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(given, ["a", "b"]);
}

#[test]
fn the_order_is_that_of_the_file_names_whatever_was_written_first() {
    let sorted = ["名", "A", "a-b", "a/c", "team-10/db", "team-1/db", "team-2/db"];
    let mut backwards = sorted;
    backwards.reverse();
    for written in [sorted, backwards] {
        let home = home_with(&written);
        assert_eq!(names(&home.store(), |_| ControlFlow::Continue(())), sorted);
    }
    // Of names that differ in what a file name does not show, the order is any, and always the same.
    let alike = ["a/b", "a.b", "A b", "ab"];
    let of = |written: &[&str]| names(&home_with(written).store(), |_| ControlFlow::Continue(()));
    let mut given = of(&alike);
    assert_eq!(given, of(&["ab", "A b", "a.b", "a/b"]));
    given.sort();
    assert_eq!(given, ["A b", "a.b", "a/b", "ab"]);
}

#[test]
fn a_name_with_the_longest_header_is_listed() {
    // Each byte of it is escaped, so that its header is read in several pieces.
    let quotes = "\"".repeat(512);
    let home = home_with(&["a", &quotes]);
    assert_eq!(names(&home.store(), |_| ControlFlow::Continue(())), [quotes.as_str(), "a"]);
}

#[test]
fn what_is_not_there_has_no_names_and_what_others_can_read_gives_none() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::in_memory();
    assert!(names(&home.store(), |_| ControlFlow::Continue(())).is_empty());
    put(&home.store(), "a", "SeNtInEl").expect("it is written");
    fs::set_permissions(home.dir(), fs::Permissions::from_mode(0o755)).expect("it is opened");
    let mut each = |name: String| panic!("{name} is given");
    assert!(run(home.store().list_each(&mut each)).is_err());
}

#[test]
fn a_secret_that_is_renamed_while_the_list_is_read_is_in_it() {
    let home = home_with(&["a", "b", "c"]);
    let store = home.store();
    let given = names(&store, |name| {
        if name == "a" {
            let (id, new_id) = ("c".to_owned(), "0".to_owned());
            run(home.store().update(vec![SecretChange::Rename { id, new_id }])).expect("it is");
        }
        ControlFlow::Continue(())
    });
    assert_eq!(given, ["a", "b", "0"]);
}
