//! What the client does with servers that refuse a token, or that hang.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{
    backend::lease::Lease,
    backends::vault::{client::VaultClient, server::ApiRequest},
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
    },
    rt::{block_on::block_on, io_thread::on_io_thread},
    settings::backends::vault::{VaultAuth, VaultSettings},
};

/// Longer than any of the servers here needs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Answers of the API.
const DENIED: (u16, &str) = (403, r#"{"errors":["permission denied"]}"#);
const NO_RIGHT: (u16, &str) = (403, r#"{"errors":["1 error occurred:\n\t* permission denied"]}"#);
const LOGIN: (u16, &str) = (200, r#"{"auth":{"client_token":"SeNtInEl-own"}}"#);

/// A server that answers by the path and the token. It ends with the process.
struct Server {
    address: String,
    /// The paths and the tokens of all requests.
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, &str) -> (u16, &'static str) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<(String, String)>>>::default();
        let kept = seen.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some((path, token)) = read(&stream) else { continue };
                kept.lock().unwrap().push((path.clone(), token.clone()));
                let (status, body) = answer(&path, &token);
                let head = format!("HTTP/1.1 {status} Word\r\nconnection: close");
                let length = body.len();
                let _ = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads a request, and returns its path and its token.
fn read(stream: &TcpStream) -> Option<(String, String)> {
    let (mut reader, mut lines) = (BufReader::new(stream), Vec::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
    let length = header("content-length: ").and_then(|it| it.parse().ok()).unwrap_or(0);
    reader.read_exact(&mut vec![0; length]).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.strip_prefix("/v1/")?.to_owned();
    Some((path, header("x-vault-token: ").unwrap_or_default().to_owned()))
}

fn settings(addresses: &str) -> VaultSettings {
    VaultSettings {
        addresses: Some(addresses.into()),
        namespace: None,
        auth: None,
        auth_mount: None,
        role: None,
        cacert: None,
        jwt_file: None,
        token: None,
        token_file: None,
        role_id: None,
        secret_id: None,
        secret_id_file: None,
        wrapping_path: None,
        skip_verify: None,
    }
}

fn credential(value: &str, variable: &str) -> Credential {
    Credential::new(value.into(), variable)
}

fn with_approle(addresses: &str) -> VaultSettings {
    VaultSettings {
        role_id: Some(credential("SeNtInEl-role", "SECRETS_VAULT_ROLE_ID")),
        secret_id: Some(credential("SeNtInEl-id", "SECRETS_VAULT_SECRET_ID")),
        ..settings(addresses)
    }
}

fn client(settings: &VaultSettings, timeout: Duration) -> Arc<VaultClient> {
    Arc::new(VaultClient::new(settings, timeout).unwrap())
}

/// Gets a path, and returns the status of the answer.
fn get(client: &Arc<VaultClient>, path: &str) -> Result<u16, Error> {
    let (client, path) = (client.clone(), path.to_owned());
    block_on(on_io_thread(async move {
        client.call(&ApiRequest::get(path)).await.map(|(answer, _)| answer.status)
    }))?
}

#[test]
fn the_file_of_a_token_is_read_again_when_the_token_is_refused() {
    let server = Server::start(|_, token| match token {
        "SeNtInEl-new" => (200, "{}"),
        _ => DENIED,
    });
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("token");
    std::fs::write(&file, "SeNtInEl-old\n").unwrap();
    let settings = VaultSettings {
        auth: Some(VaultAuth::Token),
        token_file: Some(file.clone()),
        ..settings(&server.address)
    };
    let client = client(&settings, TIMEOUT);
    assert_eq!(get(&client, "kv/db").unwrap(), 403);
    assert_eq!(server.seen().len(), 1, "what has not changed is not sent again");
    std::fs::remove_file(&file).unwrap();
    assert!(get(&client, "kv/db").is_ok_and(|status| status == 403));
    std::fs::write(&file, "SeNtInEl-new\n").unwrap();
    assert_eq!(get(&client, "kv/db").unwrap(), 200);
    assert_eq!(get(&client, "kv/db").unwrap(), 200);
}

#[test]
fn a_file_without_a_credential_is_said_to_be_empty_and_nothing_is_sent() {
    let server = Server::start(|_, _| LOGIN);
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("credential");
    std::fs::write(&file, " \n").unwrap();
    let settings = || settings(&server.address);
    for settings in [
        VaultSettings {
            auth: Some(VaultAuth::Token),
            token_file: Some(file.clone()),
            ..settings()
        },
        VaultSettings {
            role_id: Some(credential("SeNtInEl-role", "SECRETS_VAULT_ROLE_ID")),
            secret_id_file: Some(file.clone()),
            ..settings()
        },
        VaultSettings { jwt_file: Some(file.clone()), ..settings() },
    ] {
        let error = get(&client(&settings, TIMEOUT), "kv/db").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        assert!(error.to_string().contains("is empty in "), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_refused_revocation_of_a_token_names_the_leases_that_last() {
    for (refusal, is_over) in [(DENIED, true), (NO_RIGHT, false), ((500, "{}"), false)] {
        let server = Server::start(move |path, _| match path {
            "auth/approle/login" => LOGIN,
            "auth/token/revoke-self" => refusal,
            _ => (200, "{}"),
        });
        let client = client(&with_approle(&server.address), TIMEOUT);
        let outcome: Result<(), Error> = block_on(on_io_thread(async move {
            let (_, token) = client.call(&ApiRequest::get("kv/db".to_owned())).await?;
            let lease = Lease::new("database/creds/app/7f3a", Duration::from_secs(3600));
            client.leases.insert(&lease, &token, Instant::now());
            let tokens = client.own_tokens();
            client.revoke_own(tokens).await
        }))
        .unwrap();
        assert_eq!(outcome.is_ok(), is_over, "{refusal:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("`database/creds/app/7f3a`"), "{error}");
            assert!(!error.to_string().contains("SeNtInEl"), "{error}");
        }
    }
}

#[test]
fn a_server_that_does_not_answer_is_passed_over_by_what_reads() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(|_, _| (200, "{}"));
    let addresses = format!("http://{},{}", hanging.local_addr().unwrap(), server.address);
    let settings = VaultSettings {
        token: Some(credential("SeNtInEl", "VAULT_TOKEN")),
        ..settings(&addresses)
    };
    let client = client(&settings, Duration::from_millis(300));
    assert_eq!(get(&client, "kv/db").unwrap(), 200);
    // A login may have been carried out, and is not sent to another one.
    let client = self::client(&with_approle(&addresses), Duration::from_millis(300));
    assert_eq!(get(&client, "kv/db").unwrap_err().kind(), ErrorKind::Timeout);
    let seen = server.seen().len();
    // But later ones begin there.
    let _ = get(&client, "kv/db");
    assert!(server.seen().len() > seen);
}

#[test]
fn a_server_that_accepts_no_connection_is_passed_over_by_all() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    // Until its queue is full.
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        waiting.push(stream);
    }
    let server = Server::start(|path, _| match path {
        "auth/approle/login" => LOGIN,
        _ => (200, "{}"),
    });
    let settings = with_approle(&format!("http://{address},{}", server.address));
    assert_eq!(get(&client(&settings, Duration::from_secs(2)), "kv/db").unwrap(), 200);
}

/// What is wrong with a credential is found out before it is sent.
#[test]
fn a_credential_that_cannot_be_sent_is_named_by_its_place() {
    let server = Server::start(|_, _| LOGIN);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret\nid");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    let place = file.display().to_string().replace('\n', "\\n");
    let good = with_approle(&server.address);
    let of_file =
        || VaultSettings { secret_id: None, secret_id_file: Some(file.clone()), ..good.clone() };
    let jwt = || VaultSettings {
        auth: Some(VaultAuth::Jwt),
        jwt_file: Some(file.clone()),
        ..settings(&server.address)
    };
    let token_file = || VaultSettings {
        auth: Some(VaultAuth::Token),
        token_file: Some(file.clone()),
        ..settings(&server.address)
    };
    let token = |text: &str| VaultSettings {
        token: Some(credential(text, "VAULT_TOKEN")),
        ..settings(&server.address)
    };
    let wrapped = || VaultSettings { wrapping_path: Some("auth/approle".into()), ..of_file() };
    let role_id = |text: &str| VaultSettings {
        role_id: Some(credential(text, "SECRETS_VAULT_ROLE_ID")),
        ..good.clone()
    };
    write("SeNtInEl\u{e9}\nSeNtInEl");
    for (settings, message) in [
        (token("SeNtInEl\n"), "the token for Vault in VAULT_TOKEN has a line break".to_owned()),
        (
            token("SeNtInEl\u{e9}"),
            "the token for Vault in VAULT_TOKEN has a character that is not ASCII".to_owned(),
        ),
        (token_file(), format!("the token for Vault in {place} has a line break")),
        (jwt(), format!("the token to log in to Vault with in {place} has a line break")),
        (of_file(), format!("the secret id for Vault in {place} has a line break")),
        (wrapped(), format!("the secret id for Vault in {place} has a line break")),
        (
            role_id("SeNt\0InEl"),
            "the role id for Vault in SECRETS_VAULT_ROLE_ID has a control character".to_owned(),
        ),
    ] {
        let error = get(&client(&settings, TIMEOUT), "x").expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        assert_eq!(error.problems()[0].message(), message);
        assert!(!format!("{error} {error:#?}").contains("SeNt"), "{error}");
    }
    assert_eq!(server.seen(), [], "nothing is sent");
    write(" \n");
    for settings in [token_file(), jwt(), of_file()] {
        let error = get(&client(&settings, TIMEOUT), "x").expect_err("it is empty");
        assert!(error.to_string().contains(&format!("is empty in {place}")), "{error}");
    }
}
