//! The backend `ssm`: parameters of a small server that fails on demand.

use std::time::Duration;

use secrets_runtime::{
    Backend, Declaration, Error, ErrorKind, FetchRequest, Resolver, Secrets, ValidationLevel,
    backends::ParameterStore,
    conformance::{Subject, check_reading_blocking},
};
use secrets_tests::fault_server::{Fault, FaultServer};

use crate::setup::aws;

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";
const ARN: &str = "arn:aws:ssm:us-east-1:123456789012:parameter";

fn store(server: &FaultServer) -> ParameterStore {
    aws(&server.url).parameter_store()
}

fn resolver(server: &FaultServer) -> Resolver {
    let builder = Resolver::builder().backend(store(server)).default_backend("ssm");
    builder.cache_ttl(Duration::ZERO).build().unwrap()
}

fn resolve(server: &FaultServer, sources: &[&str]) -> Result<Secrets, Error> {
    resolve_in(server, sources, "")
}

fn resolve_in(server: &FaultServer, sources: &[&str], role: &str) -> Result<Secrets, Error> {
    let mut declaration = Declaration::builder("step").role(role)?;
    for source in sources {
        declaration = declaration.source(&format!("ssm.{source}"))?;
    }
    Ok(resolver(server).resolve_blocking(&declaration.build())?.secrets)
}

fn many(count: usize) -> (FaultServer, Vec<String>) {
    let names: Vec<String> = (0..count).map(|n| format!("/many/p{n}")).collect();
    let add = |server: FaultServer, (n, name): (usize, &String)| {
        server.with("us-east-1", name, &format!("SeNtInEl-{n}"))
    };
    (names.iter().enumerate().fold(FaultServer::start(), add), names)
}

fn value(secrets: &Secrets, group: &str) -> String {
    let variable = group.replace(['/', '-', '.'], "_");
    secrets.get(group, &variable).unwrap().expose_str().unwrap().to_owned()
}

