//! What the process's own masker learns.

#[cfg(all(unix, feature = "exec"))]
use std::borrow::Cow;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
};

use crate::{
    core::{
        secret_value::{SecretValue, WeakSecretValue},
        warning::warn_once,
    },
    mask::{forms, masker::Masker},
    payload::fields::Field,
};

/// The masker of [`Masker::current`], or what it is to learn once somebody has asked for it. Code that gets a secret
/// and code that asks for the masker take turns here, so that no secret is missed between the two.
static CURRENT: Mutex<Current> = Mutex::new(Current::Unasked(None));

enum Current {
    Unasked(Option<Box<EarlyValues>>),
    Masker(Masker),
}

/// Values that were got before there was a masker, as long as a step or the cache holds them.
#[derive(Default)]
struct EarlyValues {
    values: HashMap<usize, WeakSecretValue>,
    /// How many values there may be before those that are gone are removed.
    limit: usize,
    /// The groups and keys of those that are not masked, and why they are not.
    unmaskable: BTreeSet<(String, String, &'static str)>,
}

/// The least number of values that are kept before those that are gone are removed.
const SMALLEST_LIMIT: usize = 64;

impl Masker {
    /// Returns the process's own masker. From the first call on, it learns every value that a step or `get_secret` of
    /// this process gets, and every text into which one is filled, as by
    /// [`Secrets::render`](crate::Secrets::render). It also learns those that were got before and that a step or the cache
    /// still holds.
    ///
    /// On Linux, what it knows is wiped when the main thread ends: it has returned from `main` or has called
    /// [`std::process::exit`]. The main thread has to call this once for it. Once it is wiped, everything that other
    /// threads still write is masked.
    ///
    /// ```
    /// use secrets_runtime::{Error, get_secret_blocking, mask::Masker, testing};
    ///
    /// let masker = Masker::current();
    /// testing::with_secrets([("db", "password", "correct horse")], || {
    ///     get_secret_blocking("db")?;
    ///     assert_eq!(masker.mask("it is correct horse"), "it is ***");
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn current() -> Self {
        let _ = MAIN_THREAD.try_with(|_| ());
        let mut current = lock();
        let early = match &mut *current {
            Current::Masker(masker) => return masker.clone(),
            Current::Unasked(early) => early.take(),
        };
        let masker = Self::new();
        *current = Current::Masker(masker.clone());
        let mut unmaskable = BTreeSet::new();
        if let Some(early) = early {
            early
                .values
                .values()
                .filter_map(WeakSecretValue::upgrade)
                .for_each(|it| masker.add(&it));
            unmaskable = early.unmaskable;
        }
        drop(current);
        unmaskable.iter().for_each(|(group, key, why)| warn_of_unmaskable(group, key, why));
        masker
    }
}

thread_local! {
    /// What the end of this thread does, if it is the main thread, with which the process ends: after `main` has
    /// returned, and when the main thread calls `std::process::exit`.
    static MAIN_THREAD: Option<MainThread> = is_main_thread().then_some(MainThread);
}

/// Wipes what the masker of the process knows when it is dropped.
struct MainThread;

impl Drop for MainThread {
    fn drop(&mut self) {
        // Not by waiting: the thread that has the lock may wait for this one.
        let current = match CURRENT.try_lock() {
            Ok(current) => current,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if let Current::Masker(masker) = &*current {
            masker.end();
        }
    }
}

/// Whether this is the thread with which the process ends. Only Linux says so.
fn is_main_thread() -> bool {
    // `PID/task/TID`. The main thread has the number of the process.
    let link =
        if cfg!(target_os = "linux") { std::fs::read_link("/proc/thread-self").ok() } else { None };
    let text = link.as_deref().and_then(std::path::Path::to_str);
    text.and_then(|text| text.split_once("/task/"))
        .is_some_and(|(process, thread)| process == thread)
}

/// Learns the fields that a step or `get_secret` has got, each with its group and key.
pub(crate) fn learn<'a>(fields: impl Iterator<Item = (&'a str, &'a str, &'a Field)>) {
    let mut unmaskable = Vec::new();
    {
        let mut current = lock();
        for (group, key, field) in fields {
            let reason = forms::unmaskable_reason(field).filter(|_| !field.value.is_empty());
            let Some(reason) = reason else {
                current.learn(&field.value);
                continue;
            };
            match &mut *current {
                Current::Masker(_) => unmaskable.push((group, key, reason)),
                Current::Unasked(early) => {
                    let of_field = (group.to_owned(), key.to_owned(), reason);
                    early.get_or_insert_default().unmaskable.insert(of_field);
                }
            }
        }
    }
    unmaskable.into_iter().for_each(|(group, key, why)| warn_of_unmaskable(group, key, why));
}

/// Returns whether the process has a masker of its own.
pub(crate) fn is_learning() -> bool {
    matches!(*lock(), Current::Masker(_))
}

/// Returns a text without what the process's masker knows, or would know. Unlike [`Masker::current`], it does not switch
/// masking on.
#[cfg(all(unix, feature = "exec"))]
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    let masker = match &*lock() {
        Current::Masker(masker) => masker.clone(),
        Current::Unasked(early) => {
            let masker = Masker::new();
            let early = early.iter().flat_map(|early| early.values.values());
            early.filter_map(WeakSecretValue::upgrade).for_each(|value| masker.add(&value));
            masker
        }
    };
    masker.mask(text)
}

/// Returns the values that the process's masker knows, or would know.
#[cfg(all(unix, feature = "exec"))]
pub(crate) fn values() -> Vec<SecretValue> {
    let masker = match &*lock() {
        Current::Masker(masker) => masker.clone(),
        Current::Unasked(early) => {
            let early = early.iter().flat_map(|early| early.values.values());
            return early.filter_map(WeakSecretValue::upgrade).collect();
        }
    };
    masker.values()
}

/// Learns a text with values in it.
pub(crate) fn learn_text(text: &SecretValue) {
    lock().learn(text);
}

impl Current {
    fn learn(&mut self, value: &SecretValue) {
        match self {
            Self::Masker(masker) => masker.add(value),
            Self::Unasked(early) => early.get_or_insert_default().keep(value),
        }
    }
}

impl EarlyValues {
    fn keep(&mut self, value: &SecretValue) {
        if self.values.len() >= self.limit {
            self.values.retain(|_, value| value.is_held());
            self.limit = SMALLEST_LIMIT.max(2 * self.values.len());
        }
        let value = value.downgrade();
        self.values.insert(value.address(), value);
    }
}

fn lock() -> MutexGuard<'static, Current> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Warns once of a value that neither the mask nor the guard looks for.
pub(crate) fn warn_of_unmaskable(group: &str, key: &str, reason: &str) {
    // One text for both, so that one line says it.
    let what = match cfg!(feature = "guard") {
        true => "neither masked nor looked for by the guard",
        false => "not masked",
    };
    warn_once(&format!("the value of {group}/{key} is {what}: {reason}"));
}
