//! Manages one lease: renews it while its value is needed, and then revokes it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::Poll,
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, lease::Lease},
    cache::{
        backend_call::Deadline,
        lease::{LeaseKey, call::lease_call, random, two_thirds},
        state::CacheState,
    },
    context::shared_lease::SharedLease,
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        timestamp::Timestamp,
        warning::warn,
    },
    rt::{
        clock::Clock,
        timer::{ClockSleep, Sleep},
    },
};

/// The shortest and the longest pause before a failed call is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// The most attempts to revoke a lease at a shutdown.
const LAST_TRIES: u32 = 3;

/// The background task that renews and revokes a lease. It does one at a time.
pub(super) struct LeaseKeeper {
    pub lease: Arc<SharedLease>,
    pub key: LeaseKey,
    pub backend: Arc<dyn Backend>,
    pub cache: Weak<CacheState>,
    pub clock: Clock,
    pub timeout: Duration,
}

impl LeaseKeeper {
    /// Manages the lease until it has ended or is revoked. `asked_at` is when its value was requested.
    pub(super) async fn keep(self, asked_at: Instant) {
        if self.keep_until_let_go(asked_at).await {
            self.revoke().await;
        }
        if let Some(cache) = self.cache.upgrade() {
            cache.change(|contents, _| contents.leases.remove(&self.key, &self.lease));
        }
        self.lease.finish();
    }