#[test]
fn ten_parameters_are_one_request_and_all_requests_are_sent_at_once() {
    for (count, requests) in [(1, 1), (10, 1), (11, 2), (95, 10)] {
        let (server, names) = many(count);
        let server = server.together(requests);
        let sources: Vec<&str> = names.iter().map(String::as_str).collect();
        let secrets = resolve(&server, &sources).unwrap();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(value(&secrets, name), format!("SeNtInEl-{n}"));
        }
        assert_eq!(server.counts()["GetParameters"], requests);
        let seen = server.seen();
        assert!(seen.iter().all(|seen| seen.body.contains(r#""WithDecryption":true"#)), "{seen:?}");
        assert!(seen.iter().all(|seen| seen.region == "us-east-1" && seen.access_key == "CALLER"));
    }
}

#[test]
fn a_parameter_is_one_plain_value_unless_it_is_said_to_be_json() {
    let json = r#"{"user": "app", "password": "SeNtInEl"}"#;
    let server = FaultServer::start().with("us-east-1", "db", json).with(
        "us-east-1",
        "hosts",
        "a.example,b.example",
    );
    let secrets = resolve(&server, &["db", "hosts"]).unwrap();
    assert_eq!(value(&secrets, "db"), json);
    // A `StringList`.
    assert_eq!(value(&secrets, "hosts"), "a.example,b.example");
    let source = r#"{"type": "ssm", "id": "db", "options": {"json": true}}"#;
    let declaration = Declaration::builder("step").source(source).unwrap();
    let declaration = declaration.request("db", "password").unwrap().build();
    let secrets = resolver(&server).resolve_blocking(&declaration).unwrap().secrets;
    assert_eq!(secrets.get("db", "user").unwrap().expose_str().unwrap(), "app");
    assert_eq!(secrets.get("db", "password").unwrap().expose_str().unwrap(), "SeNtInEl");
    assert_eq!(secrets.provenance("db").unwrap().version(), Some("3"));
}

#[test]
fn a_version_and_a_label_are_asked_for_with_the_name() {
    let server = FaultServer::start().with("us-east-1", "/prod/db", "SeNtInEl");
    let sources = ["/prod/db", "/prod/db:3", "/prod/db:live"].map(|id| {
        format!(
            r#"{{"type": "ssm", "id": "{id}", "group": "{}", "options": {{"env_var_name": "V"}}}}"#,
            id.replace(['/', ':'], "-")
        )
    });
    let declaration = sources.iter().fold(Declaration::builder("step"), |declaration, source| {
        declaration.source(source).unwrap()
    });
    let secrets = resolver(&server).resolve_blocking(&declaration.build()).unwrap().secrets;
    for group in ["-prod-db", "-prod-db-3", "-prod-db-live"] {
        assert_eq!(secrets.get(group, "V").unwrap().expose_str().unwrap(), "SeNtInEl");
    }
    // Two versions of one parameter are not in one request.
    assert_eq!(server.counts()["GetParameters"], 3);
    let error = resolve(&server, &["/prod/db:4"]);
    assert!(error.is_ok(), "the server has every version");
}

#[test]
fn a_path_is_a_set_whose_fields_are_directly_below_it() {
    let names = (0..23).map(|n| format!("/prod/db/k{n}"));
    let add = |server: FaultServer, name: String| server.with("us-east-1", &name, "SeNtInEl");
    let server = names.fold(FaultServer::start(), add);
    let server = server.with("us-east-1", "/prod/db/further/down", "SeNtInEl").with(
        "us-east-1",
        "/prod/dbx",
        "SeNtInEl",
    );
    let secrets = resolve(&server, &["/prod/db/*"]).unwrap();
    for n in 0..23 {
        let value = secrets.get("/prod/db/*", &format!("k{n}")).unwrap();
        assert_eq!(value.expose_str().unwrap(), "SeNtInEl");
    }
    for key in ["down", "further", "dbx"] {
        let error = secrets.get("/prod/db/*", key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyNotFound);
    }
    assert_eq!(
        server.counts().into_iter().collect::<Vec<_>>(),
        [("GetParametersByPath".into(), 3)]
    );
    assert!(server.seen()[0].body.contains(r#""Path":"/prod/db","Recursive":false"#));
    let error = resolve(&server, &["/empty/*"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("`/empty/*`"), "{error}");
}

#[test]
fn each_missing_parameter_is_a_problem_of_its_own() {
    let (server, names) = many(2);
    let sources = [names[0].as_str(), "/no/a", names[1].as_str(), "no-b:7"];
    let error = resolve(&server, &sources).unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|it| (it.kind(), it.origin())).collect();
    let missing = ErrorKind::NotFound;
    assert_eq!(kinds, [(missing, "ssm./no/a"), (missing, "ssm.no-b:7")]);
    assert_eq!(server.counts()["GetParameters"], 1);
    let help = error.problems()[1].help().unwrap();
    assert!(help.contains("version or label") && help.contains("us-east-1"), "{help}");
}

#[test]
fn one_that_is_not_permitted_does_not_take_the_others_along() {
    for (code, message, kind, help) in [
        (
            "AccessDeniedException",
            "not authorized to perform: ssm:GetParameters",
            ErrorKind::AccessDenied,
            "ssm:GetParameters",
        ),
        (
            "AccessDeniedException",
            "not authorized to perform: kms:Decrypt",
            ErrorKind::DecryptionFailed,
            "kms:Decrypt",
        ),
        ("InvalidKeyId", "the key is disabled", ErrorKind::DecryptionFailed, "kms:Decrypt"),
        ("ValidationException", "no such name", ErrorKind::InvalidSource, "a parameter's name"),
    ] {
        let (server, names) = many(3);
        let server = server.refusing(&names[1], code, message);
        let sources: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = resolve(&server, &sources).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        let problem = &error.problems()[0];
        assert_eq!((problem.kind(), problem.origin()), (kind, "ssm./many/p1"));
        assert!(problem.help().unwrap().contains(help), "{error}");
        // The three at once, and then each.
        assert_eq!(server.counts()["GetParameters"], 4);
    }
    let server = FaultServer::start().refusing("/prod", "AccessDeniedException", "no");
    let error = resolve(&server, &["/prod/*"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.to_string().contains("ssm:GetParametersByPath"), "{error}");
}

#[test]
fn faults_are_told_apart_and_passing_ones_are_tried_again() {
    for (fault, kind) in [
        (Fault::Code("ThrottlingException", "Rate exceeded"), ErrorKind::Throttled),
        (Fault::Code("InternalServerError", ""), ErrorKind::Unavailable),
        (Fault::Status(500, "<html>"), ErrorKind::Unavailable),
        (Fault::Code("ExpiredTokenException", ""), ErrorKind::AccessDenied),
        (Fault::NotJson, ErrorKind::Unavailable),
        (Fault::Cut, ErrorKind::Unavailable),
        (Fault::Endless { announced: true }, ErrorKind::Unavailable),
    ] {
        let server = FaultServer::start().failing("*", 1000, fault.clone());
        let aws = aws(&server.url).with_max_attempts(2);
        let builder = Resolver::builder().backend(aws.parameter_store()).default_backend("ssm");
        let declaration = Declaration::builder("step").source("ssm.a").unwrap().build();
        let error = builder.build().unwrap().resolve_blocking(&declaration).unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        let is_ours = matches!(fault, Fault::Endless { .. });
        let place = if is_ours { "16777216 bytes" } else { "AWS Parameter Store in us-east-1" };
        assert!(error.to_string().contains(place), "{error}");
    }
    for fault in [Fault::Code("ThrottlingException", ""), Fault::Status(503, "")] {
        let server = FaultServer::start().with("us-east-1", "a", "SeNtInEl");
        let server = server.failing("GetParameters", 2, fault);
        assert_eq!(value(&resolve(&server, &["a"]).unwrap(), "a"), "SeNtInEl");
        assert_eq!(server.counts()["GetParameters"], 3);
    }
}

#[test]
fn a_server_that_stalls_is_a_timeout() {
    let server = FaultServer::start().failing("*", 1000, Fault::Stall);
    let aws = aws(&server.url)
        .with_timeouts(Duration::from_millis(100), Duration::from_millis(400))
        .with_max_attempts(1);
    let requests = [FetchRequest::named("a"), FetchRequest::named("/b/*")];
    for answer in aws.parameter_store().fetch_blocking(&requests) {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Timeout);
    }
}

#[test]
fn an_answer_about_another_parameter_is_refused() {
    let (server, names) = many(2);
    let other = format!("{ARN}/many/other");
    let server = server.answering_as(&names[0], "/many/other", &other);
    let error = resolve(&server, &[names[0].as_str(), names[1].as_str()]).unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Unavailable, 1), "{error}");
    assert!(error.to_string().contains("AWS returned another parameter instead of `/many/p0`"));
    // Left out of every answer.
    let (server, names) = many(2);
    let server = server.leaving_out(&names[0]);
    let error = resolve(&server, &[names[0].as_str(), names[1].as_str()]).unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Unavailable, 1), "{error}");
}

