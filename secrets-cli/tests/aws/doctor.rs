//! What `secrets doctor` says of AWS.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::Value;

use crate::{
    bench::Ran,
    setup::{AWS, Aws},
};

/// The entry of AWS in its JSON.
fn entry(ran: &Ran) -> Value {
    let page: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let mut entries = page["backends"].as_array().unwrap().iter();
    entries.find(|entry| entry["type"] == AWS).unwrap().clone()
}

#[test]
fn the_caller_and_the_region_are_shown() {
    let Some(aws) = Aws::at_moto() else { return };
    let shown = aws.ok(&["doctor"]).text();
    let line = shown.lines().find(|line| line.starts_with("* ")).unwrap();
    assert!(line.starts_with("* aws-secrets-manager: reachable: AWS Secrets Manager, as arn:aws:"));
    assert!(line.ends_with(" in eu-central-1"), "{line}");
    let entry = entry(&aws.ok(&["doctor", "--format", "json"]));
    assert_eq!(entry["reachable"], true);
    assert!(entry["caller"].as_str().unwrap().starts_with("arn:aws:"), "{entry}");
}

#[test]
fn why_it_is_not_reachable_is_shown_and_fails_only_where_it_is_the_default() {
    let aws = Aws::at("http://127.0.0.1:1");
    let ran = aws.run(&["doctor", "--format", "json"]);
    assert_eq!(ran.code, Some(6), "{ran:?}");
    let entry = entry(&ran);
    assert_eq!((&entry["reachable"], &entry["caller"]), (&false.into(), &Value::Null));
    assert!(entry["problem"].as_str().unwrap().contains("refused"), "{entry}");
    let beside = aws.command(&["doctor"]).output().unwrap();
    assert!(beside.status.success(), "{beside:?}");
}

#[test]
fn without_credentials_or_region_that_is_what_is_said() {
    let aws = Aws::at("http://127.0.0.1:1");
    let problem = |unset: &[&str]| {
        let mut command = aws.command(&["doctor", "--format", "json"]);
        unset.iter().for_each(|name| {
            command.env_remove(name);
        });
        let entry = entry(&Ran::of(command.output().unwrap()));
        entry["problem"].as_str().unwrap().to_owned()
    };
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    assert!(problem(&keys).contains("no AWS credentials"));
    assert!(problem(&["AWS_REGION"]).contains("no AWS region"));
}

#[test]
fn the_switch_that_makes_the_sdk_log_values_is_warned_of() {
    let aws = Aws::at("http://127.0.0.1:1");
    let warned = |value: &str| {
        let mut command = aws.command(&["doctor"]);
        let ran = Ran::of(command.env("LOG_SENSITIVE_BODIES", value).output().unwrap());
        ran.text().contains("\nwarning: LOG_SENSITIVE_BODIES=true makes")
    };
    assert!(warned("true") && warned("TRUE"));
    assert!(!warned("false") && !warned(""));
}

#[test]
fn a_caller_who_may_read_his_own_secrets_only_has_reached_aws() {
    let aws = Aws::at(who_may_nothing("arn:aws:iam::123456789012:user/reader"));
    let entry = entry(&aws.ok(&["doctor", "--format", "json"]));
    assert_eq!(entry["reachable"], true, "{entry}");
    assert_eq!(entry["caller"], "arn:aws:iam::123456789012:user/reader in eu-central-1");
}

/// The address of a server that tells everybody who they are, and permits nothing.
fn who_may_nothing(arn: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the test's process.
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            thread::spawn(move || answer(&mut connection, arn));
        }
    });
    url
}

fn answer(connection: &mut TcpStream, arn: &str) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        let header = line.to_lowercase();
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let identity = String::from_utf8_lossy(&body).contains("GetCallerIdentity");
    let (status, body) = if identity {
        let result = format!("<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>");
        ("200 OK", format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"))
    } else {
        ("400 Bad Request", r#"{"__type":"AccessDeniedException","Message":"no"}"#.to_owned())
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    connection.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
}

#[test]
fn an_endpoint_without_encryption_is_warned_of() {
    for (url, warnings) in [("http://0.0.0.0:1", 1), ("http://127.0.0.1:1", 0)] {
        let aws = Aws::at(url);
        let mut command = aws.command(&["check", "a", "b", "--backend", AWS]);
        let ran = Ran::of(command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap());
        assert_eq!(ran.code, Some(6), "{ran:?}");
        assert_eq!(ran.stderr.matches("without encryption").count(), warnings, "{ran:?}");
        assert_eq!(ran.stderr.matches(&format!("leads to {url} ")).count(), warnings, "{ran:?}");
    }
}