    /// Renews the lease while its value is needed. Returns whether it has to be revoked then.
    async fn keep_until_let_go(&self, asked_at: Instant) -> bool {
        let first = self.lease.lease();
        // A value with a lease of no duration is shared by the steps that wait for it; its lease is then revoked.
        let is_endless = first.duration().is_zero();
        let mut renew_at = asked_at + two_thirds(first.duration(), random());
        loop {
            let lease = self.lease.lease();
            let end = self.lease.end();
            match is_endless {
                true => self.wait_until_let_go().await,
                false => self.wait_until(renew_at.min(end)).await,
            }
            if self.lease.begin_revocation() {
                return is_endless || self.clock.now() < self.lease.end();
            }
            if self.clock.now() >= end {
                self.ended();
                return false;
            }
            if !self.lease.is_wanted() {
                self.let_go();
                continue;
            }
            if !lease.is_renewable() {
                self.not_renewed(end);
                renew_at = end;
                continue;
            }
            let asked_at = self.clock.now();
            match self.renew(&lease, end).await {
                Ok(renewed) => {
                    let granted = renewed.duration();
                    renew_at = asked_at + two_thirds(granted, random());
                    // A server that grants less and less is not asked for ever.
                    let renewed = match granted < first.duration() / 50 {
                        true => renewed.not_renewable(),
                        false => renewed,
                    };
                    self.lease.renewed(renewed, asked_at);
                    match granted < first.duration() / 2 {
                        true => self.outlived(),
                        false => self.extend(),
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotSupported => {
                    self.lease.cannot_be_renewed();
                    renew_at = self.clock.now();
                }
                Err(error) if error.is_transient() => {
                    let now = self.clock.now();
                    let pause = (end.saturating_duration_since(now) / 3).clamp(PAUSES.0, PAUSES.1);
                    renew_at = now + pause;
                    if renew_at >= end {
                        // The keeper waits for the end; the value is not used after it.
                        self.warn(&format!("cannot be renewed ({})", shown(&error)), true);
                    }
                }
                Err(error) => {
                    self.let_go();
                    self.warn(&format!("has ended ({})", shown(&error)), false);
                    return false;
                }
            }
        }
    }

    async fn renew(&self, lease: &Lease, end: Instant) -> Result<Lease, Error> {
        let rest = end.saturating_duration_since(self.clock.now());
        let deadline = Deadline::after(self.timeout.min(rest.max(PAUSES.0)));
        let lease = lease.clone();
        lease_call(&self.backend, deadline, move |backend| {
            Box::pin(async move { backend.renew(&lease).await })
        })
        .await
    }

    /// Revokes the lease. A call that fails for the moment is tried again until the lease ends.
    async fn revoke(&self) {
        let (lease, end) = (self.lease.lease(), self.lease.end());
        let mut tries = 0;
        loop {
            let asked = lease.clone();
            let revoked =
                lease_call(&self.backend, Deadline::after(self.timeout), move |backend| {
                    Box::pin(async move { backend.revoke(&asked).await })
                });
            let Err(error) = revoked.await else { return };
            tries += 1;
            let now = self.clock.now();
            let is_last = self.lease.is_shut_down() && tries >= LAST_TRIES;
            if !error.is_transient() || now >= end || is_last {
                self.warn(&format!("cannot be revoked ({})", shown(&error)), true);
                return;
            }
            let pause = (end.saturating_duration_since(now) / 3).clamp(PAUSES.0, PAUSES.1);
            self.pause_until(now + pause).await;
        }
    }

    /// Waits until this time, or until the lease is to be revoked.
    async fn wait_until(&self, at: Instant) {
        let mut sleep = ClockSleep::until(at, self.clock.clone());
        poll_fn(|task| {
            self.lease.set_keeper(task.waker());
            match self.lease.is_let_go() {
                true => Poll::Ready(()),
                false => Pin::new(&mut sleep).poll(task),
            }
        })
        .await;
    }

    async fn wait_until_let_go(&self) {
        poll_fn(|task| {
            self.lease.set_keeper(task.waker());
            match self.lease.is_let_go() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Waits until this time, or only for a short time if the resolver is shut down.
    async fn pause_until(&self, at: Instant) {
        let mut sleep = ClockSleep::until(at, self.clock.clone());
        let mut moment: Option<Sleep> = None;
        poll_fn(|task| {
            self.lease.set_keeper(task.waker());
            if self.lease.is_shut_down() {
                let in_a_moment = || Sleep::until(Instant::now() + PAUSES.0);
                return Pin::new(moment.get_or_insert_with(in_a_moment)).poll(task);
            }
            Pin::new(&mut sleep).poll(task)
        })
        .await;
    }

    /// Lets later steps use the value until the new end of the lease.
    fn extend(&self) {
        if let Some(cache) = self.cache.upgrade() {
            cache.change(|contents, _| contents.entries.extend_lease(&self.lease));
        }
    }

    /// Makes later steps fetch the value again.
    fn let_go(&self) {
        if let Some(cache) = self.cache.upgrade() {
            cache.change(|contents, dropped| contents.entries.drop_lease(&self.lease, dropped));
        }
    }

    /// The lease has come near its longest time: later steps get a new one.
    fn outlived(&self) {
        self.let_go();
        if self.lease.warns() {
            self.warn("is renewed for less and less time", true);
        }
    }

    /// The lease cannot be renewed: later steps get a new lease, unless the backend fails.
    fn not_renewed(&self, end: Instant) {
        if self.clock.now() < end
            && let Some(cache) = self.cache.upgrade()
        {
            cache.change(|contents, dropped| contents.entries.expire_lease(&self.lease, dropped));
        }
        if self.lease.warns() {
            self.warn("cannot be renewed", true);
        }
    }

    /// The lease has ended.
    fn ended(&self) {
        self.let_go();
        if self.lease.warns() {
            self.warn("has ended", false);
        }
    }

    /// Warns of a change of the lease, with its end if that is still to come.
    fn warn(&self, what: &str, has_end: bool) {
        let lease = self.lease.lease();
        let end = match has_end {
            true => format!("; it ends at {}", Timestamp(self.lease.expires_at())),
            false => String::new(),
        };
        let holders = match self.lease.is_held() && !self.lease.is_shut_down() {
            true => {
                "; a step that runs still has its value, and finds a new one with `refresh_on` or `with_fresh`"
            }
            false => "",
        };
        warn(&format!(
            "the lease `{}` of the secret `{}` from {} {what}{end}{holders}",
            escape_name(lease.id()),
            escape_name(self.lease.secret()),
            self.backend,
        ));
    }
}

fn shown(error: &Error) -> String {
    let message = error.problems().first().map_or("", |problem| problem.message());
    format!("{}: {message}", error.kind())
}