#[test]
fn roles_and_regions_are_those_of_secrets_manager() {
    let arn = "arn:aws:ssm:us-west-2:123456789012:parameter/west";
    let server = FaultServer::start()
        .with("us-east-1", "east", r#"{"a": "SeNtInEl"}"#)
        .with("us-west-2", "/west", "SeNtInEl")
        .with("eu-west-1", "option", "SeNtInEl");
    let option = r#"{"type": "ssm", "id": "option", "options": {"region": "eu-west-1"}}"#;
    let declaration = Declaration::builder("step").role(ROLE).unwrap();
    let declaration = declaration.source("ssm.east").unwrap();
    let declaration = declaration.source(&format!("ssm.{arn}")).unwrap();
    let declaration = declaration.source(option).unwrap().build();
    let aws = aws(&server.url);
    let builder = Resolver::builder().backend(aws.parameter_store()).backend(aws);
    let resolver = builder.cache_ttl(Duration::ZERO).build().unwrap();
    resolver.resolve_blocking(&declaration).unwrap();
    let mut regions: Vec<_> =
        server.seen().into_iter().map(|seen| (seen.action, seen.region, seen.access_key)).collect();
    regions.sort();
    let get =
        |region: &str| ("GetParameters".to_owned(), region.to_owned(), "KEY-Reader".to_owned());
    assert_eq!(regions[1..], [get("eu-west-1"), get("us-east-1"), get("us-west-2")]);
    assert_eq!(regions[0].0, "AssumeRole");
    // Secrets Manager has the role already.
    let secrets = Declaration::builder("step").role(ROLE).unwrap();
    let secrets = secrets.source("aws-secrets-manager.east").unwrap().build();
    resolver.resolve_blocking(&secrets).unwrap();
    assert_eq!(server.counts()["AssumeRole"], 1);

    let server =
        FaultServer::start().failing("AssumeRole", 1000, Fault::Code("AccessDenied", "no"));
    let error = resolve_in(&server, &["a", "/b/*"], ROLE).unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::RoleDenied, 2), "{error}");
}

