//! Credentials for connection pools, which outlive every step.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use serde::de::DeserializeOwned;

use crate::{
    context::{freshness::Freshness, refresh::Attempt, secrets::Secrets},
    core::error::Error,
    declaration::{Declaration, parse::parse_source},
    resolver::{Resolver, resolution::partial::PartialResolution},
    rt::{
        block_on::block_on,
        clock::{Clock, CoarseTime},
        timer::Sleep,
    },
};

/// How long the store is asked again after a value was refused, and the pauses between.
const PATIENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// A secret that changes while a program runs, read as `T`: for a pool that asks for the current password at each
/// connect.
///
/// While the value is fresh, [`current`](Self::current) fetches nothing and takes no lock. After that it is fetched
/// again, once for all callers. A value with a lease holds the lease, which is renewed, until another value replaces
/// it.
///
/// If a fetch fails, the value is dropped if its source does not exist, is deleted or may not be read, or if the value
/// has ended. With an audit log each call asks the cache, and the returned value is recorded as a read.
///
/// ```
/// use secrets_runtime::{Error, SecretValue, pool::Rotating, testing};
///
/// #[derive(serde::Deserialize)]
/// struct Db { user: String, password: SecretValue }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let given = [("prod-db", "user", "app"), ("prod-db", "password", "x")];
/// # runtime.block_on(testing::with_secrets_async(given, async {
/// let credentials = Rotating::<Db>::new("prod-db");
/// let db = credentials.current().await?;
/// assert_eq!(db.user, "app");
/// # assert_eq!(db.password.expose_str()?, "x");
/// # Ok::<(), Error>(())
/// # }))?;
/// # Ok::<(), Error>(())
/// ```
pub struct Rotating<T> {
    source: String,
    /// `None` for the resolver of the process.
    resolver: Option<Resolver>,
    /// The present value. Only [`take`](Self::take) replaces it.
    state: ArcSwapOption<PresentValue<T>>,
    /// The number of values so far. Locked while the present value is compared with another and replaced.
    count: Mutex<u64>,
    listeners: Arc<Mutex<Listeners>>,
}

/// The present value.
struct PresentValue<T> {
    value: Arc<T>,
    secrets: Secrets,
    /// When the backend was asked for the value.
    asked_at: Option<Instant>,
    /// Until when the value can be used without asking the cache; `None` if each call asks the cache.
    fresh_until: Option<CoarseTime>,
    clock: Clock,
    /// The number of values before this one.
    number: u64,
}

impl<T> PresentValue<T> {
    #[inline]
    fn is_fresh(&self) -> bool {
        self.fresh_until.is_some_and(|until| self.clock.is_before(until))
    }

    /// Returns whether these secrets contain this value.
    fn is_in(&self, secrets: &Secrets, group: &str) -> bool {
        let (own, other) = (&self.secrets.shared().groups, &secrets.shared().groups);
        own.get(group).zip(other.get(group)).is_some_and(|(own, other)| !other.differs_from(own))
    }

    fn is_audited(&self) -> bool {
        self.secrets.shared().audit.is_some()
    }

    fn has_ended(&self) -> bool {
        let now = self.clock.now();
        let mut groups = self.secrets.shared().groups.values();
        groups.any(|group| group.provenances().any(|it| it.has_ended(now)))
    }
}

/// The tasks that wait for another version.
#[derive(Default)]
struct Listeners {
    /// The number of values so far, and the version of the last one.
    number: u64,
    version: Option<String>,
    /// The wakers by the numbers of the [`Changes`], each of which waits once.
    wakers: BTreeMap<u64, Waker>,
    /// The number of [`Changes`] so far.
    count: u64,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Rotating<T> {
    /// Creates the credentials of a source, which is written as in an attribute. It is read with the process's
    /// resolver when it is first needed, and mistakes in the text are reported then.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        let source = source.into();
        Self {
            source,
            resolver: None,
            state: ArcSwapOption::empty(),
            count: Mutex::default(),
            listeners: Arc::default(),
        }
    }

    /// Reads the source with this resolver.
    #[must_use]
    pub fn with_resolver(self, resolver: &Resolver) -> Self {
        Self { resolver: Some(resolver.clone()), ..self }
    }

