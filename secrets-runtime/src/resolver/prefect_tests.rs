//! Prefect's two parts: answers of an API are cached, and the local context is read by every step.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    backend::fetch_request::FetchRequest, backends::prefect::Prefect, core::error::ErrorKind,
    declaration::Declaration, resolver::Resolver, rt::block_on::block_on, settings::Settings,
};

#[test]
fn an_api_is_asked_once_and_the_local_context_at_every_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let (url, asked) = cloud(r#"{"data": {"secret_value": "SeNtInEl-cloud"}}"#);
    let prefect = prefect(&config, &url);
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

#[test]
fn a_missing_secret_is_one_error_with_every_backend_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let (url, asked) = cloud(r#"{"errors": [{"message": "No value found for TOKEN"}]}"#);
    let builder = || Resolver::builder().backend(prefect(&config, &url));
    let resolver = builder().build().expect("a resolver");
    let whole = resolver.backend("prefect").expect("it is registered");
    let declaration =
        Declaration::builder("step").source("prefect.TOKEN").expect("a source").build();
    let error = resolver.resolve_blocking(&declaration).expect_err("it is nowhere");
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!((problem.kind(), problem.backend()), (ErrorKind::NotFound, Some("prefect")));
    // A single part asked directly reports the same.
    let direct = block_on(whole.fetch(&[FetchRequest::named("TOKEN")])).remove(0).expect_err("no");
    assert_eq!(problem.message(), direct.problems()[0].message());
    assert_eq!(problem.help(), direct.problems()[0].help());
    let place = format!("nor has Prefect's Cloud at {url}");
    assert!(problem.message().starts_with("Prefect's local context has no secret `TOKEN`"));
    assert!(problem.message().ends_with(&place), "{}", problem.message());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    // In a chain, each part is one of the backends that were asked.
    let resolver = builder().default_backend("prefect,env").build().expect("a resolver");
    let declaration =
        Declaration::builder("step").source("NO_SUCH_TOKEN").expect("a source").build();
    let error = resolver.resolve_blocking(&declaration).expect_err("it is nowhere");
    let message = error.problems()[0].message();
    assert_eq!(message.matches("prefect: ").count(), 1, "{message}");
    assert!(message.contains("; env: "), "{message}");
}

/// Creates a backend with this `config.toml` and a Cloud at this address.
fn prefect(config: &Path, url: &str) -> Prefect {
    fs::write(config, "").expect("a file");
    let environment = |name: &str| -> Option<OsString> {
        match name {
            "PREFECT__USER_CONFIG_PATH" => Some(config.into()),
            "PREFECT__BACKEND" => Some("cloud".into()),
            "PREFECT__CLOUD__USE_LOCAL_SECRETS" => Some("false".into()),
            "PREFECT__CLOUD__API" => Some(url.into()),
            "PREFECT__CLOUD__API_KEY" => Some("SeNtInEl-key".into()),
            _ => None,
        }
    };
    let folder = config.parent().expect("it is in a folder");
    let settings = Settings::from(&environment, folder).expect("good settings");
    Prefect::of_settings(&settings)
}

/// Starts a Cloud that has one answer. Returns its address and the number of requests it got.
fn cloud(body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::<AtomicUsize>::default();
    let count = asked.clone();
    // The thread ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            answer(stream.expect("a connection"), body);
        }
    });
    (url, asked)
}

fn answer(mut stream: TcpStream, body: &str) {
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
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("an answer");
}
