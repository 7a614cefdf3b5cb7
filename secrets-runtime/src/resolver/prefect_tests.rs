//! What an API of Prefect gives is kept; its local context is read at every step.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    backends::prefect::Prefect, declaration::Declaration, resolver::Resolver, settings::Settings,
};

#[test]
fn an_api_is_asked_once_and_the_local_context_at_every_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    fs::write(&config, "").expect("a file");
    let (url, asked) = cloud();
    let environment = |name: &str| -> Option<OsString> {
        match name {
            "PREFECT__USER_CONFIG_PATH" => Some(config.clone().into()),
            "PREFECT__BACKEND" => Some("cloud".into()),
            "PREFECT__CLOUD__USE_LOCAL_SECRETS" => Some("false".into()),
            "PREFECT__CLOUD__API" => Some(url.clone().into()),
            "PREFECT__CLOUD__API_KEY" => Some("SeNtInEl-key".into()),
            _ => None,
        }
    };
    let settings = Settings::from(&environment, folder.path()).expect("good settings");
    let prefect = Prefect::of_settings(&settings);
    let resolver = Resolver::builder().backend(prefect).build().expect("a resolver");
    let declaration =
        Declaration::builder("step").source("prefect.TOKEN").expect("a source").build();
    let read = || {
        let secrets = resolver.resolve_blocking(&declaration).expect("it is there").secrets;
        secrets.get("TOKEN", "TOKEN").expect("a field").expose_str().expect("text").to_owned()
    };
    for _ in 0..3 {
        assert_eq!(read(), "SeNtInEl-cloud");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    fs::write(&config, "[context.secrets]\nTOKEN = \"SeNtInEl-local\"\n").expect("a file");
    assert_eq!(read(), "SeNtInEl-local");
    fs::write(&config, "").expect("a file");
    assert_eq!(read(), "SeNtInEl-cloud");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// The address of a Cloud that has one secret, and how often it was asked.
fn cloud() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::<AtomicUsize>::default();
    let count = asked.clone();
    // It ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            answer(stream.expect("a connection"));
        }
    });
    (url, asked)
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let line = line.trim_end().to_lowercase();
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().expect("a number");
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).expect("a body");
    let body = r#"{"data": {"secret_value": "SeNtInEl-cloud"}}"#;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("an answer");
}
