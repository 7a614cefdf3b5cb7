//! Failures, and the errors that report them.

use std::{net::TcpListener, time::Duration};

use secrets_runtime::{Error, ErrorKind};
use secrets_tests::fault_server::{ACCOUNT, Fault, FaultServer};

use crate::setup::{at, aws, names, resolve, resolver};

fn help(error: &Error) -> &str {
    error.problems()[0].help().unwrap_or_default()
}

/// One source, and two in a batch.
const ONE_AND_TWO: [usize; 2] = [1, 2];

#[test]
fn an_item_fails_alone_and_says_why() {
    const MISSING: &str = "Secrets Manager can't find the specified secret.";
    const NO_VALUE: &str =
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
    const DELETED: &str =
        "You can't perform this operation on the secret because it was marked for deletion.";
    const NO_KMS: &str = "Access to KMS is not allowed.";
    const DENIED: &str = "User: arn:aws:iam::123456789012:user/u is not authorized to perform: secretsmanager:GetSecretValue on resource: kms-like";
    for (code, message, kind, wanted) in [
        ("ResourceNotFoundException", MISSING, ErrorKind::NotFound, "us-east-1 is its region"),
        ("ResourceNotFoundException", NO_VALUE, ErrorKind::NotFound, "put-secret-value"),
        ("AccessDeniedException", DENIED, ErrorKind::AccessDenied, "secretsmanager:GetSecretValue"),
        ("AccessDeniedException", NO_KMS, ErrorKind::DecryptionFailed, "kms:Decrypt"),
        ("DecryptionFailure", "", ErrorKind::DecryptionFailed, "kms:Decrypt"),
        ("KMSDisabledException", "", ErrorKind::DecryptionFailed, "enabled"),
        ("InvalidRequestException", DELETED, ErrorKind::Deleted, "restore-secret"),
        ("InvalidParameterException", "", ErrorKind::InvalidSource, "ARN"),
        ("ExpiredTokenException", "", ErrorKind::AccessDenied, "get-caller-identity"),
    ] {
        for count in ONE_AND_TWO {
            let server = FaultServer::start().with_many(count).refusing("s0", code, message);
            let error = resolve(&at(&server), &names(count)).unwrap_err();
            assert_eq!(error.problems().len(), 1, "{code}: {error}");
            assert_eq!(error.kind(), kind, "{code} {message}: {error}");
            assert_eq!(error.problems()[0].origin(), "s0");
            assert!(help(&error).contains(wanted), "{code} {message}: {error}");
            assert!(error.to_string().contains("us-east-1"), "{error}");
        }
    }
}

#[test]
fn every_bad_item_is_reported_at_once() {
    let server = FaultServer::start()
        .with_many(4)
        .refusing("s1", "AccessDeniedException", "")
        .refusing("s3", "DecryptionFailure", "");
    let error = resolve(&at(&server), &["s0", "s1", "s2", "s3", "gone"]).unwrap_err();
    let wanted: Vec<_> =
        error.problems().iter().map(|problem| (problem.origin(), problem.kind())).collect();
    let expected = [
        ("s1", ErrorKind::AccessDenied),
        ("s3", ErrorKind::DecryptionFailed),
        ("gone", ErrorKind::NotFound),
    ];
    assert_eq!(wanted, expected);
}

#[test]
fn a_transient_failure_is_tried_again() {
    for fault in [
        Fault::Code("ThrottlingException", "Rate exceeded"),
        Fault::Code("InternalServiceError", ""),
        Fault::Status(503, "<html></html>"),
        Fault::Cut,
    ] {
        let shown = format!("{fault:?}");
        let server = FaultServer::start().with_many(1).failing("GetSecretValue", 3, fault);
        assert!(resolve(&at(&server), &["s0"]).is_ok(), "{shown}");
        assert_eq!(server.counts()["GetSecretValue"], 4, "{shown}");
    }
}

