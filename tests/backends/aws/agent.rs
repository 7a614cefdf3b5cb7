//! AWS through an agent on this machine: against a stub of the agents, which asks a test's server for AWS.

use std::{fs, time::Duration};

use secrets_runtime::{
    Declaration, DeclarationBuilder, Error, ErrorKind, Resolver, ResolverBuilder, Secrets,
    settings::variables,
};
use secrets_tests::{
    agent_stub::{Agent, AgentStub, TOKEN},
    fault_server::FaultServer,
    http::server,
};
use serde_json::json;

use crate::{
    child::{self, Outcome},
    wire,
};

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";

fn builder(stub: &AgentStub) -> ResolverBuilder {
    Resolver::builder()
        .setting(&variables::AWS_TRANSPORT, "agent")
        .setting(&variables::AWS_AGENT_PORT, stub.port())
        .setting(&variables::AWS_TOKEN, TOKEN)
        .default_backend("aws-secrets-manager")
        .cache_ttl(Duration::ZERO)
}

fn declared(sources: &[&str]) -> DeclarationBuilder {
    sources.iter().fold(Declaration::builder("step"), |step, source| step.source(source).unwrap())
}

fn resolve(stub: &AgentStub, sources: &[&str]) -> Result<Secrets, Error> {
    let resolver = builder(stub).build().unwrap();
    Ok(resolver.resolve_blocking(&declared(sources).build())?.secrets)
}

