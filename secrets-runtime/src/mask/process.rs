//! What the process's own masker learns.

use std::sync::{Once, OnceLock};

use crate::{
    backend::generation,
    core::{secret_value::SecretValue, warning::warn_once},
    mask::{forms, masker::Masker},
};

/// The masker of [`Masker::current`], once somebody has asked for it.
static CURRENT: OnceLock<Masker> = OnceLock::new();

/// Ends what was read before there was a masker, once.
static FORGOTTEN: Once = Once::new();

impl Masker {
    /// Returns the process's own masker. From the first call on, it learns every value that a step or `get_secret` of
    /// this process gets, and every text into which one is filled, as by
    /// [`Secrets::render`](crate::Secrets::render).
    ///
    /// The first call also ends what the cache has, so that a step which is called again learns too.
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
        let masker = CURRENT.get_or_init(Self::new);
        // A step that has its secrets from an earlier call fetches them again, and they are learned. It comes after the
        // masker is there, and no caller goes on before it.
        FORGOTTEN.call_once(generation::forget_all);
        masker.clone()
    }
}

/// Learns the fields that a step or `get_secret` has got, each with its group and key.
pub(crate) fn learn<'a>(fields: impl Iterator<Item = (&'a str, &'a str, &'a SecretValue)>) {
    let Some(masker) = CURRENT.get() else { return };
    for (group, key, value) in fields {
        // Looked at to find out whether it is too short or too common.
        if value.is_empty() || forms::is_maskable(value.expose_bytes()) {
            masker.add(value);
        } else {
            warn_once(&format!(
                "the value of {group}/{key} is not masked: it is shorter than four bytes, or a word that every log has"
            ));
        }
    }
}

/// Whether the process has a masker of its own.
pub(crate) fn is_learning() -> bool {
    CURRENT.get().is_some()
}

/// Learns a text with values in it.
pub(crate) fn learn_text(text: &SecretValue) {
    if let Some(masker) = CURRENT.get() {
        masker.add(text);
    }
}

/// Learns a value as a filter has written it, unless the value itself is too short or too common.
pub(crate) fn learn_encoded(value: &[u8], encoded: &SecretValue) {
    if forms::is_maskable(value) {
        learn_text(encoded);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    #[test]
    fn no_first_call_returns_before_what_was_read_is_forgotten() {
        let barrier = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let _masker = Masker::current();
                    assert!(FORGOTTEN.is_completed());
                });
            }
        });
    }
}