#[test]
fn how_often_it_is_tried_can_be_set() {
    let fault = Fault::Code("InternalServiceError", "");
    let server = FaultServer::start().with_many(1).failing("GetSecretValue", 1, fault);
    let resolver = resolver(aws(&server.url).with_max_attempts(1));
    assert_eq!(resolve(&resolver, &["s0"]).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(server.counts()["GetSecretValue"], 1);
}

#[test]
fn a_lasting_failure_ends_within_the_timeout() {
    for (fault, kind) in [
        (Fault::Code("ThrottlingException", "Rate exceeded"), ErrorKind::Throttled),
        (Fault::Code("InternalServiceError", ""), ErrorKind::Unavailable),
        (Fault::Status(500, "oops"), ErrorKind::Unavailable),
        (Fault::Status(403, "<html>proxy</html>"), ErrorKind::AccessDenied),
        (Fault::Status(404, "<html>no such page</html>"), ErrorKind::Unavailable),
        (Fault::Stall, ErrorKind::Timeout),
        (Fault::Cut, ErrorKind::Unavailable),
        (Fault::NotJson, ErrorKind::Unavailable),
    ] {
        for count in ONE_AND_TWO {
            let server = FaultServer::start().with_many(2).failing("*", 1000, fault.clone());
            let aws =
                aws(&server.url).with_timeouts(Duration::from_millis(200), Duration::from_secs(2));
            let error = resolve(&resolver(aws), &names(count)).unwrap_err();
            // Some outlast the total limit, which is then what the error names.
            let late = error.kind() == ErrorKind::Timeout && kind.is_transient();
            assert!(error.kind() == kind || late, "{fault:?}: {error}");
            assert!(!help(&error).is_empty(), "{fault:?}: {error}");
            assert!(!error.to_string().contains("html"), "{error}");
        }
    }
}

#[test]
fn a_refused_connection_is_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let aws = aws(&format!("http://{closed}"))
        .with_timeouts(Duration::from_secs(1), Duration::from_secs(20));
    let error = resolve(&resolver(aws), &["s0"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert!(help(&error).contains("AWS_ENDPOINT_URL"), "{error}");
}

#[test]
fn an_answer_about_another_secret_is_an_error() {
    let arn = |account: &str, name: &str| {
        format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-x1Y2z3")
    };
    let own = arn(ACCOUNT, "s0");
    let partial = own[..own.len() - 7].to_owned();
    for id in ["s0", &own, &partial] {
        assert!(resolve(&at(&FaultServer::start().with_many(1)), &[id]).is_ok(), "{id}");
        let mut lies = vec![
            ("other", arn(ACCOUNT, "other")),
            ("other", own.clone()),
            ("s0", arn(ACCOUNT, "other")),
            ("s0", String::new()),
        ];
        if id != "s0" {
            lies.push(("s0", arn("999999999999", "s0")));
        }
        for (name, told) in lies {
            let start = || FaultServer::start().with_many(2).answering_as(id, name, &told);
            // Alone, in a batch, and where a batch is completed.
            let alone = resolve(&at(&start()), &[id]);
            let in_batch = resolve(&at(&start()), &[id, "s1"]);
            let completed = resolve(&at(&start().leaving_out(id)), &[id, "s1"]);
            for error in [alone, in_batch, completed].map(Result::unwrap_err) {
                assert_eq!(error.problems().len(), 1, "{id} {name} {told}: {error}");
                assert_eq!(error.problems()[0].origin(), id);
                assert!(error.to_string().contains("AWS returned another secret"), "{error}");
                assert!(!error.to_string().contains("SeNtInEl"));
            }
        }
    }
}

#[test]
fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    for announced in [true, false] {
        for count in ONE_AND_TWO {
            let fault = Fault::Endless { announced };
            let server = FaultServer::start().with_many(2).failing("*", 1000, fault);
            let error = resolve(&at(&server), &names(count)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.to_string().contains("answer of more than"), "{error}");
            let asked: usize = server.counts().values().sum();
            assert_eq!(asked, 1, "it is not asked again, announced: {announced}");
        }
    }
}

#[test]
fn what_aws_says_is_shown_as_it_is_and_on_one_line() {
    let said = "Secrets Manager can't find it\u{1b}[2J\nso";
    let server =
        FaultServer::start().refusing("s0", "ResourceNotFoundException", said).with_many(1);
    let text = resolve(&at(&server), &["s0"]).unwrap_err().to_string();
    assert!(text.contains("can't find it\\u{1b}[2J\\nso"), "{text}");
}

#[test]
fn one_slow_region_does_not_take_the_others_with_it() {
    let server = FaultServer::start().with_many(1);
    let silent = FaultServer::start().failing("*", 1000, Fault::Stall);
    // Both at one address: the fault is by region there, so two backends stand for two regions.
    let fast = resolver(aws(&server.url));
    let slow = resolver(
        aws(&silent.url).with_timeouts(Duration::from_millis(100), Duration::from_millis(500)),
    );
    assert!(resolve(&fast, &["s0"]).is_ok());
    assert_eq!(resolve(&slow, &["s0"]).unwrap_err().kind(), ErrorKind::Timeout);
    assert!(resolve(&fast, &["s0"]).is_ok());
}

#[test]
fn a_name_that_ends_like_an_arn_is_explained() {
    let server = FaultServer::start().with("us-east-1", "db", "{}");
    let by_name = resolve(&at(&server), &["db-x1Y2z3"]).unwrap_err();
    assert!(help(&by_name).contains("the name is `db`"), "{by_name}");
    let arn = server.arn("us-east-1", "db").replace("x1Y2z3", "abcdef");
    let by_arn = resolve(&at(&server), &[arn]).unwrap_err();
    assert!(help(&by_arn).contains("the end of a full ARN"), "{by_arn}");
}
