//! The threads on which requests are made: a process has few of them.
#![cfg(target_os = "linux")]

use std::{env, fs, process::Command};

use secrets_runtime::{Declaration, Resolver};
use tokio::task::JoinSet;

use secrets_tests::stub_server::StubServer;

const NAME: &str = "backends::prefect::threads::a_crowd_of_steps_shares_few_threads";

/// The variable that is set in the process which asks.
const ASKS: &str = "TEST_ASKS";

/// How many threads the process has.
fn count_threads() -> usize {
    fs::read_dir("/proc/self/task").expect("threads").count()
}

#[test]
fn a_crowd_of_steps_shares_few_threads() {
    if env::var_os(ASKS).is_some() {
        return ask();
    }
    // The server has threads of its own, so that it is in this process and what is counted in another.
    let server = StubServer::new(200, "", r#"{"data": {"value": "SeNtInEl"}}"#);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", NAME]).env(ASKS, "").env("PREFECT_API_URL", server.url());
    let output = command.env("HOME", "/nonexistent").output().expect("a process");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.requests().len(), 500);
}

fn ask() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let resolver = Resolver::builder().build().expect("good settings");
    let most = runtime.block_on(async {
        let mut steps = JoinSet::new();
        for number in 0..500 {
            let resolver = resolver.clone();
            steps.spawn(async move {
                let source = format!("prefect.secret-{number}");
                let declaration = Declaration::builder("step").source(&source)?.build();
                resolver.resolve(&declaration).await
            });
        }
        let mut most = 0;
        while let Some(resolved) = steps.join_next().await {
            resolved.expect("no panic").expect("it is found");
            most = most.max(count_threads());
        }
        most
    });
    // The main thread, the test's, the timer's, the one for I/O, and those that look up the host.
    assert!(most <= 32 + 4, "{most} threads");
}