    /// Returns the current value.
    ///
    /// # Errors
    /// Every problem of the source, every error of its fetch, and every problem of reading it as `T`.
    #[inline]
    pub async fn current(&self) -> Result<Arc<T>, Error> {
        // One atomic load, and the reference count of the returned value.
        if let Some(present) = &*self.state.load()
            && present.is_fresh()
        {
            return Ok(present.value.clone());
        }
        Ok(self.present().await?.value.clone())
    }

    /// Blocking version of [`current`](Self::current): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// The errors of [`current`](Self::current).
    pub fn current_blocking(&self) -> Result<Arc<T>, Error> {
        block_on(self.current())
    }

    /// Calls `work` with the current value, and once more with a new one if the first is refused.
    ///
    /// If `work` fails with an error for which `is_auth_error` returns `true`, the secret is fetched again. While the
    /// store still has the value that was refused, it is asked again for up to two seconds, as a rotation changes the
    /// password first in one place and then in the other. `work` is called again only with another value; if there is
    /// none, its error is returned.
    ///
    /// # Errors
    /// The errors of `work`, and the errors of [`current`](Self::current), converted by `From<Error>`.
    pub async fn with_fresh<F>(
        &self,
        mut work: impl FnMut(Arc<T>) -> F,
        is_auth_error: impl FnOnce(&F::Error) -> bool,
    ) -> Result<F::Value, F::Error>
    where
        F: Attempt,
        F::Error: From<Error>,
    {
        let refused = self.present().await?;
        let error = match work(refused.value.clone()).await {
            Err(error) if is_auth_error(&error) => error,
            other => return other,
        };
        match self.after(&refused).await? {
            Some(value) => work(value).await,
            None => Err(error),
        }
    }

    /// Returns the changes from now on.
    #[must_use]
    pub fn changes(&self) -> Changes<T> {
        let mut listeners = lock(&self.listeners);
        listeners.count += 1;
        let (id, seen) = (listeners.count, listeners.number);
        Changes { listeners: self.listeners.clone(), id, seen, of: PhantomData }
    }

    /// Returns the present value, fetched again if it is not fresh.
    async fn present(&self) -> Result<Arc<PresentValue<T>>, Error> {
        if let Some(present) = self.known_value()
            && present.is_fresh()
        {
            return Ok(present);
        }
        let source = parse_source(&self.source).map_err(Error::from_problems)?;
        let group = source.group().to_owned();
        let mut declaration = Declaration::empty(None);
        declaration.sources.push(source);
        let resolver = match &self.resolver {
            Some(resolver) => resolver.clone(),
            None => Resolver::current()?,
        };
        let clock = resolver.inner().cache.clock();
        loop {
            let known = self.known_value();
            let fetched = resolver.fetch(&declaration, Freshness::Unexpired).await;
            let (shared, reuse) =
                fetched.map_err(PartialResolution::into_error).inspect_err(|error| {
                    if let Some(known) = known.filter(|known| is_over(known, error)) {
                        self.discard(&known);
                    }
                })?;
            let secrets = Secrets::new(shared.clone());
            let until = reuse.map(|reuse| reuse.until);
            let present = self.take(&group, secrets, until, clock.clone())?;
            // If another call was faster, the audit log has no event of this call for its value.
            if !present.is_audited() || Arc::ptr_eq(present.secrets.shared(), &shared) {
                return Ok(present);
            }
        }
    }

