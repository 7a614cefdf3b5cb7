//! Roles: which one is assumed, how often, and how a refusal is reported.

use std::time::Duration;

use secrets_runtime::{
    Backend, Declaration, Error, ErrorKind, Payload, Resolver, SecretValue,
    backends::AwsSecretsManager,
};
use secrets_tests::{
    fault_server::{Fault, FaultServer},
    http::{request, server},
};
use serde_json::json;

use crate::{
    child::{self, Outcome},
    setup::{aws, names, resolver},
    wire,
};

const ROLE: &str = "arn:aws:iam::123456789012:role/";

fn with_role(name: &str, sources: &[String]) -> Declaration {
    let declaration = Declaration::builder("step").role(&format!("{ROLE}{name}")).unwrap();
    sources.iter().fold(declaration, |declaration, s| declaration.source(s).unwrap()).build()
}

fn keys(server: &FaultServer) -> Vec<String> {
    let mut keys: Vec<_> = server.seen().into_iter().map(|seen| seen.access_key).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn twenty_secrets_in_a_cold_role_are_two_requests_and_in_a_warm_one_one() {
    let server = FaultServer::start().with_many(20);
    let resolver = resolver(aws(&server.url));
    resolver.resolve_blocking(&with_role("Reader", &names(20))).unwrap();
    let counts: Vec<_> = server.counts().into_iter().collect();
    assert_eq!(counts, [("AssumeRole".into(), 1), ("BatchGetSecretValue".into(), 1)]);
    server.forget();
    resolver.resolve_blocking(&with_role("Reader", &names(20))).unwrap();
    assert_eq!(
        server.counts().into_iter().collect::<Vec<_>>(),
        [("BatchGetSecretValue".into(), 1)]
    );
    assert_eq!(keys(&server), ["KEY-Reader"]);
}

#[test]
fn a_role_is_assumed_once_for_all_regions_and_steps() {
    let server = FaultServer::start().with_many(2).with("us-west-2", "west", "{}");
    let resolver = resolver(aws(&server.url));
    let mut sources = names(2);
    sources.push(server.arn("us-west-2", "west"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| resolver.resolve_blocking(&with_role("Reader", &sources)).unwrap());
        }
    });
    assert_eq!(server.counts()["AssumeRole"], 1);
}

