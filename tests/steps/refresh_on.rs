//! `refresh_on`: secrets that change while a step runs.

use secrets_runtime::{ErrorKind, SecretValue, secrets, task, testing};
use secrets_tests::{
    password_server::{Failure, PasswordServer, Plan},
    table::install,
};

/// A server with this plan, and the resolver that its step needs.
pub fn serving(id: &'static str, plan: Plan) -> PasswordServer {
    install();
    PasswordServer::new(id, plan)
}

/// A step for each test, whose secret no other test fetches.
macro_rules! steps {
    ($( $sync:ident, $future:ident, $sync_id:literal, $id:literal; )*) => { $(
        #[secrets(sources = [$sync_id], refresh_on = Failure::is_denied)]
        fn $sync(server: &PasswordServer) -> Result<usize, Failure> {
            server.login_of_step()
        }

        #[secrets(sources = [$id], refresh_on = Failure::is_denied)]
        async fn $future(server: &PasswordServer) -> Result<usize, Failure> {
            tokio::task::yield_now().await;
            let logged_in = server.login_of_step();
            tokio::task::yield_now().await;
            logged_in
        }
    )* };
}

steps! {
    changed_sync, changed, "rotating/changed-sync", "rotating/changed";
    unchanged_sync, unchanged, "rotating/unchanged-sync", "rotating/unchanged";
    broken_sync, broken, "rotating/broken-sync", "rotating/broken";
    fine_sync, fine, "rotating/fine-sync", "rotating/fine";
    denied_twice_sync, denied_twice, "rotating/denied-twice-sync", "rotating/denied-twice";
    down_sync, down, "rotating/down-sync", "rotating/down";
    given_sync, given, "rotating/given-sync", "rotating/given";
}

#[tokio::test]
async fn the_body_runs_again_with_a_secret_that_has_changed() {
    let server = serving("rotating/changed", Plan::Rotates);
    assert_eq!(changed(&server).await.unwrap(), 2);
    assert_eq!(server.counts(), (2, 2));
    let server = serving("rotating/changed-sync", Plan::Rotates);
    assert_eq!(changed_sync(&server).unwrap(), 2);
    assert_eq!(server.counts(), (2, 2));
}

#[tokio::test]
async fn a_secret_that_has_not_changed_leaves_the_error_and_the_body_runs_once() {
    let server = serving("rotating/unchanged", Plan::Denies);
    assert_eq!(unchanged(&server).await.unwrap_err().run(), ("denied", 1));
    assert_eq!(server.counts(), (1, 2));
    let server = serving("rotating/unchanged-sync", Plan::Denies);
    assert_eq!(unchanged_sync(&server).unwrap_err().run(), ("denied", 1));
    assert_eq!(server.counts(), (1, 2));
}

#[tokio::test]
async fn another_error_fetches_nothing() {
    let server = serving("rotating/broken", Plan::Breaks);
    assert_eq!(broken(&server).await.unwrap_err().run(), ("broken", 1));
    assert_eq!(server.counts(), (1, 1));
    let server = serving("rotating/broken-sync", Plan::Breaks);
    assert_eq!(broken_sync(&server).unwrap_err().run(), ("broken", 1));
    assert_eq!(server.counts(), (1, 1));
}

#[tokio::test]
async fn a_step_that_does_not_fail_runs_once() {
    let server = serving("rotating/fine", Plan::Nothing);
    assert_eq!(fine(&server).await.unwrap(), 1);
    assert_eq!(server.counts(), (1, 1));
    let server = serving("rotating/fine-sync", Plan::Nothing);
    assert_eq!(fine_sync(&server).unwrap(), 1);
    assert_eq!(server.counts(), (1, 1));
}

#[tokio::test]
async fn a_second_failure_is_given_back() {
    let server = serving("rotating/denied-twice", Plan::RotatesAndDenies);
    assert_eq!(denied_twice(&server).await.unwrap_err().run(), ("denied", 2));
    assert_eq!(server.counts(), (2, 2));
    let server = serving("rotating/denied-twice-sync", Plan::RotatesAndDenies);
    assert_eq!(denied_twice_sync(&server).unwrap_err().run(), ("denied", 2));
    assert_eq!(server.counts(), (2, 2));
}

