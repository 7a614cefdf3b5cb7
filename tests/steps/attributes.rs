use secrets_runtime::{Error, ErrorKind, MountType, Secret, current_context, secrets, task};
use secrets_tests::table::install;

const DB: &str = "db";
const PASSWORD: Secret = Secret::new("db", "password").mount_requirement(MountType::ENV_VAR);

#[secrets(sources = ["db"])]
fn synchronous() -> Result<String, Error> {
    Ok(current_context().secrets.get("db", "password")?.expose_str()?.to_owned())
}

#[secrets(sources = [DB, { id = "api", group = "service" }], role = "")]
async fn asynchronous() -> anyhow::Result<String> {
    let secrets = current_context().secrets;
    let user = secrets.get("db", "user")?;
    Ok(format!("{} {}", user.expose_str()?, secrets.get("service", "token")?.expose_str()?))
}

#[task(secret_requests = [
    PASSWORD,
    Secret(group = "db", key = "user", env_var = "DB_USER"),
    Secret(group = "db", key = "port", group_version = "v2"),
    Secret(key = "token"),
])]
async fn requested() -> Result<(), Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("db", "password")?.expose_str()?, "SeNtInEl-db");
    assert_eq!(secrets.get_versioned("db", "port", "v2")?.expose_str()?, "5432");
    assert_eq!(secrets.get("", "token")?.expose_str()?, "SeNtInEl-token");
    assert_eq!(secrets.var("DB_USER")?.expose_str()?, "app");
    assert_eq!(secrets.var("_FSEC_DB_PASSWORD")?.expose_str()?, "SeNtInEl-db");
    // A request makes only its own key readable.
    assert_eq!(secrets.get("db", "ratio").unwrap_err().kind(), ErrorKind::NotRequested);
    assert_eq!(secrets.var("token").unwrap_err().kind(), ErrorKind::KeyNotFound);
    Ok(())
}

#[secrets(sources = ["api"])]
#[task(secret_requests = [Secret(group = "db", key = "password")])]
fn both() -> Result<(), Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("api", "token")?.expose_str()?, "SeNtInEl-api");
    assert_eq!(secrets.get("db", "password")?.expose_str()?, "SeNtInEl-db");
    Ok(())
}

struct Service {
    name: String,
}

impl Service {
    #[secrets(sources = ["db"])]
    async fn by_reference<'a>(&'a mut self, suffix: &'a str) -> Result<&'a str, Error> {
        let user = current_context().secrets.get("db", "user")?;
        self.name = format!("{}{suffix}", user.expose_str()?);
        Ok(&self.name)
    }

    #[allow(clippy::boxed_local, reason = "the receiver is what is tested")]
    #[secrets(sources = ["db"])]
    fn by_value(
        self: Box<Self>,
        parts: impl Iterator<Item = u32>,
    ) -> Result<impl Iterator<Item = u32>, Error> {
        let port = current_context().secrets.get_as::<Ports>("db")?.port;
        Ok(parts.map(move |part| part + port))
    }
}

#[derive(serde::Deserialize)]
struct Ports {
    port: u32,
}

#[secrets(sources = ["bad-json", "missing", "denied", "db"])]
fn three_problems() -> Result<(), Error> {
    panic!("the body runs")
}

#[test]
fn a_synchronous_step_has_its_secret() {
    install();
    assert_eq!(synchronous().unwrap(), "SeNtInEl-db");
}

#[tokio::test]
async fn an_asynchronous_step_has_its_secrets() {
    install();
    assert_eq!(asynchronous().await.unwrap(), "app SeNtInEl-api");
}

#[tokio::test]
async fn requests_are_resolved_before_the_body() {
    install();
    requested().await.unwrap();
}

#[test]
fn both_attributes_are_one_step() {
    install();
    both().unwrap();
}

#[tokio::test]
async fn methods_keep_their_receivers_and_lifetimes() {
    install();
    let mut service = Service { name: String::new() };
    assert_eq!(service.by_reference("!").await.unwrap(), "app!");
    let sum: u32 = Box::new(service).by_value([1, 2].into_iter()).unwrap().sum();
    assert_eq!(sum, 3 + 2 * 5432);
}

#[test]
fn every_problem_is_reported_and_the_body_does_not_run() {
    install();
    let error = three_problems().unwrap_err();
    let found: Vec<_> = error.problems().iter().map(|p| (p.origin(), p.kind())).collect();
    let expected = [
        ("bad-json", ErrorKind::Undecodable),
        ("missing", ErrorKind::NotFound),
        ("denied", ErrorKind::AccessDenied),
    ];
    assert_eq!(found, expected);
    assert_eq!(error.step(), Some("three_problems"));
    assert_eq!(error.kind(), ErrorKind::Undecodable);
    assert!(error.problems().iter().all(|problem| problem.backend() == Some("table")));
    secrets_tests::table::assert_no_value(&format!("{error} {error:?}"));
}