#[test]
fn the_sources_role_comes_before_the_steps_before_the_default() {
    let server = FaultServer::start().with_many(3);
    let resolver: Resolver = Resolver::builder()
        .backend(aws(&server.url))
        .default_backend("aws-secrets-manager")
        .role(format!("{ROLE}Default"))
        .build()
        .unwrap();
    let own = format!(r#"{{"id": "s0", "role": "{ROLE}Own"}}"#);
    let out = r#"{"id": "s1", "role": ""}"#.to_owned();
    let declaration = with_role("Step", &[own, out, "s2".to_owned()]);
    resolver.resolve_blocking(&declaration).unwrap();
    assert_eq!(keys(&server), ["CALLER", "KEY-Own", "KEY-Step"]);
    server.forget();
    let declaration = Declaration::builder("step").source("s0").unwrap().build();
    resolver.resolve_blocking(&declaration).unwrap();
    assert_eq!(keys(&server), ["CALLER", "KEY-Default"]);
}

#[test]
fn the_external_id_and_the_session_name_are_sent() {
    let server = FaultServer::start().with_many(1);
    let aws = aws(&server.url).with_external_id("ext-1").with_session_name("nightly");
    resolver(aws).resolve_blocking(&with_role("Reader", &names(1))).unwrap();
    let body = &server.seen()[0].body;
    assert!(
        body.contains("ExternalId=ext-1") && body.contains("RoleSessionName=nightly"),
        "{body}"
    );
}

#[test]
fn a_refused_role_is_named_with_its_caller() {
    let server = FaultServer::start().with_many(2).failing(
        "AssumeRole",
        1000,
        Fault::Code("AccessDenied", "not authorized"),
    );
    let resolver = resolver(aws(&server.url));
    let error = resolver.resolve_blocking(&with_role("Reader", &names(2))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RoleDenied);
    assert_eq!(error.problems().len(), 2);
    let text = error.to_string();
    assert!(text.contains("role/Reader") && text.contains("user/somebody"), "{text}");
    assert!(text.contains("SECRETS_AWS_EXTERNAL_ID"), "{text}");
    assert!(!server.counts().contains_key("BatchGetSecretValue"));
}

#[test]
fn credentials_that_are_not_accepted_are_no_refusal_of_the_role() {
    for code in ["InvalidClientTokenId", "ExpiredToken", "AccessDenied"] {
        let server = FaultServer::start().failing("*", 1000, Fault::Code(code, ""));
        let resolver = resolver(aws(&server.url));
        let error = resolver.resolve_blocking(&with_role("Reader", &names(1))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        assert!(error.to_string().contains("get-caller-identity"), "{error}");
    }
}

#[test]
fn a_refusal_is_shared_by_all_waiters_and_not_cached() {
    let regions = ["us-east-1", "us-west-2", "eu-west-1"];
    let server =
        FaultServer::start().failing("AssumeRole", 1, Fault::Code("AccessDenied", "not yet"));
    let server = regions.iter().fold(server, |server, region| server.with(region, "s", "{}"));
    let resolver = resolver(aws(&server.url));
    // Three regions, which ask for the role at the same time.
    let declaration = with_role("Reader", &regions.map(|region| server.arn(region, "s")));
    let error = resolver.resolve_blocking(&declaration).unwrap_err();
    assert_eq!(error.problems().len(), 3);
    assert_eq!(server.counts()["AssumeRole"], 1);
    resolver.resolve_blocking(&declaration).unwrap();
    assert_eq!(server.counts()["AssumeRole"], 2);
}

#[test]
fn a_role_that_cannot_be_assumed_now_is_not_refused() {
    let server = FaultServer::start().failing("AssumeRole", 1000, Fault::Status(500, ""));
    let aws = aws(&server.url).with_timeouts(Duration::from_millis(200), Duration::from_secs(2));
    let error = resolver(aws).resolve_blocking(&with_role("Reader", &names(1))).unwrap_err();
    assert!(error.is_transient(), "{error}");
}

/// The policy that docs/aws.md shows for a purpose, for all resources, as the server ignores them.
fn documented(purpose: &str) -> String {
    documented_in(include_str!("../../../docs/aws.md"), purpose)
}

fn documented_in(page: &str, purpose: &str) -> String {
    let after = page.split_once(&format!("**{purpose}")).unwrap().1;
    let block = after.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;
    let mut policy: serde_json::Value = serde_json::from_str(block).unwrap();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        statement["Resource"] = json!("*");
    }
    policy.to_string()
}

/// Does to a secret what the command does, in a role.
fn keep(aws: &AwsSecretsManager, role: &str) -> Result<(), Error> {
    let aws = aws.clone().with_role(format!("{ROLE}{role}"));
    let store = aws.as_store().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        store.put("kept", Payload::Text(SecretValue::from("SeNtInEl"))).await?;
        store.put("kept", Payload::Text(SecretValue::from("SeNtInEl-2"))).await?;
        aws.tag("kept", "team", "x").await?;
        assert_eq!(aws.tags("kept").await?.len(), 1);
        assert!(store.list().await?.contains(&"kept".to_owned()));
        store.delete("kept").await.map(drop)
    })
}