fn stub(agent: Agent) -> (FaultServer, AgentStub) {
    let server = FaultServer::start()
        .with("us-east-1", "db", r#"{"user": "app", "password": "SeNtInEl-db"}"#)
        .with("us-east-1", "plain", "SeNtInEl-plain")
        .with("us-east-1", "/prod/token", "SeNtInEl-parameter");
    let stub = AgentStub::start(agent, &server.url);
    (server, stub)
}

fn query(stub: &AgentStub, place: usize) -> Vec<(String, String)> {
    stub.requests()[place].query.clone()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn the_same_sources_are_read_by_each_agent() {
    for agent in
        [Agent::SecretsManagerAgent, Agent::WorkloadCredentialsProvider, Agent::LambdaExtension]
    {
        let (server, stub) = stub(agent);
        let arn = server.arn("us-east-1", "db");
        let plain = r#"{"id": "plain", "options": {"json": false}, "group": "p"}"#;
        let secrets = resolve(&stub, &["db", &arn, plain]).unwrap();
        for group in ["db", &arn] {
            let password = secrets.get(group, "password").unwrap();
            assert_eq!(password.expose_str().unwrap(), "SeNtInEl-db", "{agent:?}");
        }
        assert_eq!(secrets.get("p", "plain").unwrap().expose_str().unwrap(), "SeNtInEl-plain");
        assert_eq!(secrets.provenance("db").unwrap().version(), Some("v1"));
        let requests = stub.requests();
        assert!(requests.iter().all(|it| it.path == "/secretsmanager/get" && it.has_token));
        let mut asked: Vec<_> = requests.iter().map(|it| it.query.clone()).collect();
        asked.sort();
        let expected = [arn.as_str(), "db", "plain"].map(|id| vec![pair("secretId", id)]);
        assert_eq!(asked, expected, "{agent:?}");
    }
}

#[test]
fn a_version_is_passed_on_and_its_answer_is_checked() {
    let (_, stub) = stub(Agent::SecretsManagerAgent);
    let source = r#"{"id": "db", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    resolve(&stub, &[source]).unwrap();
    assert_eq!(query(&stub, 0), [pair("secretId", "db"), pair("versionStage", "AWSPREVIOUS")]);
    let source = r#"{"id": "db", "options": {"version_id": "other"}}"#;
    let error = resolve(&stub, &[source]).unwrap_err();
    assert_eq!(query(&stub, 1), [pair("secretId", "db"), pair("versionId", "other")]);
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn one_that_starts_is_asked_again_within_the_time() {
    let (_, stub) = stub(Agent::LambdaExtension);
    let stub = stub.starting(6);
    resolve(&stub, &["db"]).unwrap();
    assert_eq!(stub.requests().len(), 7);
    let stub = stub.starting(usize::MAX);
    // The last pause that fits leaves the last request almost a second.
    let builder = builder(&stub).setting(&variables::TIMEOUT, "2.5");
    let error = builder.build().unwrap().resolve_blocking(&declared(&["db"]).build()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("still starting"), "{error}");
}

#[test]
fn the_token_may_be_in_a_file_which_is_read_each_time() {
    let (_, stub) = stub(Agent::SecretsManagerAgent);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let builder =
        builder(&stub).setting(&variables::AWS_TOKEN, format!("file://{}", file.display()));
    let resolver = builder.build().unwrap();
    let step = declared(&["db"]).build();
    let error = resolver.resolve_blocking(&step).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    fs::write(&file, "SeNtInEl-wrong\n").unwrap();
    let error = resolver.resolve_blocking(&step).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    let text = format!("{error} {error:?} {resolver:?}");
    assert!(text.contains("AWS_TOKEN") && !text.contains("SeNtInEl"), "{text}");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    resolver.resolve_blocking(&step).unwrap();
    fs::write(&file, "").unwrap();
    assert!(resolver.resolve_blocking(&step).unwrap_err().to_string().contains("is empty"));
}

#[test]
fn the_variables_of_lambda_are_enough() {
    let (_, stub) = stub(Agent::LambdaExtension);
    let port = stub.port();
    for name in ["AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
        let outcome = child::resolve(
            &json!({ "sources": ["aws-secrets-manager.db"] }),
            &[
                ("SECRETS_AWS_TRANSPORT", "agent"),
                ("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", &port),
                ("HTTP_PROXY", "http://127.0.0.1:1"),
                (name, TOKEN),
            ],
        );
        assert!(matches!(outcome, Outcome::Variables(_)), "{name}: {outcome:?}");
    }
}

#[test]
fn a_role_is_passed_on_to_an_agent_that_assumes_roles() {
    let (server, stub) = stub(Agent::WorkloadCredentialsProvider);
    let resolver = builder(&stub).build().unwrap();
    let step = declared(&["db", "plain"]).role(ROLE);
    let plain = r#"{"id": "plain", "options": {"json": false}, "group": "p"}"#;
    let step = step.unwrap().build();
    let error = resolver.resolve_blocking(&step).unwrap_err();
    // Only because the plain one is not JSON.
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Undecodable, 1), "{error}");
    let step = declared(&["db", plain]).role(ROLE).unwrap().build();
    resolver.resolve_blocking(&step).unwrap();
    let seen = server.seen();
    let reads: Vec<_> = seen.iter().filter(|seen| seen.action == "GetSecretValue").collect();
    assert!(reads.iter().all(|seen| seen.access_key == "KEY-Reader"), "{reads:?}");
    // Whether it knows roles is found out once.
    let probes = stub.requests();
    let probes = probes.iter().filter(|it| it.query.contains(&pair("roleArn", "none")));
    assert_eq!(probes.count(), 1);
}

#[test]
fn elsewhere_a_role_is_not_supported_and_nothing_is_read() {
    for agent in [Agent::SecretsManagerAgent, Agent::LambdaExtension] {
        let (server, stub) = stub(agent);
        let resolver = builder(&stub).build().unwrap();
        let step = declared(&["db", "ssm./prod/token"]).role(ROLE).unwrap().build();
        let error = resolver.resolve_blocking(&step).unwrap_err();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::NotSupported, 2), "{error}");
        assert!(error.to_string().contains(ROLE), "{error}");
        let ids: Vec<_> = server.seen().into_iter().flat_map(|seen| seen.ids).collect();
        assert!(!ids.contains(&"db".to_owned()), "{agent:?}: {ids:?}");
    }
}

#[test]
fn a_refused_role_is_named() {
    use secrets_tests::fault_server::Fault;
    let server = FaultServer::start().failing("AssumeRole", 9, Fault::Code("AccessDenied", "no"));
    let stub = AgentStub::start(Agent::WorkloadCredentialsProvider, &server.url);
    let step = declared(&["db"]).role(ROLE).unwrap().build();
    let error = builder(&stub).build().unwrap().resolve_blocking(&step).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RoleDenied, "{error}");
    assert!(error.to_string().contains(ROLE), "{error}");
}

