//! What the process's own masker learns.

use std::sync::OnceLock;

use crate::{
    backend::generation,
    core::{secret_value::SecretValue, warning::warn_once},
    mask::{forms, masker::Masker},
};

/// The masker of [`Masker::current`], once somebody has asked for it.
static CURRENT: OnceLock<Masker> = OnceLock::new();

impl Masker {
    /// Returns the process's own masker. From the first call on, it learns every value that a step or `get_secret` of
    /// this process gets, and every text that [`Secrets::render`](crate::Secrets::render) returns.
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
        let mut is_first = false;
        let masker = CURRENT.get_or_init(|| {
            is_first = true;
            Self::new()
        });
        if is_first {
            // A step that has its secrets from an earlier call fetches them again, and they are learned.
            generation::forget_all();
        }
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

/// Learns a text that was filled in.
pub(crate) fn learn_rendered(text: &SecretValue) {
    if let Some(masker) = CURRENT.get() {
        masker.add(text);
    }
}
