//! What this program does as a child of one of its own tests.

use std::io::Write;

use crate::{
    backend::{change::SecretChange, payload::Payload, store::Store},
    backends::local::tests::home::{Home, get, put, run},
};

/// Returns a value that names its writer and number, and in which a change of any part is noticed.
pub(super) fn value(writer: &str, number: usize) -> String {
    let fill = char::from(b'a' + u8::try_from(number % 26).expect("a letter"));
    format!("SeNtInEl-{writer}-{number}-{}", fill.to_string().repeat(number * 37 % 3000))
}

/// Whether `text` is such a value, whole.
pub(super) fn is_value(text: &str) -> bool {
    let mut parts = text.splitn(4, '-').skip(1);
    let (writer, number) = (parts.next(), parts.next().and_then(|number| number.parse().ok()));
    matches!((writer, number), (Some(writer), Some(number)) if text == value(writer, number))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}

/// Not a test by itself: what the tests that need a second process start.
#[test]
fn child() {
    let Ok(role) = std::env::var("SECRETS_TEST_ROLE") else { return };
    let store = Home::store_of_parent();
    let words: Vec<_> = role.split(' ').collect();
    match words[..] {
        // One secret, as often as said.
        ["write", writer, count] => {
            for number in 0..count.parse().expect("a count") {
                put(&store, "shared", &value(writer, number)).expect("the write succeeds");
            }
        }
        // Ten secrets in turn, for ever, telling before and after each write.
        ["write-until-killed", from] => {
            for number in from.parse::<usize>().expect("a number").. {
                let name = format!("s{}", number % 10);
                say(&format!("\nstart {name} {number}"));
                put(&store, &name, &value("w", number)).expect("the write succeeds");
                say(&format!("done {name} {number}"));
            }
        }
        // Two secrets in one step and a third one's name, for ever, telling before each step.
        ["update-until-killed"] => {
            for number in 0_usize.. {
                let name = |even| if number.is_multiple_of(2) == even { "x" } else { "y" };
                let step = |id: &str, id_before: &str| SecretChange::Rename {
                    id: id_before.to_owned(),
                    new_id: id.to_owned(),
                };
                let replace = |id: &str| SecretChange::Replace {
                    id: id.to_owned(),
                    version: run(store.version(id)).expect("it is read").expect("there is one"),
                    payload: Payload::Text(value("w", number).into()),
                };
                let third = if get(&store, name(true)).is_ok() {
                    step(name(false), name(true))
                } else {
                    step(name(true), name(false))
                };
                say("\nstart");
                let changes = vec![replace("p"), replace("q"), third];
                run(store.update(changes)).expect("they are made");
            }
        }
        // A secret of its own, when all are ready.
        ["put", name] => {
            say("\nready");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).expect("the parent says go");
            put(&store, name, &value(name, 1)).expect("the write succeeds");
        }
        // Prints the kinds of the errors: for a process with fewer rights.
        ["kinds", name] => {
            let kind = |error: crate::core::error::Error| error.kind().as_str();
            let read = get(&store, name).map_or_else(kind, |_| "read");
            let written = put(&store, name, "SeNtInEl").map_or_else(kind, |_| "written");
            let listed = run(store.list()).map_or_else(kind, |_| "listed");
            say(&format!("\nkinds {read} {written} {listed}"));
        }
        _ => panic!("no such role"),
    }
}
