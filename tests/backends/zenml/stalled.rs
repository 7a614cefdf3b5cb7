//! A login that the server does not answer: one for all, and no thread for those who wait.
#![cfg(target_os = "linux")]

use std::{
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver};
use tokio::task::JoinSet;

const NAME: &str = "backends::zenml::stalled::a_stalled_login_is_one_for_all_and_holds_no_thread";

/// The file that makes the server well, in the process which asks.
const WELL: &str = "TEST_WELL";

const ANSWER: &str = r#"{"access_token": "SeNtInEl-token", "items": [{"id": "1", "name": "db"}], "name": "db", "body": {"values": {"k": "SeNtInEl"}}}"#;

/// Answers once the file exists. Before that it accepts, and never answers.
fn serve(listener: &TcpListener, well: &Path, logins: &AtomicUsize) {
    let mut stalled: Vec<TcpStream> = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let mut head = [0; 4096];
        let length = stream.read(&mut head).unwrap_or(0);
        if head[..length].starts_with(b"POST /api/v1/login") {
            logins.fetch_add(1, Ordering::Relaxed);
        }
        if well.exists() {
            let length = ANSWER.len();
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
            let _ = write!(stream, "{head}: {length}\r\n\r\n{ANSWER}");
        } else {
            stalled.push(stream);
        }
    }
}

#[test]
fn a_stalled_login_is_one_for_all_and_holds_no_thread() {
    if let Some(well) = env::var_os(WELL) {
        return ask(&PathBuf::from(well));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let well = folder.path().join("well");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let logins = Arc::new(AtomicUsize::new(0));
    let (file, counted) = (well.clone(), logins.clone());
    thread::spawn(move || serve(&listener, &file, &counted));

    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", NAME]).env(WELL, &well).env("HOME", "/nonexistent");
    command.env("SECRETS_ZENML_URL", url).env("SECRETS_ZENML_PASSWORD", "SeNtInEl-password");
    command.env("SECRETS_ATTEMPT_TIMEOUT", "2").env("SECRETS_TIMEOUT", "20");
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{output:?}");
    // One that is not answered, and one when the server is well.
    assert_eq!(logins.load(Ordering::Relaxed), 2);
}

async fn step(resolver: Resolver, secrets: usize) -> Result<(), Error> {
    let mut declaration = Declaration::builder("step");
    for number in 0..secrets {
        let group = if number == 0 { "db".to_owned() } else { format!("db{number}") };
        let id = if number == 0 { "db".to_owned() } else { format!("other-{number}") };
        let source = format!(r#"{{"id": "{id}", "type": "zenml", "group": "{group}"}}"#);
        declaration = declaration.source(&source)?;
    }
    resolver.resolve(&declaration.build()).await.map(drop)
}

fn ask(well: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let builder = || Resolver::builder().cache_ttl(std::time::Duration::ZERO);
    // A step that asks for secrets of its own does not wait for those of another.
    let resolver = builder().build().expect("good settings");
    runtime.block_on(async {
        let mut steps = JoinSet::new();
        for _ in 0..100 {
            steps.spawn(step(resolver.clone(), 8));
        }
        while let Some(ended) = steps.join_next().await {
            let error = ended.expect("no panic").expect_err("nobody answers");
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            let threads = fs::read_dir("/proc/self/task").expect("threads").count();
            assert!(threads < 10, "{threads} threads");
        }
        fs::write(well, "").expect("a file");
        step(resolver, 1).await.expect("the server is well");
    });
}
