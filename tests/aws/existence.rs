//! Existence is told without reading a value.

use secrets_runtime::{Backend, ErrorKind, FetchRequest, Options};

use crate::{fault_server::FaultServer, setup::aws};

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
    let told: Vec<_> = answers.into_iter().map(|a| a.map_err(|error| error.kind())).collect();
    let expected = [Ok(true), Ok(false), Ok(false), Err(ErrorKind::AccessDenied), Ok(true)];
    assert_eq!(told, expected);
    assert_eq!(server.counts().into_keys().collect::<Vec<_>>(), ["DescribeSecret"]);
}