#[test]
fn the_lambda_extension_reads_parameters_and_no_other_does() {
    let (_, stub) = stub(Agent::LambdaExtension);
    let secrets = resolve(&stub, &["ssm./prod/token"]).unwrap();
    let value = secrets.get("/prod/token", "_prod_token").unwrap();
    assert_eq!(value.expose_str().unwrap(), "SeNtInEl-parameter");
    for (id, name, selector) in
        [("/prod/token:3", "version", "3"), ("/prod/token:live", "label", "live")]
    {
        resolve(&stub, &[&format!("ssm.{id}")]).unwrap();
        let last = stub.requests().pop().unwrap();
        assert_eq!(last.path, "/systemsmanager/parameters/get");
        let expected =
            [pair("name", "/prod/token"), pair("withDecryption", "true"), pair(name, selector)];
        assert_eq!(last.query, expected);
    }
    let error = resolve(&stub, &["ssm./prod/*"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    let error = resolve(&stub, &["ssm./prod/none"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    for agent in [Agent::SecretsManagerAgent, Agent::WorkloadCredentialsProvider] {
        let (_, stub) = self::stub(agent);
        let error = resolve(&stub, &["ssm./prod/token"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
        assert!(error.problems()[0].help().unwrap().contains("Lambda extension"), "{error}");
    }
}

#[test]
fn errors_of_aws_and_of_the_agent_are_told_apart() {
    for agent in [Agent::SecretsManagerAgent, Agent::LambdaExtension] {
        for (code, message, kind) in [
            ("ResourceNotFoundException", "can't find it", ErrorKind::NotFound),
            ("AccessDeniedException", "no", ErrorKind::AccessDenied),
            (
                "AccessDeniedException",
                "not authorized to perform: kms:Decrypt",
                ErrorKind::DecryptionFailed,
            ),
            ("InvalidRequestException", "marked for deletion", ErrorKind::Deleted),
            ("ExpiredTokenException", "", ErrorKind::AccessDenied),
        ] {
            let (server, _) = stub(agent);
            let server = server.refusing("db", code, message);
            let stub = AgentStub::start(agent, &server.url);
            let error = resolve(&stub, &["db"]).unwrap_err();
            assert_eq!(error.kind(), kind, "{agent:?}: {error}");
            assert!(error.problems()[0].help().is_some(), "{error}");
        }
    }
    for (status, body, kind) in [
        (403, "Bad Token", ErrorKind::AccessDenied),
        (429, "Connection limit exceeded", ErrorKind::Throttled),
        (500, r#"{"__type":"InternalFailure"}"#, ErrorKind::Unavailable),
        (504, r#"{"__type":"TimeoutError", "message":"Timeout"}"#, ErrorKind::Timeout),
        (502, "", ErrorKind::Unavailable),
        (404, "Not found", ErrorKind::NotSupported),
        (400, r#"{"__type":"MaxRolesExceeded","message":"x"}"#, ErrorKind::NotSupported),
        // Whatever listens there may repeat the token.
        (
            400,
            r#"{"__type":"AccessDeniedException","message":"SeNtInEl"}"#,
            ErrorKind::AccessDenied,
        ),
        (400, r#"{"code":"SeNtInEl","message":"SeNtInEl"}"#, ErrorKind::Unavailable),
        (400, "AccessDeniedException: SeNtInEl", ErrorKind::AccessDenied),
        (200, "<html>SeNtInEl", ErrorKind::Unavailable),
        (
            200,
            r#"{"Name":"other","ARN":"x","VersionId":"v","SecretString":"SeNtInEl"}"#,
            ErrorKind::Unavailable,
        ),
        (
            200,
            r#"{"Name":"db","ARN":"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-x1Y2z3","VersionId":"v"}"#,
            ErrorKind::NotFound,
        ),
    ] {
        let (_, stub) = stub(Agent::SecretsManagerAgent);
        let stub = (0..4).fold(stub, |stub, _| stub.answering(status, body));
        let error = resolve(&stub, &["db"]).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert!(!error.to_string().contains("SeNtInEl"), "{status} {body}");
    }
}

#[test]
fn what_passes_is_tried_again() {
    for (status, body) in [(429, "Connection limit exceeded"), (500, "x"), (502, "")] {
        let (_, stub) = stub(Agent::SecretsManagerAgent);
        let stub = stub.answering(status, body).answering(status, body);
        resolve(&stub, &["db"]).unwrap();
        assert_eq!(stub.requests().len(), 3);
    }
}

#[test]
fn a_refresh_asks_the_agent_to_ask_aws() {
    for (agent, requests) in [(Agent::WorkloadCredentialsProvider, 2), (Agent::LambdaExtension, 2)]
    {
        let (_, stub) = stub(agent);
        let resolver = builder(&stub).cache_ttl(Duration::from_secs(60)).build().unwrap();
        let step = declared(&["db"]).build();
        let context = resolver.resolve_blocking(&step).unwrap();
        context.secrets.refresh_blocking("db").unwrap();
        assert_eq!(stub.requests().len(), requests, "{agent:?}");
        assert_eq!(query(&stub, 0), [pair("secretId", "db")]);
        assert_eq!(query(&stub, 1), [pair("secretId", "db"), pair("refreshNow", "true")]);
    }
    // An older agent does not know the parameter.
    let (_, stub) = stub(Agent::SecretsManagerAgent);
    let stub = stub.answering(
        200,
        &json!({
            "Name": "db", "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-x1Y2z3",
            "VersionId": "v1", "SecretString": "{}", "CreatedDate": "1569534789.046"
        })
        .to_string(),
    );
    let stub = stub.answering(400, "unknown parameter: refreshNow");
    let resolver = builder(&stub).cache_ttl(Duration::from_secs(60)).build().unwrap();
    let context = resolver.resolve_blocking(&declared(&["db"]).build()).unwrap();
    let refreshed = context.secrets.refresh_blocking("db").unwrap();
    assert!(refreshed.get("db", "password").is_ok());
    assert_eq!(query(&stub, 2), [pair("secretId", "db")]);
}

#[test]
fn an_agent_of_another_region_is_an_error() {
    let (_, stub) = stub(Agent::SecretsManagerAgent);
    let source = r#"{"id": "db", "options": {"region": "eu-west-1"}}"#;
    for (builder, source) in [
        (builder(&stub), source),
        (builder(&stub).setting(&variables::AWS_REGION, "eu-west-1"), "db"),
    ] {
        let step = declared(&[source]).build();
        let error = builder.build().unwrap().resolve_blocking(&step).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        let text = error.to_string();
        assert!(text.contains("us-east-1") && text.contains("eu-west-1"), "{text}");
    }
}

#[test]
fn a_cached_secret_of_another_region_is_not_that_of_the_agent() {
    let (_, stub) = stub(Agent::SecretsManagerAgent);
    let builder = builder(&stub).setting(&variables::AWS_REGION, "eu-west-1");
    let resolver = builder.cache_ttl(Duration::from_secs(60)).build().unwrap();
    let there = r#"{"id": "db", "options": {"region": "us-east-1"}}"#;
    resolver.resolve_blocking(&declared(&[there]).build()).unwrap();
    let error = resolver.resolve_blocking(&declared(&["db"]).build()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    // Where the region is what is wanted, one answer is enough.
    resolver.resolve_blocking(&declared(&[there]).build()).unwrap();
    assert_eq!(stub.requests().len(), 2);
}

#[test]
fn without_an_agent_the_error_says_so() {
    // A port on which nothing listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let builder = Resolver::builder()
        .setting(&variables::AWS_TRANSPORT, "agent")
        .setting(&variables::AWS_AGENT_PORT, &port)
        .setting(&variables::AWS_TOKEN, TOKEN);
    let step = declared(&["aws-secrets-manager.db"]).build();
    let error = builder.build().unwrap().resolve_blocking(&step).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let text = error.to_string();
    let place = format!("http://127.0.0.1:{port}");
    assert!(text.contains(&place) && text.contains("SECRETS_AWS_TRANSPORT"), "{text}");
}

#[test]
fn moto_is_read_by_each_agent() {
    let Some(url) = server("SECRETS_TEST_MOTO_URL") else { return };
    let name = format!("agent/{}", std::process::id());
    let value = r#"{"k": "SeNtInEl"}"#;
    let input = json!({ "Name": name, "SecretString": value });
    wire::call(&url, "us-east-1", "CreateSecret", &input).unwrap();
    let parameter = format!("/{name}");
    let input = json!({ "Name": parameter, "Value": "SeNtInEl", "Type": "SecureString" });
    wire::parameters(&url, "us-east-1", "PutParameter", &input);
    for agent in
        [Agent::SecretsManagerAgent, Agent::WorkloadCredentialsProvider, Agent::LambdaExtension]
    {
        let stub = AgentStub::start(agent, &url);
        let secrets = resolve(&stub, &[&name]).unwrap();
        assert_eq!(secrets.get(&name, "k").unwrap().expose_str().unwrap(), "SeNtInEl");
        let error = resolve(&stub, &[&format!("{name}/none")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    let stub = AgentStub::start(Agent::LambdaExtension, &url);
    let secrets = resolve(&stub, &[&format!("ssm.{parameter}")]).unwrap();
    let variable = parameter.replace('/', "_");
    assert_eq!(secrets.get(&parameter, &variable).unwrap().expose_str().unwrap(), "SeNtInEl");
    let step = declared(&[&name]).role("arn:aws:iam::123456789012:role/Reader").unwrap().build();
    let stub = AgentStub::start(Agent::WorkloadCredentialsProvider, &url);
    builder(&stub).build().unwrap().resolve_blocking(&step).unwrap();
}