/// A user and roles in a server that checks signatures and policies: what they may do.
fn with_policies(url: &str) -> (String, String) {
    let auth = |after: &str| {
        request(url, "POST", "/moto-api/reset-auth", "content-type: text/plain\r\n", after)
    };
    auth("100000");
    let policy = |actions: &str, resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"{resource}"}}]}}"#
        )
    };
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}"#;
    wire::iam(url, &[("Action", "CreateUser"), ("UserName", "somebody")]);
    let keys = wire::iam(url, &[("Action", "CreateAccessKey"), ("UserName", "somebody")]);
    let own = policy(r#"["sts:AssumeRole"]"#, &format!("{ROLE}May*"));
    let put = [("UserName", "somebody"), ("PolicyName", "p"), ("PolicyDocument", &own)];
    wire::iam(url, &[&[("Action", "PutUserPolicy")], &put[..]].concat());
    for (role, allowed) in [
        ("MayGet", documented("Read one secret")),
        ("MayBatch", documented("Read by batch")),
        ("MayKeep", documented("Keep secrets")),
        ("MayParameters", documented_in(include_str!("../../../docs/ssm.md"), "Read parameters")),
        ("MayNothing", policy(r#"["s3:GetObject"]"#, "*")),
        ("Forbidden", policy(r#"["secretsmanager:*"]"#, "*")),
    ] {
        let create = [("RoleName", role), ("AssumeRolePolicyDocument", trust)];
        wire::iam(url, &[&[("Action", "CreateRole")], &create[..]].concat());
        let put = [("RoleName", role), ("PolicyName", "p"), ("PolicyDocument", &allowed)];
        wire::iam(url, &[&[("Action", "PutRolePolicy")], &put[..]].concat());
    }
    for name in names(2) {
        let input = json!({ "Name": name, "SecretString": r#"{"k": "SeNtInEl"}"# });
        wire::call(url, "us-east-1", "CreateSecret", &input).unwrap();
    }
    for (name, kind) in [("p0", "String"), ("/path/p1", "SecureString")] {
        let input = json!({ "Name": name, "Value": "SeNtInEl", "Type": kind, "Overwrite": true });
        wire::parameters(url, "us-east-1", "PutParameter", &input);
    }
    auth("0");
    ["AccessKeyId", "SecretAccessKey"].map(|name| wire::element(&keys, name).to_owned()).into()
}

/// The user's key as a secret of another backend: whole it opens the roles, mistyped it opens nothing.
fn kept_credentials_are_checked(url: &str, id: &str, secret: &str) {
    let input = |role| json!({ "sources": ["s0"], "role": format!("{ROLE}{role}") });
    let resolve = |role, secret: &str| {
        let kept = json!({ "ACCESS_KEY": id, "SECRET_ACCESS_KEY": secret }).to_string();
        let environment = [
            ("AWS_ENDPOINT_URL", url),
            ("AWS_REGION", "us-east-1"),
            ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager"),
            ("SECRETS_AWS_CREDENTIALS_FROM", "prefect.AWS_CREDENTIALS"),
            ("PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS", &kept),
        ];
        child::resolve(&input(role), &environment)
    };
    let opened = resolve("MayBatch", secret);
    assert!(matches!(opened, Outcome::Variables(_)), "{opened:?}");
    for (role, key, kind) in
        [("Forbidden", secret, "RoleDenied"), ("MayBatch", "SeNtInEl-mistyped", "AccessDenied")]
    {
        let (actual, text) = resolve(role, key).failure();
        assert_eq!(actual, kind, "{text}");
        assert!(!text.contains(key), "a value is in the error about {role}");
    }
}

#[test]
fn policies_decide_and_are_named() {
    let Some(url) = server("SECRETS_TEST_MOTO_IAM_URL") else { return };
    // An earlier run may have left its own.
    request(&url, "POST", "/moto-api/reset-auth", "content-type: text/plain\r\n", "100000");
    request(&url, "POST", "/moto-api/reset", "", "");
    let (id, secret) = with_policies(&url);
    let aws = AwsSecretsManager::new()
        .with_endpoint_url(&url)
        .with_region("us-east-1")
        .with_access_key(&*id, &*secret, None);
    let resolver = resolver(aws.clone());
    for role in ["MayBatch", "MayGet"] {
        let context = resolver.resolve_blocking(&with_role(role, &names(2))).unwrap();
        assert!(context.secrets.get("s1", "k").is_ok(), "{role}");
    }
    let refused = |role, sources: &[String]| {
        resolver.resolve_blocking(&with_role(role, sources)).unwrap_err()
    };
    for count in [1, 2] {
        let error = refused("MayNothing", &names(count));
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        assert!(error.to_string().contains("secretsmanager:GetSecretValue"), "{error}");
    }
    let parameters = ["ssm.p0", "ssm./path/p1", "ssm./path/*"].map(str::to_owned);
    let store = Resolver::builder().backend(aws.parameter_store());
    let store = store.cache_ttl(Duration::ZERO).build().unwrap();
    store.resolve_blocking(&with_role("MayParameters", &parameters)).unwrap();
    let error = store.resolve_blocking(&with_role("MayBatch", &parameters)).unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::AccessDenied, 3), "{error}");
    assert!(error.to_string().contains("ssm:GetParameters"), "{error}");
    keep(&aws, "MayKeep").unwrap();
    assert_eq!(keep(&aws, "MayBatch").unwrap_err().kind(), ErrorKind::AccessDenied);
    let error = refused("Forbidden", &names(2));
    assert_eq!(error.kind(), ErrorKind::RoleDenied, "{error}");
    let text = error.to_string();
    assert!(text.contains("role/Forbidden") && text.contains("user/somebody"), "{text}");

    kept_credentials_are_checked(&url, &id, &secret);

    let source = Declaration::builder("step").source("s0").unwrap().build();
    let error = resolver.resolve_blocking(&source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    let resolver =
        crate::setup::resolver(aws.with_access_key("AKIAMISTYPED", "SeNtInEl-key", None));
    let error = resolver.resolve_blocking(&source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    let error = resolver.resolve_blocking(&with_role("MayBatch", &names(2))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    assert!(error.to_string().contains("get-caller-identity"), "{error}");
}