#[tokio::test]
async fn a_secret_that_cannot_be_fetched_again_leaves_the_error() {
    let server = serving("rotating/down", Plan::GoesDown);
    assert_eq!(down(&server).await.unwrap_err().run(), ("denied", 1));
    assert_eq!(server.counts(), (1, 2));
    let server = serving("rotating/down-sync", Plan::GoesDown);
    assert_eq!(down_sync(&server).unwrap_err().run(), ("denied", 1));
    assert_eq!(server.counts(), (1, 2));
}

#[tokio::test]
async fn secrets_of_a_test_never_change() {
    let server = serving("rotating/given", Plan::Rotates);
    let found =
        testing::with_secrets_async([("rotating/given", "password", "x")], given(&server)).await;
    assert_eq!(found.unwrap_err().run(), ("denied", 1));
    let server = serving("rotating/given-sync", Plan::Rotates);
    let found =
        testing::with_secrets([("rotating/given-sync", "password", "x")], || given_sync(&server));
    assert_eq!(found.unwrap_err().run(), ("denied", 1));
}

#[secrets(sources = ["rotating/earlier"])]
fn earlier() -> Result<(), Failure> {
    Ok(())
}

#[secrets(sources = ["rotating/earlier", "rotating/later"], refresh_on = Failure::is_denied)]
fn later(server: &PasswordServer) -> Result<usize, Failure> {
    server.login_of_step()
}

#[test]
fn secrets_that_were_fetched_at_different_times_are_all_fetched_again() {
    let server = serving("rotating/later", Plan::Rotates);
    earlier().unwrap();
    assert_eq!(later(&server).unwrap(), 2);
    assert_eq!(server.counts(), (2, 2));
}

#[secrets(sources = ["rotating/together"], refresh_on = Failure::is_denied)]
async fn together(server: &PasswordServer, both: &tokio::sync::Barrier) -> Result<usize, Failure> {
    both.wait().await;
    server.login_of_step()
}

#[tokio::test]
async fn steps_that_fail_together_fetch_once() {
    let server = serving("rotating/together", Plan::Rotates);
    let both = tokio::sync::Barrier::new(2);
    let (one, two) = tokio::join!(together(&server, &both), together(&server, &both));
    assert_eq!(one.unwrap() + two.unwrap(), 3 + 4);
    assert_eq!(server.counts(), (4, 2));
}

#[task(
    secret_requests = [
        Secret(group = "db", key = "password"),
        Secret(group = "rotating/of-task", key = "port", group_version = "v1"),
        Secret(group = "rotating/of-task", key = "password"),
    ],
    refresh_on = Failure::is_denied
)]
fn of_task(server: &PasswordServer) -> Result<usize, Failure> {
    server.login_of_step()
}

#[secrets(sources = ["rotating/of-both"])]
#[task(refresh_on = Failure::is_denied)]
async fn of_both(server: &PasswordServer) -> Result<usize, Failure> {
    server.login_of_step()
}

#[tokio::test]
async fn a_task_has_it_too_and_both_attributes_are_one_step() {
    let server = serving("rotating/of-both", Plan::Rotates);
    assert_eq!(of_both(&server).await.unwrap(), 2);
    let server = serving("rotating/of-task", Plan::Rotates);
    assert_eq!(of_task(&server).unwrap(), 2);
}

#[derive(serde::Deserialize)]
struct Db {
    password: SecretValue,
    port: u16,
}

#[secrets(refresh_on = Failure::is_denied)]
async fn typed(
    server: &PasswordServer,
    #[secret("rotating/typed")] Db { password, port }: Db,
    extra: u16,
) -> Result<u16, Failure> {
    server.login(&password)?;
    Ok(port + extra)
}

#[secrets(refresh_on = Failure::is_denied)]
fn typed_sync(
    server: &PasswordServer,
    #[secret("rotating/typed-sync", key = "password")] password: SecretValue,
) -> Result<usize, Failure> {
    server.login(&password)
}

#[secrets(refresh_on = Failure::is_denied)]
async fn spoilt(
    server: &PasswordServer,
    #[secret("rotating/spoilt")] db: Db,
) -> Result<u16, Failure> {
    server.login(&db.password)?;
    Ok(db.port)
}

