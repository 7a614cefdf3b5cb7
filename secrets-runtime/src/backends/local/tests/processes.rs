//! Several processes at once.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
};

use crate::backends::local::tests::{
    child::{is_value, value},
    home::{Home, get, get_previous, put},
};

fn start(home: &Home, role: &str) -> Child {
    let mut command = home.child(role);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("a child")
}

#[test]
fn two_processes_that_make_the_key_at_once_agree() {
    for _ in 0..10 {
        let home = Home::in_memory();
        let names = ["a", "b", "c"];
        let mut children = names.map(|name| start(&home, &format!("put {name}")));
        for child in &mut children {
            let out = child.stdout.take().expect("its output");
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            assert!(lines.any(|line| line == "ready"));
            // What it says later goes nowhere, and must not break a pipe.
            std::thread::spawn(move || lines.count());
        }
        for child in &mut children {
            child.stdin.take().expect("its input").write_all(b"go\n").expect("it listens");
        }
        for child in &mut children {
            assert!(child.wait().expect("it ends").success());
        }
        for name in names {
            assert_eq!(get(&home.store(), name).expect("it is read"), value(name, 1));
        }
        assert_eq!(home.files().len(), names.len());
    }
}

#[test]
fn two_processes_write_one_secret_a_thousand_times_each_while_a_third_reads() {
    let home = Home::in_memory();
    let store = home.store();
    for number in 0..2 {
        put(&store, "shared", &value("seed", number)).expect("it is written");
    }
    let mut children = ["one", "two"].map(|name| start(&home, &format!("write {name} 1000")));
    for child in &mut children {
        let out = child.stdout.take().expect("its output");
        std::thread::spawn(move || BufReader::new(out).lines().count());
    }
    let (mut reads, mut ended) = (0, false);
    while !ended {
        ended = children.iter_mut().all(|it| it.try_wait().expect("it is asked").is_some());
        for text in [get(&store, "shared"), get_previous(&store, "shared")] {
            assert!(is_value(&text.expect("it is read")), "a torn or foreign value");
            reads += 1;
        }
    }
    for child in &mut children {
        assert!(child.wait().expect("it ends").success());
    }
    assert!(reads > 2, "the third never read while the others wrote");
    // The last writer wrote its last value.
    let last = get(&store, "shared").expect("it is read");
    assert!([value("one", 999), value("two", 999)].contains(&last));
    assert_eq!(home.files().len(), 2, "{:?}", home.files());
}

#[test]
fn a_value_is_known_from_a_part_of_it() {
    let whole = value("one", 77);
    assert!(is_value(&whole) && is_value(&value("seed", 0)));
    assert!(!is_value(&whole[..whole.len() - 1]) && !is_value("") && !is_value("SeNtInEl-one-77-"));
}
