use std::time::Duration;

use secrets_runtime::{Error, current_context, get_secret_blocking, secrets};
use secrets_tests::table::install;

#[secrets(sources = ["db", "made/x"])]
fn step() -> Result<(), Error> {
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("db", "password")?.expose_str()?, "SeNtInEl-db");
    assert_eq!(get_secret_blocking("api")?.get("api", "token")?.expose_str()?, "SeNtInEl-api");
    Ok(())
}

#[test]
fn in_a_plain_thread() {
    install();
    std::thread::spawn(step).join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_worker_of_a_multi_thread_runtime() {
    install();
    tokio::spawn(async { step() }).await.unwrap().unwrap();
    tokio::task::spawn_blocking(step).await.unwrap().unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn in_a_current_thread_runtime() {
    install();
    step().unwrap();
}

/// A backend whose answer needs tokio's timer: it runs on the I/O thread, so that a synchronous step in the
/// one thread of a runtime does not wait for itself.
mod on_the_io_thread {
    use std::fmt;

    use secrets_runtime::{
        Backend, BoxFuture, Declaration, FetchRequest, Fetched, Resolver, backend::on_io_thread,
    };

    use super::*;

    #[derive(Debug)]
    struct Remote;

    impl fmt::Display for Remote {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a backend with a reactor")
        }
    }

    impl Backend for Remote {
        fn kind(&self) -> &str {
            "remote"
        }

        fn fetch<'a>(
            &'a self,
            requests: &'a [FetchRequest<'a>],
        ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
            let count = requests.len();
            Box::pin(async move {
                let work = on_io_thread(async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    vec![Fetched::json(r#"{"a": "SeNtInEl"}"#); count]
                });
                match work.await {
                    Ok(fetched) => fetched.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error); count],
                }
            })
        }
    }

    fn resolve() {
        let resolver =
            Resolver::builder().backend(Remote).default_backend("remote").build().unwrap();
        let declaration = Declaration::builder("step").source("x").unwrap().build();
        let context = resolver.resolve_blocking(&declaration).unwrap();
        assert!(context.secrets.get("x", "a").is_ok());
    }

    #[test]
    fn from_a_plain_thread() {
        resolve();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn from_a_current_thread_runtime() {
        resolve();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn from_the_one_worker_of_a_runtime() {
        tokio::spawn(async { resolve() }).await.unwrap();
    }
}
