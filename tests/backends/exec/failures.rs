//! Programs that fail, hang, flood, die and talk.

use std::{fs, path::Path, thread};

use secrets_runtime::{Declaration, ErrorKind};

use super::*;

#[test]
fn another_code_than_0_is_unavailable_with_the_reason() {
    let place = Place::new();
    let resolver = place.script("echo SeNtInEl; echo '[ERROR] no item: is it locked?' >&2; exit 3");
    let error = error(&resolver);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let problem = &error.problems()[0];
    assert_eq!(problem.backend(), Some("op"));
    assert!(problem.message().contains("ended with the code 3: [ERROR] no item: is it locked?"));
    assert!(problem.help().unwrap().contains("[backends.op] in "), "{error}");
    // Without a reason.
    let error = super::error(&place.script("exit 1"));
    assert!(error.problems()[0].message().ends_with("ended with the code 1"), "{error}");
}

#[test]
fn a_signal_is_unavailable() {
    let place = Place::new();
    for (signal, number) in [("KILL", 9), ("SEGV", 11), ("TERM", 15)] {
        let error = error(&place.script(&format!("echo SeNtInEl; kill -{signal} $$")));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let wanted = format!("was ended by the signal {number}");
        assert!(error.problems()[0].message().ends_with(&wanted), "{error}");
    }
}

#[test]
fn a_code_of_the_table_means_that_there_is_no_secret() {
    let place = Place::new();
    let script = "echo 'not in the keychain' >&2; exit 44";
    let path = place.program("program", script);
    let table = format!("exec = [{path:?}, '{{id}}']\nnot_found = [3, 44]");
    let builder = place.builder(&table).default_backend("op,env");
    let resolver = builder.build().unwrap();
    let error = error(&resolver);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("not in the keychain"), "{error}");
    let optional = r#"{"id": "db", "type": "op", "options": {"required": false}}"#;
    assert!(resolve(&resolver, optional).is_ok());
    // The next of a chain is asked.
    assert!(resolve(&resolver, "PATH").unwrap().get("PATH", "PATH").is_ok());
    // Elsewhere it is not known, and the chain ends.
    let builder = place.builder(&format!("exec = [{path:?}, '{{id}}']"));
    let resolver = builder.default_backend("op,env").build().unwrap();
    assert_eq!(resolve(&resolver, "PATH").unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn secrets_in_the_reason_are_masked_and_it_is_cut() {
    let place = Place::new();
    for script in [
        // What it has printed, also in another form.
        "echo 'SeNtInEl correct'; echo 'cannot use SeNtInEl correct' >&2; exit 1",
        "printf 'SeNtInEl correct'; printf 'cannot use ' >&2; printf 'SeNtInEl correct' | base64 >&2; exit 1",
        // What it has not printed, and what is like a credential.
        "echo 'the password SeNtInEl-9f8e is old' >&2; exit 1",
        // A part of it at the end of what is kept.
        "yes 'x SeNtInEl-9f8e' | head -c 8188 >&2; exit 1",
        "for i in 1 2 3; do yes SeNtInEl-9f8e | head -c 4096 | tr -d '\\n' >&2; done; exit 1",
    ] {
        let error = error(&place.script(script));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(!error.to_string().contains("U2VOdEluRWw"), "{error}");
        assert!(error.problems()[0].message().len() < 600, "{error}");
    }
    // The value of a variable that it gets.
    let own = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let script = "echo \"bad: $CARGO_MANIFEST_DIR!\" >&2; exit 1";
    let resolver = place.script_with(script, "env = ['CARGO_MANIFEST_DIR']");
    let error = error(&resolver);
    assert!(
        error.to_string().contains("bad: ***!") && !error.to_string().contains(&own),
        "{error}"
    );
    // Also in lines of five letters, one of which may begin with the last one.
    let script = "echo \"bad: $CARGO_MANIFEST_DIR!\" | fold -w 5 >&2; exit 1";
    let error = super::error(&place.script_with(script, "env = ['CARGO_MANIFEST_DIR']"));
    let text = error.to_string();
    assert!(text.contains("bad: ***!") || text.contains("bad: *** !"), "{error}");
    assert!(!text.replace(' ', "").contains(&own), "{error}");
    // What stands in the table besides the id.
    let program = place.program("program", "echo \"bad $1 for $2\" >&2; exit 1");
    let table = format!("exec = [{program:?}, 'SeNtInEl-7a6b', '--item={{id}}']");
    let error = super::error(&place.builder(&table).build().unwrap());
    assert!(error.to_string().contains("bad *** for --item=db"), "{error}");
    // A secret that the process has had from elsewhere.
    let table = place.script(
        "case $1 in first) echo 'horse battery';; *) echo 'with horse battery' >&2; exit 1;; esac",
    );
    let first = resolve(&table, "op.first").unwrap();
    let error = super::error(&table);
    assert!(error.to_string().contains("with ***"), "{error}");
    drop(first);
    // What a terminal would act on.
    let error = super::error(&place.script("printf '\\033[2J\\n\\nred\\r' >&2; exit 1"));
    assert!(error.problems()[0].message().ends_with("\\u{1b}[2J red"), "{error}");
}

#[test]
fn a_flood_is_refused_and_one_of_errors_is_drained() {
    let place = Place::new();
    let error = error(&place.script("yes SeNtInEl"));
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    let of = |length: usize, end: &str| {
        value(&place.script(&format!("head -c {length} /dev/zero | tr '\\0' x; printf '{end}'")))
    };
    for end in ["", "\\n", "\\r\\n"] {
        assert_eq!(of(65_536, end).unwrap().len(), 65_536);
        assert_eq!(of(65_537, end).unwrap_err().kind(), ErrorKind::InvalidValue);
    }
    let script = "head -c 1000000 /dev/zero >&2; echo SeNtInEl";
    assert_eq!(value(&place.script(script)).unwrap().expose_str().unwrap(), "SeNtInEl");
}

#[test]
fn a_program_has_its_own_deadline() {
    let place = Place::new();
    let resolver = place.script_with("echo 'SeNtInEl waits' >&2; sleep 1000", "timeout = 0.2");
    let error = error(&resolver);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_transient());
    let problem = &error.problems()[0];
    assert!(problem.message().contains("did not end within 0.2 s, and was ended"), "{error}");
    assert!(problem.help().unwrap().contains("timeout in [backends.op]"), "{error}");
    // One that has closed its output, and one that floods the other one.
    for script in ["exec >&- 2>&-; sleep 1000", "yes >&2"] {
        let resolver = place.script_with(script, "timeout = 0.2");
        assert_eq!(super::error(&resolver).kind(), ErrorKind::Timeout);
    }
}

