//! A backend that answers each request with a lease of its own, and records what becomes of the leases.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    task::Poll,
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver,
    ResolverBuilder, backend::Lease,
};

/// A backend whose n-th answer is the value `SeNtInEl-n`, with the lease `lease-n`.
#[derive(Clone)]
pub struct LeasingBackend(Arc<Mutex<Leasing>>);

/// What the backend does, and what it was asked for.
pub struct Leasing {
    /// How long its leases last.
    pub duration: Duration,
    /// Whether they can be renewed.
    pub is_renewable: bool,
    /// Whether all answers have the lease of the first one.
    pub is_one: bool,
    /// Whether renewals hang.
    pub is_hanging: bool,
    /// Whether revocations hang.
    pub is_keeping: bool,
    /// Whether fetches fail, and how.
    pub failure: Option<ErrorKind>,
    /// What the next renewals grant, or how they fail; after that each grants `duration`.
    pub renewals: VecDeque<Result<Duration, ErrorKind>>,
    /// How the next revocations fail; after that each succeeds.
    pub revocations: VecDeque<ErrorKind>,
    /// How many answers it has returned.
    pub fetched: usize,
    /// The leases that it was asked to renew.
    pub renewed: Vec<String>,
    /// The leases that it has revoked.
    pub revoked: Vec<String>,
    /// How many revocations have failed.
    pub revoked_in_vain: usize,
    /// How often it was shut down.
    pub shut_down: usize,
}

impl LeasingBackend {
    /// A backend whose leases last this long and can be renewed.
    pub fn new(duration: Duration) -> Self {
        Self(Arc::new(Mutex::new(Leasing {
            duration,
            is_renewable: true,
            is_one: false,
            is_hanging: false,
            is_keeping: false,
            failure: None,
            renewals: VecDeque::new(),
            revocations: VecDeque::new(),
            fetched: 0,
            renewed: Vec::new(),
            revoked: Vec::new(),
            revoked_in_vain: 0,
            shut_down: 0,
        })))
    }

    /// What it does and has done, to look at and to change.
    pub fn lock(&self) -> MutexGuard<'_, Leasing> {
        self.0.lock().unwrap()
    }

    /// The numbers of fetches and renewals, and the leases that were revoked.
    pub fn log(&self) -> (usize, usize, Vec<String>) {
        let leasing = self.lock();
        (leasing.fetched, leasing.renewed.len(), leasing.revoked.clone())
    }

    /// A builder of a resolver that has it alone, with this clock.
    pub fn builder(&self, clock: &ManualClock) -> ResolverBuilder {
        Resolver::builder().backend(self.clone()).default_backend("leasing").clock(clock)
    }
}

impl fmt::Debug for LeasingBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeasingBackend")
    }
}

impl fmt::Display for LeasingBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test's server")
    }
}

fn failed(kind: ErrorKind) -> Error {
    Error::new(kind, "the test wants this error").with_help("change the test")
}

impl Backend for LeasingBackend {
    fn kind(&self) -> &str {
        "leasing"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let mut leasing = self.lock();
            let answer = |request: &FetchRequest<'_>| {
                if let Some(kind) = leasing.failure {
                    return Err(failed(kind));
                }
                if request.id() == "missing" {
                    return Err(failed(ErrorKind::NotFound));
                }
                leasing.fetched += 1;
                let number = leasing.fetched;
                let id = if leasing.is_one { 1 } else { number };
                let lease = Lease::new(format!("lease-{id}"), leasing.duration);
                let lease = if leasing.is_renewable { lease.renewable() } else { lease };
                Ok(Fetched::text(format!("SeNtInEl-{number}")).with_lease(lease))
            };
            requests.iter().map(answer).collect()
        })
    }

    fn renew<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<Lease, Error>> {
        Box::pin(async move {
            let is_hanging = {
                let mut leasing = self.lock();
                leasing.renewed.push(lease.id().to_owned());
                leasing.is_hanging
            };
            if is_hanging {
                std::future::pending::<()>().await;
            }
            let mut leasing = self.lock();
            if leasing.revoked.iter().any(|id| id == lease.id()) {
                return Err(failed(ErrorKind::NotFound));
            }
            let granted = leasing.renewals.pop_front().unwrap_or(Ok(leasing.duration));
            granted.map(|time| Lease::new(lease.id(), time).renewable()).map_err(failed)
        })
    }

    fn revoke<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.lock().is_keeping {
                std::future::pending::<()>().await;
            }
            let mut leasing = self.lock();
            if let Some(kind) = leasing.revocations.pop_front() {
                leasing.revoked_in_vain += 1;
                return Err(failed(kind));
            }
            leasing.revoked.push(lease.id().to_owned());
            Ok(())
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            // A server answers a moment later.
            let mut is_first = true;
            std::future::poll_fn(|task| {
                task.waker().wake_by_ref();
                match std::mem::take(&mut is_first) {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                }
            })
            .await;
            self.lock().shut_down += 1;
            Ok(())
        })
    }
}

/// A leasing backend whose renewals panic.
#[derive(Debug)]
pub struct Panicking(LeasingBackend);

impl Panicking {
    /// A backend whose leases last this long.
    pub fn new(duration: Duration) -> Self {
        Self(LeasingBackend::new(duration))
    }
}

impl fmt::Display for Panicking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Backend for Panicking {
    fn kind(&self) -> &str {
        "panicking"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        self.0.fetch(requests)
    }

    fn renew<'a>(&'a self, _: &'a Lease) -> BoxFuture<'a, Result<Lease, Error>> {
        panic!("a bug in the backend")
    }
}