    /// Takes over a fetched value, and records that it is read. If it equals the known value, that one stays, and can
    /// be used as long as the fetched one could.
    fn take(
        &self,
        group: &str,
        secrets: Secrets,
        fresh_until: Option<Instant>,
        clock: Clock,
    ) -> Result<Arc<PresentValue<T>>, Error> {
        let fresh_until = fresh_until.map(|until| clock.deadline(until));
        let asked_at = secrets.provenance(group).map(|it| it.asked_at);
        let version = secrets.provenance(group).and_then(|it| it.version().map(str::to_owned));
        secrets.record_reads_of(group)?;
        let mut read: Option<Arc<T>> = None;
        let (present, before) = loop {
            // The program's own code reads it as `T`, so nothing may be locked.
            let known = self.known_value();
            if read.is_none()
                && !known.as_ref().is_some_and(|present| present.is_in(&secrets, group))
            {
                let value = secrets.get_as(group).inspect_err(|_| {
                    // The store has another value, but it cannot be read as `T`.
                    if let Some(known) = known.filter(|known| known.asked_at <= asked_at) {
                        self.discard(&known);
                    }
                });
                read = Some(Arc::new(value?));
            }
            let mut count = lock(&self.count);
            let known = self.known_value();
            let (value, number) = match (&known, &read) {
                // Another call was faster, with a newer value.
                (Some(other), _) if other.asked_at > asked_at => return Ok(other.clone()),
                (Some(present), _) if present.is_in(&secrets, group) => {
                    (present.value.clone(), present.number)
                }
                (_, Some(value)) => {
                    *count += 1;
                    (value.clone(), *count)
                }
                // The known value has just been replaced.
                (_, None) => continue,
            };
            let present =
                Arc::new(PresentValue { value, secrets, asked_at, fresh_until, clock, number });
            self.state.store(Some(present.clone()));
            drop(count);
            break (present, known);
        };
        let number = present.number;
        drop(before);
        let mut listeners = lock(&self.listeners);
        if listeners.number < number {
            (listeners.number, listeners.version) = (number, version);
            let wakers = std::mem::take(&mut listeners.wakers);
            drop(listeners);
            wakers.into_values().for_each(Waker::wake);
        }
        Ok(present)
    }

    /// Drops a value, unless another has replaced it.
    fn discard(&self, value: &Arc<PresentValue<T>>) {
        let count = lock(&self.count);
        let present = self.known_value().filter(|present| Arc::ptr_eq(present, value));
        if present.is_some() {
            self.state.store(None);
        }
        drop(count);
    }

    /// Returns the value that follows a refused one, if the store has one soon.
    async fn after(&self, refused: &Arc<PresentValue<T>>) -> Result<Option<Arc<T>>, Error> {
        let source = parse_source(&self.source).map_err(Error::from_problems)?;
        let group = source.group();
        let end = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            // Another call whose value was refused may have found it.
            if let Some(present) = self.known_value()
                && present.number > refused.number
                && !present.is_in(&refused.secrets, group)
            {
                // The audit log does not yet have the read of this call.
                let present = if present.is_audited() { self.present().await? } else { present };
                return Ok(Some(present.value.clone()));
            }
            match refused.secrets.shared().newer_or_error(Some(group)).await {
                Ok(Some(newer)) => {
                    let shared = Arc::new(newer);
                    let secrets = Secrets::new(shared.clone());
                    let present = self.take(group, secrets, None, refused.clock.clone())?;
                    let is_recorded =
                        !present.is_audited() || Arc::ptr_eq(present.secrets.shared(), &shared);
                    if present.number > refused.number && is_recorded {
                        return Ok(Some(present.value.clone()));
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    if is_over(refused, &error) {
                        self.discard(refused);
                    }
                }
            }
            if Instant::now() + pause >= end {
                return Ok(None);
            }
            Sleep::until(Instant::now() + pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn known_value(&self) -> Option<Arc<PresentValue<T>>> {
        self.state.load_full()
    }
}

impl<T> fmt::Debug for Rotating<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Reports the changes of a [`Rotating`] secret. A change is noticed when the secret is next read.
pub struct Changes<T> {
    listeners: Arc<Mutex<Listeners>>,
    id: u64,
    seen: u64,
    of: PhantomData<fn() -> T>,
}

impl<T> Changes<T> {
    /// Waits for another value and returns its version; `None` if its backend has no versions. If several came since
    /// the last call, it is the last one.
    pub async fn next(&mut self) -> Option<String> {
        poll_fn(|task| self.poll_next(task)).await
    }

    /// Polls for another value, like [`next`](Self::next).
    pub fn poll_next(&mut self, task: &mut TaskContext<'_>) -> Poll<Option<String>> {
        let mut listeners = lock(&self.listeners);
        if listeners.number > self.seen {
            self.seen = listeners.number;
            return Poll::Ready(listeners.version.clone());
        }
        let before = listeners.wakers.insert(self.id, task.waker().clone());
        drop(listeners);
        drop(before);
        Poll::Pending
    }
}

impl<T> Drop for Changes<T> {
    fn drop(&mut self) {
        let waker = lock(&self.listeners).wakers.remove(&self.id);
        drop(waker);
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// Returns whether a value can no longer be used after a fetch has failed with this error.
fn is_over<T>(present: &PresentValue<T>, error: &Error) -> bool {
    error.is_refusal() || present.has_ended()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
