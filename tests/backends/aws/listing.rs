//! Listing the secrets of a region, page by page.

use std::ops::ControlFlow;

use secrets_runtime::{Backend, Error, ErrorKind, Store};
use secrets_tests::fault_server::{Fault, FaultServer};

use crate::setup::aws;

/// Runs a future inside a runtime.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The names up to `last`, and the result of the listing.
fn names(server: &FaultServer, last: &str) -> (Vec<String>, Result<(), Error>) {
    let backend = aws(&server.url);
    let store: &dyn Store = backend.as_store().unwrap();
    let mut names = Vec::new();
    let mut each = |name: String| {
        let is_last = name == last;
        names.push(name);
        if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let done = run(store.list_each(&mut each));
    (names, done)
}

#[test]
fn a_page_is_given_before_the_next_is_asked_for() {
    let server = FaultServer::start().with_many(5).with_pages_of(2);
    let (given, done) = names(&server, "");
    assert_eq!(
        (given.as_slice(), done.is_ok()),
        (&["s4", "s3", "s2", "s1", "s0"].map(String::from)[..], true)
    );
    assert_eq!(server.counts()["ListSecrets"], 3);
    server.forget();
    // A caller that stops after the first page asks for no second one.
    let (given, done) = names(&server, "s3");
    assert_eq!((given.as_slice(), done.is_ok()), (&["s4", "s3"].map(String::from)[..], true));
    assert_eq!(server.counts()["ListSecrets"], 1);
    let sorted = run(aws(&server.url).list()).unwrap();
    assert_eq!(sorted, ["s0", "s1", "s2", "s3", "s4"]);
}

#[test]
fn the_items_before_an_error_are_returned() {
    let denied = Fault::Code("AccessDeniedException", "not any more");
    let server = FaultServer::start().with_many(3).with_pages_of(1);
    let backend = aws(&server.url);
    let mut given = Vec::new();
    let mut each = |name: String| {
        if given.is_empty() {
            drop(server.clone().failing("ListSecrets", 1, denied.clone()));
        }
        given.push(name);
        ControlFlow::Continue(())
    };
    let error = run(backend.list_each(&mut each)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(given, ["s2"]);
}
