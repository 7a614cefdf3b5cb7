//! Each run of a step with `refresh_on` has its own clones of the arguments, its own files and its own context.

use std::{
    future::poll_fn,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use secrets_runtime::{current_context, secrets, try_current_context};
use secrets_tests::password_server::{Failure, PasswordServer, Plan};

use super::refresh_on::serving;

/// Counts its clones.
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(self.0.clone())
    }
}

#[secrets(sources = ["rotating/cloned"], refresh_on = Failure::is_denied)]
async fn cloned(server: &PasswordServer, counted: Counted) -> Result<usize, Failure> {
    let run = server.login_of_step();
    drop(counted);
    run
}

#[secrets(sources = ["rotating/cloned-sync"], refresh_on = Failure::is_denied)]
fn cloned_sync(server: &PasswordServer, counted: Counted) -> Result<usize, Failure> {
    drop(counted);
    server.login_of_step()
}

#[tokio::test]
async fn each_run_clones_the_arguments_once() {
    let clones = |count: &Arc<AtomicUsize>| count.swap(0, Ordering::Relaxed);
    let count = Arc::new(AtomicUsize::new(0));
    let argument = || Counted(count.clone());
    let server = serving("rotating/cloned", Plan::Nothing);
    cloned(&server, argument()).await.unwrap();
    assert_eq!(clones(&count), 1);
    let server = serving("rotating/cloned", Plan::Rotates);
    cloned(&server, argument()).await.unwrap();
    assert_eq!(clones(&count), 2);
    let server = serving("rotating/cloned-sync", Plan::Nothing);
    cloned_sync(&server, argument()).unwrap();
    assert_eq!(clones(&count), 1);
    let server = serving("rotating/cloned-sync", Plan::Rotates);
    cloned_sync(&server, argument()).unwrap();
    assert_eq!(clones(&count), 2);
}

type Paths = Arc<std::sync::Mutex<Vec<PathBuf>>>;

/// Records the path of the run's file, and checks that those of earlier runs are gone.
fn keep_file(paths: &Paths, id: &str) -> Result<(), Failure> {
    let mut paths = paths.lock().unwrap();
    assert!(paths.iter().all(|path| !path.exists()), "a file outlives its run");
    let path = current_context().secrets.file(id, "password")?;
    assert!(path.exists());
    paths.push(path);
    Ok(())
}

#[secrets(sources = ["rotating/files"], refresh_on = Failure::is_denied)]
async fn files(server: &PasswordServer, paths: Paths) -> Result<usize, Failure> {
    keep_file(&paths, "rotating/files")?;
    server.login_of_step()
}

#[secrets(sources = ["rotating/files-sync"], refresh_on = Failure::is_denied)]
fn files_sync(server: &PasswordServer, paths: Paths) -> Result<usize, Failure> {
    keep_file(&paths, "rotating/files-sync")?;
    server.login_of_step()
}

#[tokio::test]
async fn the_files_of_a_run_end_with_it() {
    let paths = Paths::default();
    files(&serving("rotating/files", Plan::Rotates), paths.clone()).await.unwrap();
    files_sync(&serving("rotating/files-sync", Plan::Rotates), paths.clone()).unwrap();
    let paths = paths.lock().unwrap();
    assert_eq!(paths.len(), 4);
    assert!(paths.iter().all(|path| !path.exists()));
}

/// Counts the drops that see the secrets, and those that see none.
struct Sees(Arc<[AtomicUsize; 2]>);

impl Drop for Sees {
    fn drop(&mut self) {
        self.0[usize::from(try_current_context().is_some())].fetch_add(1, Ordering::Relaxed);
    }
}

#[secrets(sources = ["rotating/dropped"], refresh_on = Failure::is_denied)]
async fn dropped(
    server: &PasswordServer,
    seen: &Arc<[AtomicUsize; 2]>,
    paths: Paths,
    rest: usize,
) -> Result<usize, Failure> {
    let _sees = Sees(seen.clone());
    keep_file(&paths, "rotating/dropped")?;
    let run = server.login_of_step();
    if run.as_ref().map_or(1, |run| *run) == rest {
        std::future::pending::<()>().await;
    }
    run
}

#[tokio::test]
async fn a_future_that_is_dropped_drops_its_body_inside() {
    for rest in [1, 2] {
        let server = serving("rotating/dropped", Plan::Rotates);
        let (seen, paths) = (Arc::default(), Paths::default());
        {
            let mut step = pin!(dropped(&server, &seen, paths.clone(), rest));
            for _ in 0..10 {
                let poll = poll_fn(|task| Poll::Ready(step.as_mut().poll(task))).await;
                assert!(poll.is_pending());
            }
            assert_eq!(server.counts().0, rest);
        }
        assert!(try_current_context().is_none());
        assert_eq!(seen[1].load(Ordering::Relaxed), rest, "the body is dropped in its context");
        assert_eq!(seen[0].load(Ordering::Relaxed), 0);
        assert!(paths.lock().unwrap().iter().all(|path| !path.exists()));
    }
}
