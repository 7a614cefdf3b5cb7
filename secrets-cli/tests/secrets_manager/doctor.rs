//! What `secrets doctor` reports about AWS.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::Value;

use crate::{
    secrets_manager::aws_sandbox::{AWS, AwsSandbox},
    support::CliOutput,
};

/// Returns the entry of AWS Secrets Manager in the JSON of `doctor`.
fn entry(result: &CliOutput) -> Value {
    entry_of(AWS, result)
}

fn entry_of(kind: &str, result: &CliOutput) -> Value {
    let page: Value = serde_json::from_slice(&result.stdout).unwrap();
    let mut entries = page["backends"].as_array().unwrap().iter();
    entries.find(|entry| entry["type"] == kind).unwrap().clone()
}

#[test]
fn the_caller_and_the_region_are_shown() {
    let Some(aws) = AwsSandbox::at_moto() else { return };
    let shown = aws.ok(&["doctor"]).text();
    let line = shown.lines().find(|line| line.starts_with("* ")).unwrap();
    assert!(line.starts_with("* aws-secrets-manager: reachable: AWS Secrets Manager, as arn:aws:"));
    assert!(line.ends_with(" in eu-central-1"), "{line}");
    let result = aws.ok(&["doctor", "--format", "json"]);
    for kind in [AWS, "ssm"] {
        let entry = entry_of(kind, &result);
        assert_eq!(entry["reachable"], true);
        assert!(entry["caller"].as_str().unwrap().starts_with("arn:aws:"), "{entry}");
    }
}

#[test]
fn why_it_is_not_reachable_is_shown_and_fails_only_where_it_is_the_default() {
    let aws = AwsSandbox::at("http://127.0.0.1:1");
    let result = aws.run(&["doctor", "--format", "json"]);
    assert_eq!(result.code, Some(6), "{result:?}");
    let entry = entry(&result);
    assert_eq!((&entry["reachable"], &entry["caller"]), (&false.into(), &Value::Null));
    assert!(entry["problem"].as_str().unwrap().contains("refused"), "{entry}");
    let beside = aws.command(&["doctor"]).output().unwrap();
    assert!(beside.status.success(), "{beside:?}");
}

#[test]
fn missing_credentials_and_a_missing_region_are_reported() {
    let aws = AwsSandbox::at("http://127.0.0.1:1");
    let problem = |unset: &[&str]| {
        let mut command = aws.command(&["doctor", "--format", "json"]);
        unset.iter().for_each(|name| {
            command.env_remove(name);
        });
        let entry = entry(&CliOutput::new(command.output().unwrap()));
        entry["problem"].as_str().unwrap().to_owned()
    };
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    assert!(problem(&keys).contains("no AWS credentials"));
    assert!(problem(&["AWS_REGION"]).contains("no AWS region"));
}

#[test]
fn an_agent_is_asked_with_its_token() {
    let aws = AwsSandbox::at("http://127.0.0.1:1");
    let run = |port: &str, token: &str| {
        let mut command = aws.command(&["doctor", "--format", "json", "--backend", AWS]);
        command.env("SECRETS_AWS_TRANSPORT", "agent").env("AWS_TOKEN", token);
        command.env("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", port);
        CliOutput::new(command.output().unwrap())
    };
    // It denies everything, as AWS does to one who may read certain secrets only.
    let url = start_denying_server("");
    let port = url.rsplit(':').next().unwrap();
    let entry = entry(&run(port, "SeNtInEl"));
    assert_eq!(entry["reachable"], true, "{entry}");
    assert!(entry["place"].as_str().unwrap().contains(&format!("127.0.0.1:{port}")), "{entry}");
    let result = run("1", "SeNtInEl");
    assert_eq!(result.code, Some(6), "{result:?}");
    assert!(!format!("{result:?}").contains("SeNtInEl"));
}

#[test]
fn a_warning_names_the_switch_that_makes_the_sdk_log_values() {
    let aws = AwsSandbox::at("http://127.0.0.1:1");
    let warned = |value: &str| {
        let mut command = aws.command(&["doctor"]);
        let result = CliOutput::new(command.env("LOG_SENSITIVE_BODIES", value).output().unwrap());
        result.text().contains("\nwarning: LOG_SENSITIVE_BODIES=true makes")
    };
    assert!(warned("true") && warned("TRUE"));
    assert!(!warned("false") && !warned(""));
}

#[test]
fn aws_is_reachable_for_a_caller_who_may_read_certain_secrets_only() {
    let aws = AwsSandbox::at(start_denying_server("arn:aws:iam::123456789012:user/reader"));
    let entry = entry(&aws.ok(&["doctor", "--format", "json"]));
    assert_eq!(entry["reachable"], true, "{entry}");
    assert_eq!(entry["caller"], "arn:aws:iam::123456789012:user/reader in eu-central-1");
}

/// Starts a server that answers GetCallerIdentity and denies everything else. Returns its address.
fn start_denying_server(arn: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process of the test.
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
fn an_endpoint_without_encryption_causes_a_warning() {
    for (url, warnings) in [("http://0.0.0.0:1", 1), ("http://127.0.0.1:1", 0)] {
        let aws = AwsSandbox::at(url);
        let mut command = aws.command(&["check", "a", "b", "--backend", AWS]);
        let result = CliOutput::new(command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap());
        assert_eq!(result.code, Some(6), "{result:?}");
        assert_eq!(result.stderr.matches("without encryption").count(), warnings, "{result:?}");
        assert_eq!(
            result.stderr.matches(&format!("leads to {url} ")).count(),
            warnings,
            "{result:?}"
        );
    }
}
