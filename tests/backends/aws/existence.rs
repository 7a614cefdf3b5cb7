//! Whether a secret exists is found out without reading its value.

use secrets_runtime::{
    Backend, Declaration, ErrorKind, FetchRequest, Options, ValidationLevel, config::Format,
};
use secrets_tests::fault_server::FaultServer;

use crate::setup::{at, aws};

#[test]
fn describes_and_never_reads() {
    let server = FaultServer::start().with_many(3).refusing("s2", "AccessDeniedException", "no");
    let mut previous = Options::default();
    previous.version_stage = Some("AWSPREVIOUS".to_owned());
    let options = Options::default();
    let requests = [
        FetchRequest::new("s0", &options),
        FetchRequest::new("missing", &options),
        FetchRequest::new("s1", &previous),
        FetchRequest::new("s2", &options),
        FetchRequest::new("s1", &options).with_key("v1"),
    ];
    let aws = aws(&server.url);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answers = runtime.block_on(aws.exists(&requests));
    let kinds: Vec<_> = answers.into_iter().map(|a| a.map_err(|error| error.kind())).collect();
    let expected = [Ok(true), Ok(false), Ok(false), Err(ErrorKind::AccessDenied), Ok(true)];
    assert_eq!(kinds, expected);
    assert_eq!(server.counts().into_keys().collect::<Vec<_>>(), ["DescribeSecret"]);
}

#[test]
fn a_validation_of_existence_reads_no_value() {
    let server = FaultServer::start().with_many(3);
    let resolver = at(&server);
    let text = "a = '{{s0.v0}}'\nb = '{{s1.nope}}'\nc = '{{missing.k}}'";
    let declaration = Declaration::builder("check")
        .source("s2")
        .and_then(|builder| builder.request("s0", "v0"))
        .and_then(|builder| builder.config(text, Format::Toml))
        .unwrap()
        .build();
    let report = resolver.validate_blocking(ValidationLevel::SecretExists, &declaration);
    let kinds: Vec<_> = report.problems().iter().map(|p| (p.kind(), p.origin())).collect();
    assert_eq!(kinds, [(ErrorKind::NotFound, "missing")]);
    let place = "there is no such secret in AWS Secrets Manager in us-east-1";
    assert_eq!(report.problems()[0].message(), place);
    assert_eq!(server.counts().into_keys().collect::<Vec<_>>(), ["DescribeSecret"]);
    server.forget();
    let report = resolver.validate_blocking(ValidationLevel::SecretAndKeyExists, &declaration);
    assert_eq!(report.problems().len(), 2, "{report:?}");
    assert!(!server.counts().contains_key("DescribeSecret"));
}
