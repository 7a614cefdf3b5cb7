//! `flyte,aws-secrets-manager`: what the container has, else what AWS has. Another backend of that type stands
//! in for AWS here.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver, Secret,
    Secrets, backends::Flyte,
};

const HEAD: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret:";
const HEAD_WITHOUT_COLON: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret";
const NAME: &str = "prod/db-AbCdEf";

/// What AWS was asked for: id, key, version, role.
type Asked = (String, Option<String>, Option<String>, Option<String>);

#[derive(Debug, Clone, Default)]
struct StandIn {
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl fmt::Display for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stand-in for AWS")
    }
}

impl Backend for StandIn {
    fn kind(&self) -> &str {
        "aws-secrets-manager"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let answer = |request: &FetchRequest<'_>| {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                self.asked.lock().unwrap().push((
                    request.id().to_owned(),
                    owned(request.key()),
                    owned(request.group_version()),
                    owned(request.role()),
                ));
                match request.id() {
                    "missing" => Err(Error::new(ErrorKind::NotFound, "AWS has no such secret")),
                    "db" => Ok(Fetched::json(r#"{"user": "SeNtInEl-aws", "port": 1}"#)),
                    _ => Ok(Fetched::text("SeNtInEl-aws")),
                }
            };
            requests.iter().map(answer).collect()
        })
    }
}

struct Both {
    folder: tempfile::TempDir,
    aws: StandIn,
}

impl Both {
    fn new(files: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "SeNtInEl-mounted").unwrap();
        }
        Self { folder, aws: StandIn::default() }
    }

    fn resolve(&self, requests: &[Secret], sources: &[&str]) -> Result<Secrets, Error> {
        let resolver = Resolver::builder()
            .backend(Flyte::new(self.folder.path()))
            .backend(self.aws.clone())
            .default_backend("flyte,aws-secrets-manager")
            .role("arn:aws:iam::123456789012:role/Reader")
            .build()?;
        let mut declaration = Declaration::builder("step").sources(sources)?;
        for request in requests {
            declaration = declaration.secret(*request)?;
        }
        Ok(resolver.resolve_blocking(&declaration.build())?.secrets)
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.aws.asked.lock().unwrap())
    }
}

#[track_caller]
fn assert_is(secrets: &Secrets, (group, key): (&str, &str), value: &str) {
    let found = secrets.get(group, key).unwrap();
    assert!(found.expose_str().is_ok_and(|found| found == value), "{group}/{key}");
}

#[test]
fn mounted_secrets_are_not_fetched_and_the_others_are() {
    let both = Both::new(&["db/password"]);
    let requests = [Secret::new("db", "password"), Secret::new("db", "user")];
    let secrets = both.resolve(&requests, &[]).unwrap();
    assert_is(&secrets, ("db", "password"), "SeNtInEl-mounted");
    assert_is(&secrets, ("db", "user"), "SeNtInEl-aws");
    let role = Some("arn:aws:iam::123456789012:role/Reader".to_owned());
    assert_eq!(both.asked(), [("db".to_owned(), Some("user".to_owned()), None, role)]);

    // A whole secret: the folder is one, so its fields are those that are mounted.
    let both = Both::new(&["db/password"]);
    let secrets = both.resolve(&[], &["db", "other"]).unwrap();
    assert_is(&secrets, ("db", "password"), "SeNtInEl-mounted");
    assert_is(&secrets, ("other", "other"), "SeNtInEl-aws");
}

/// Union's split of an ARN, with and without the colon, is one secret to AWS and the file of its own text here.
#[test]
fn an_arn_that_is_split_works_on_both_sides() {
    for head in [HEAD, HEAD_WITHOUT_COLON] {
        let request = [Secret::new(head, NAME)];
        let mounted = Both::new(&[&format!("{head}/prod/db-abcdef")]);
        assert_is(&mounted.resolve(&request, &[]).unwrap(), (head, NAME), "SeNtInEl-mounted");
        assert_eq!(mounted.asked(), []);

        let both = Both::new(&[]);
        assert_is(&both.resolve(&request, &[]).unwrap(), (head, NAME), "SeNtInEl-aws");
        let [(group, key, ..)] = &both.asked()[..] else { panic!("one request") };
        assert_eq!((group.as_str(), key.as_deref()), (head, Some(NAME)));
    }
}

#[test]
fn a_version_is_asked_for_by_its_own_name() {
    let both = Both::new(&["db/v2/password"]);
    let requests = [
        Secret::new("db", "password").group_version("v2"),
        Secret::new("db", "password").group_version("v3"),
        Secret::new("db", "user").group_version("v2"),
    ];
    let error = both.resolve(&requests, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyNotFound, "{error}");
    let secrets = both.resolve(&[requests[0], requests[2]], &[]).unwrap();
    let mounted = secrets.get_versioned("db", "password", "v2").unwrap();
    assert!(mounted.expose_str().is_ok_and(|value| value == "SeNtInEl-mounted"));
    assert!(secrets.get_versioned("db", "user", "v2").is_ok());
    let other = secrets.get_versioned("db", "password", "v3").unwrap_err();
    assert_eq!(other.kind(), ErrorKind::NotRequested);
}

#[test]
fn a_chain_tells_every_place_and_stops_at_a_failure() {
    let both = Both::new(&[]);
    let error = both.resolve(&[Secret::new("missing", "x")], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    for place in ["_FSEC_MISSING_X", "missing/x", "_UNION_MISSING_X", "AWS has no such secret"] {
        assert!(text.contains(place), "{place} in {text}");
    }

    let both = Both::new(&["outside", "in/x"]);
    let link = both.folder.path().join("link");
    std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
    let error = both.resolve(&[Secret::new("", "link")], &[]).unwrap_err();
    assert_eq!((error.kind(), both.asked().len()), (ErrorKind::InvalidName, 0), "{error}");
}

/// A name that no file can have is left to AWS.
#[test]
fn a_long_name_is_not_a_failure_of_the_folder() {
    const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789\
        0123456789012345678901234567890123456789012345678901234567890123456789\
        0123456789012345678901234567890123456789012345678901234567890123456789\
        0123456789012345678901234567890123456789012345678901234567890123456789";
    let both = Both::new(&[]);
    assert_is(&both.resolve(&[Secret::new(LONG, "")], &[]).unwrap(), (LONG, ""), "SeNtInEl-aws");
}
