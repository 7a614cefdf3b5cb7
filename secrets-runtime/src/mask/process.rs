//! The process's own masker, and the values that it masks.

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

/// The masker of [`Masker::current`], or the values that it will have once it is requested. Code that gets a secret
/// and code that asks for the masker take this lock, so that no secret is missed between the two.
static CURRENT: Mutex<Current> = Mutex::new(Current::NotRequested(None));

enum Current {
    NotRequested(Option<Box<EarlyValues>>),
    Masker(Masker),
}

/// Values from before the masker was requested, as long as a step or the cache holds them.
#[derive(Default)]
struct EarlyValues {
    values: HashMap<usize, WeakSecretValue>,
    /// At this number of values, values that nothing holds any more are removed.
    limit: usize,
    /// The groups and keys of the fields that are not masked, and the reasons.
    unmaskable: BTreeSet<(String, String, &'static str)>,
}

/// The least number of values at which values that nothing holds are removed.
const SMALLEST_LIMIT: usize = 64;

impl Masker {
    /// Returns the process's own masker. From the first call on, it masks every value that a step or `get_secret` of
    /// this process gets, and every text that contains a filled-in value, as from
    /// [`Secrets::render`](crate::Secrets::render). It also masks earlier values that a step or the cache still holds.
    ///
    /// On Linux, its values are wiped when the main thread ends: it has returned from `main` or has called
    /// [`std::process::exit`]. The main thread has to call this once for it. After that, everything that other threads
    /// still write is masked.
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
            Current::NotRequested(early) => early.take(),
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
    /// Runs at the end of this thread, if it is the main thread, with which the process ends: after `main` has
    /// returned, and when the main thread calls `std::process::exit`.
    static MAIN_THREAD: Option<MainThread> = is_main_thread().then_some(MainThread);
}

/// Wipes the values of the process's masker when it is dropped.
struct MainThread;

impl Drop for MainThread {
    fn drop(&mut self) {
        // Without waiting: the thread that has the lock may wait for this one.
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

/// Whether this is the thread with which the process ends. Only Linux has a way to find out.
fn is_main_thread() -> bool {
    // `PID/task/TID`. The main thread has the number of the process.
    let link =
        if cfg!(target_os = "linux") { std::fs::read_link("/proc/thread-self").ok() } else { None };
    let text = link.as_deref().and_then(std::path::Path::to_str);
    text.and_then(|text| text.split_once("/task/"))
        .is_some_and(|(process, thread)| process == thread)
}

/// Adds the fields that a step or `get_secret` has got, each with its group and key.
pub(crate) fn add_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a str, &'a Field)>) {
    let mut unmaskable = Vec::new();
    {
        let mut current = lock();
        for (group, key, field) in fields {
            let reason = forms::unmaskable_reason(field).filter(|_| !field.value.is_empty());
            let Some(reason) = reason else {
                current.add(&field.value);
                continue;
            };
            match &mut *current {
                Current::Masker(_) => unmaskable.push((group, key, reason)),
                Current::NotRequested(early) => {
                    let of_field = (group.to_owned(), key.to_owned(), reason);
                    early.get_or_insert_default().unmaskable.insert(of_field);
                }
            }
        }
    }
    unmaskable.into_iter().for_each(|(group, key, why)| warn_of_unmaskable(group, key, why));
}

/// Returns whether the process has a masker of its own.
pub(crate) fn has_masker() -> bool {
    matches!(*lock(), Current::Masker(_))
}

/// Returns a text that the process's masker has masked, or would mask. Unlike [`Masker::current`], this does not
/// switch masking on.
#[cfg(all(unix, feature = "exec"))]
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    let masker = match &*lock() {
        Current::Masker(masker) => masker.clone(),
        Current::NotRequested(early) => {
            let masker = Masker::new();
            let early = early.iter().flat_map(|early| early.values.values());
            early.filter_map(WeakSecretValue::upgrade).for_each(|value| masker.add(&value));
            masker
        }
    };
    masker.mask(text)
}

/// Returns the values that the process's masker masks, or would mask.
#[cfg(all(unix, feature = "exec"))]
pub(crate) fn values() -> Vec<SecretValue> {
    let masker = match &*lock() {
        Current::Masker(masker) => masker.clone(),
        Current::NotRequested(early) => {
            let early = early.iter().flat_map(|early| early.values.values());
            return early.filter_map(WeakSecretValue::upgrade).collect();
        }
    };
    masker.values()
}

/// Adds a text that contains values.
pub(crate) fn add_text(text: &SecretValue) {
    lock().add(text);
}

impl Current {
    fn add(&mut self, value: &SecretValue) {
        match self {
            Self::Masker(masker) => masker.add(value),
            Self::NotRequested(early) => early.get_or_insert_default().keep(value),
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

/// Warns once of a value that is not masked and that the guard does not search for.
pub(crate) fn warn_of_unmaskable(group: &str, key: &str, reason: &str) {
    // One text for both, so that one line is enough.
    let what = match cfg!(feature = "guard") {
        true => "neither masked nor looked for by the guard",
        false => "not masked",
    };
    warn_once(&format!("the value of {group}/{key} is {what}: {reason}"));
}