#[test]
fn to_know_whether_it_is_there_nothing_is_decrypted() {
    let server = FaultServer::start()
        .with("us-east-1", "a", "SeNtInEl")
        .with("us-east-1", "/set/b", "SeNtInEl")
        .refusing("denied", "AccessDeniedException", "no");
    let ids = ["a", "no", "/set/*", "/none/*", "denied"];
    let requests = ids.map(FetchRequest::named);
    let answers = store(&server).exists_blocking(&requests);
    let there: Vec<_> = answers.iter().map(|it| it.as_ref().ok().copied()).collect();
    assert_eq!(there, [Some(true), Some(false), Some(true), Some(false), None]);
    assert_eq!(answers[4].as_ref().unwrap_err().kind(), ErrorKind::AccessDenied);
    assert!(server.seen().iter().all(|seen| seen.body.contains(r#""WithDecryption":false"#)));
}

#[test]
fn a_parameter_that_is_not_there_is_told_with_its_region_and_role() {
    let server = FaultServer::start();
    let foreign = "ssm.arn:aws:ssm:eu-west-1:123456789012:parameter/a";
    let declaration = Declaration::builder("step").source("ssm.a").unwrap().source(foreign);
    let declaration = declaration.unwrap().request("b", "key").unwrap().build();
    let of_role = Declaration::builder("step").role(ROLE).unwrap().source("ssm.a");
    let level = ValidationLevel::SecretExists;
    let places = |declaration: &Declaration| -> Vec<String> {
        let report = resolver(&server).validate_blocking(level, declaration);
        report.problems().iter().map(|problem| problem.message().to_owned()).collect()
    };
    let missing =
        |place: &str| format!("there is no such secret in AWS Parameter Store in {place}");
    let own = missing("us-east-1");
    assert_eq!(places(&declaration), [own.clone(), missing("eu-west-1"), own]);
    let in_role = missing(&format!("us-east-1, in the role {ROLE}"));
    assert_eq!(places(&of_role.unwrap().build()), [in_role]);
}

#[test]
fn it_keeps_the_rules() {
    let server = FaultServer::start().with("us-east-1", "one", "SeNtInEl-one").with(
        "us-east-1",
        "/path/two",
        "SeNtInEl-two",
    );
    let text = |value: &str| secrets_runtime::Payload::Text(value.into());
    let present = vec![
        ("one".to_owned(), text("SeNtInEl-one")),
        ("/path/two".to_owned(), text("SeNtInEl-two")),
    ];
    let subject = Subject { present, missing: "missing".to_owned() };
    check_reading_blocking(&store(&server), &subject);
}

#[test]
fn a_cached_parameter_is_not_asked_for_again() {
    let server = FaultServer::start().with("us-east-1", "a", "SeNtInEl");
    let resolver = Resolver::builder().backend(store(&server)).default_backend("ssm");
    let resolver = resolver.build().unwrap();
    let declaration = Declaration::builder("step").source("ssm.a").unwrap().build();
    for _ in 0..3 {
        resolver.resolve_blocking(&declaration).unwrap();
    }
    assert_eq!(server.seen().len(), 1);
}