#[secrets(refresh_on = Failure::is_denied)]
fn spoilt_sync(
    server: &PasswordServer,
    #[secret("rotating/spoilt-sync")] db: Db,
) -> Result<u16, Failure> {
    server.login(&db.password)?;
    Ok(db.port)
}

#[tokio::test]
async fn typed_parameters_are_read_again() {
    let server = serving("rotating/typed", Plan::Rotates);
    assert_eq!(typed(&server, 1).await.unwrap(), 5433);
    assert_eq!(server.counts(), (2, 2));
    let server = serving("rotating/typed-sync", Plan::Rotates);
    assert_eq!(typed_sync(&server).unwrap(), 2);
    assert_eq!(server.counts(), (2, 2));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_again_is_the_error() {
    let server = serving("rotating/spoilt", Plan::Spoils);
    let found = spoilt(&server).await.unwrap_err();
    assert!(
        matches!(&found, Failure::Secrets(e) if e.kind() == ErrorKind::Undecodable),
        "{found:?}"
    );
    assert_eq!(server.counts(), (1, 2));
    let server = serving("rotating/spoilt-sync", Plan::Spoils);
    let found = spoilt_sync(&server).unwrap_err();
    assert!(
        matches!(&found, Failure::Secrets(e) if e.kind() == ErrorKind::Undecodable),
        "{found:?}"
    );
    secrets_tests::table::assert_no_value(&format!("{found:?}"));
}

struct Service {
    server: PasswordServer,
    names: Vec<String>,
}

impl Service {
    #[secrets(sources = ["rotating/method"], refresh_on = Failure::is_denied)]
    async fn run<'a, T: Clone + PartialEq>(
        &'a self,
        (first, mut second): (T, T),
        index: usize,
        parts: impl Iterator<Item = usize> + Clone,
    ) -> Result<(&'a str, impl Iterator<Item = usize>), Failure> {
        let run = self.server.login_of_step()?;
        second.clone_from(&first);
        assert!(first == second);
        Ok((&self.names[index], parts.map(move |part| part + run)))
    }

    #[secrets(sources = ["rotating/method-sync"], refresh_on = Self::may_have_changed)]
    fn run_sync(&self, text: &str) -> Result<&str, Failure> {
        self.server.login_of_step()?;
        Ok(self.names.iter().find(|name| *name == text).map_or("", String::as_str))
    }

    fn may_have_changed(failure: &Failure) -> bool {
        failure.is_denied()
    }
}

#[tokio::test]
async fn methods_keep_their_receivers_lifetimes_and_arguments() {
    let names = || vec!["SeNtInEl-name".to_owned()];
    let service = Service { server: serving("rotating/method", Plan::Rotates), names: names() };
    let (name, parts) = service.run(("a", "b"), 0, [1, 2].into_iter()).await.unwrap();
    assert_eq!((name, parts.collect::<Vec<_>>()), ("SeNtInEl-name", vec![3, 4]));
    let service =
        Service { server: serving("rotating/method-sync", Plan::Rotates), names: names() };
    assert_eq!(service.run_sync("SeNtInEl-name").unwrap(), "SeNtInEl-name");
    assert_eq!(service.server.counts(), (2, 2));
}

#[async_trait::async_trait]
trait Load {
    async fn load(&self, rows: Vec<usize>, pair: (usize, usize)) -> Result<usize, Failure>;
}

#[async_trait::async_trait]
impl Load for PasswordServer {
    #[secrets(sources = ["rotating/boxed"], refresh_on = Failure::is_denied)]
    async fn load(
        &self,
        mut rows: Vec<usize>,
        (one, two): (usize, usize),
    ) -> Result<usize, Failure> {
        rows.push(self.login_of_step()?);
        Ok(rows.into_iter().sum::<usize>() + one + two)
    }
}

#[tokio::test]
async fn a_boxed_future_runs_again() {
    let server = serving("rotating/boxed", Plan::Rotates);
    let load: &dyn Load = &server;
    assert_eq!(load.load(vec![10], (100, 1000)).await.unwrap(), 1112);
    assert_eq!(server.counts(), (2, 2));
}
