//! A caller that waits for a request is not polled while nothing happens.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use secrets_runtime::{Backend, BoxFuture, Error, FetchRequest, Fetched, Resolver};
use secrets_tests::fake_backend::declared;

/// A backend that needs its own secret to answer.
#[derive(Debug, Clone, Default)]
struct Circular {
    resolver: Arc<OnceLock<Resolver>>,
    polls: Arc<AtomicUsize>,
}

impl fmt::Display for Circular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a circle")
    }
}

impl Backend for Circular {
    fn kind(&self) -> &str {
        "circular"
    }

    fn fetch<'a>(
        &'a self,
        _: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let declared = declared(&["db"]);
            let mut own = self.resolver.get().unwrap().resolve(&declared);
            let counted = std::future::poll_fn(|task| {
                self.polls.fetch_add(1, Ordering::Relaxed);
                own.as_mut().poll(task)
            });
            vec![counted.await.map(|_| Fetched::text("SeNtInEl"))]
        })
    }
}

#[tokio::test]
async fn a_backend_that_waits_for_itself_is_hardly_polled() {
    let circular = Circular::default();
    let builder = Resolver::builder().backend(circular.clone()).default_backend("circular");
    let resolver = circular.resolver.get_or_init(|| builder.build().unwrap());
    let declared = declared(&["db"]);
    let resolving = tokio::time::timeout(Duration::from_millis(200), resolver.resolve(&declared));
    assert!(resolving.await.is_err(), "it ends with SECRETS_TIMEOUT");
    let polls = circular.polls.load(Ordering::Relaxed);
    assert!(polls < 10, "{polls} polls");
}