/// Whether a process runs. One that nobody has waited for does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::yield_now();
    }
}

fn pid_in(path: &Path) -> String {
    wait_until(|| fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')));
    fs::read_to_string(path).unwrap().trim().to_owned()
}

/// They hold its output open, and it is not waited for.
#[cfg(target_os = "linux")]
#[test]
fn the_children_of_a_program_end_with_it() {
    let place = Place::new();
    let file = place.path("pid");
    for end in ["echo SeNtInEl", "exit 1"] {
        let script = format!("sleep 1000 & echo $! > {file:?}; {end}");
        let resolver = place.script_with(&script, "timeout = 60");
        assert_eq!(value(&resolver).is_ok(), end.starts_with("echo"));
        let pid = pid_in(&file);
        wait_until(|| !runs(&pid));
    }
}

/// It is waited for without the thread on which others are read.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_was_killed_does_not_stay_as_a_zombie() {
    let place = Place::new();
    let file = place.path("pid");
    let script = format!("echo $$ > {file:?}; sleep 1000");
    let resolver = place.script_with(&script, "timeout = 0.2");
    assert_eq!(error(&resolver).kind(), ErrorKind::Timeout);
    let process = Path::new("/proc").join(pid_in(&file));
    wait_until(|| !process.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_step_that_is_dropped_ends_its_program() {
    let place = Place::new();
    let file = place.path("pid");
    let script = format!("sleep 1000 & echo $! > {file:?}; wait");
    let resolver = place.script_with(&script, "timeout = 600");
    let declaration = Declaration::builder("step").source("op.db").unwrap().build();
    let step = tokio::spawn(async move { resolver.resolve(&declaration).await.map(drop) });
    let pid = tokio::task::spawn_blocking(move || pid_in(&file)).await.unwrap();
    assert!(runs(&pid));
    step.abort();
    wait_until(|| !runs(&pid));
}
