use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
};

use foldhash::quality::RandomState;

use crate::{
    core::secret_value::SecretValue,
    mask::{
        dictionary::Dictionary,
        forms,
        scan::{self, Scan},
        stream::{self, MASK},
        wiped_bytes,
        wrapped_base64::WrappedScan,
    },
};

/// Replaces each secret that it knows by `***`, in every form.
///
/// A clone is cheap and shares its values: a value that is added to one is masked by all. The [module](crate::mask)
/// says which forms are found.
#[derive(Clone, Default)]
pub struct Masker(Arc<RwLock<MaskerState>>);

/// The state of a masker, behind its lock.
#[derive(Default)]
struct MaskerState {
    /// Called with each new value.
    listener: Option<Listener>,
    values: HashSet<KnownValue, RandomState>,
    dictionary: Dictionary,
}

/// A function that is called with each value that is masked from then on.
type Listener = Arc<dyn Fn(&SecretValue) + Send + Sync>;

/// A value that is compared by its bytes.
struct KnownValue(SecretValue);

impl Masker {
    /// Returns a masker without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, which from then on is masked, also by existing writers. A value that is too short or too common
    /// is ignored, as the [module](crate::mask) says.
    pub fn add(&self, value: &SecretValue) {
        // Exposed to be found and masked.
        if !forms::is_maskable(value.expose_bytes()) {
            return;
        }
        let listener = {
            let state = self.read();
            if state.values.contains(&KnownValue(value.clone())) {
                return;
            }
            state.listener.clone()
        };
        // The listener is called, and the forms are made, without a lock. Another thread that adds this value now does
        // all of this too: the listener has heard each known value.
        listener.iter().for_each(|listener| listener(value));
        if self.read().dictionary.has_ended() {
            // Everything is masked, in every form.
            return;
        }
        let mut forms = Vec::new();
        forms::of(value, &mut |form| {
            let mut copy = wiped_bytes::with_capacity(form.len());
            copy.extend_from_slice(form);
            forms.push(copy);
        });
        let mut state = self.write();
        if !state.dictionary.has_ended() && state.values.insert(KnownValue(value.clone())) {
            forms.iter().for_each(|form| state.dictionary.insert(form, 0));
        }
        // A listener that was set since may not have heard it.
        let new_listener = state.listener.clone().filter(|_| listener.is_none());
        drop(state);
        new_listener.iter().for_each(|listener| listener(value));
    }

    /// Calls `listener` with each known value, and then with each that is added, before `add` returns. It may be
    /// called more than once with a value. For a process that masks the output of this one.
    #[doc(hidden)]
    pub fn listen(&self, listener: impl Fn(&SecretValue) + Send + Sync + 'static) {
        let listener: Listener = Arc::new(listener);
        let mut state = self.write();
        // From here on, `add` passes new values to it.
        state.listener = Some(listener.clone());
        let values: Vec<_> = state.values.iter().map(|known| known.0.clone()).collect();
        // The listener is called without a lock, and may use this masker itself.
        drop(state);
        values.iter().for_each(|value| listener(value));
    }

    /// Removes all values, and wipes the memory that contains them and their forms. A process calls it at its end,
    /// after its last output.
    #[doc(hidden)]
    pub fn clear(&self) {
        let state = std::mem::take(&mut *self.write());
        drop(state);
    }

    /// Removes all values, like [`clear`](Self::clear), and masks everything from then on. The listener is still
    /// called with each value that is added: a running thread may print it.
    pub(super) fn end(&self) {
        // Without waiting: a thread that masks may have stopped.
        let mut state = match self.0.try_write() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let listener = state.listener.take();
        let ended =
            MaskerState { listener, dictionary: Dictionary::ended(), ..MaskerState::default() };
        let forgotten = std::mem::replace(&mut *state, ended);
        drop(state);
        drop(forgotten);
    }

    /// Returns a text with every secret masked. If a secret contains only a part of a character, the whole character
    /// is masked.
    ///
    /// ```
    /// use secrets_runtime::{SecretValue, mask::Masker};
    ///
    /// let masker = Masker::new();
    /// masker.add(&SecretValue::from("correct"));
    /// masker.add(&SecretValue::from("correct horse"));
    /// assert_eq!(masker.mask("correct, correct horse"), "***, ***");
    /// ```
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut finds = self.finds(text.as_bytes());
        if finds.is_empty() {
            return Cow::Borrowed(text);
        }
        for find in &mut finds {
            while !text.is_char_boundary(find.start) {
                find.start -= 1;
            }
            while !text.is_char_boundary(find.end) {
                find.end += 1;
            }
        }
        scan::join(&mut finds);
        let masked = without(text.as_bytes(), &finds);
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// Returns bytes with every secret masked. Bytes that are not UTF-8 stay as they are.
    #[must_use]
    pub fn mask_bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let finds = self.finds(bytes);
        if finds.is_empty() { Cow::Borrowed(bytes) } else { Cow::Owned(without(bytes, &finds)) }
    }

    /// Returns the values that are masked.
    #[cfg(all(unix, feature = "exec"))]
    pub(super) fn values(&self) -> Vec<SecretValue> {
        self.read().values.iter().map(|known| known.0.clone()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, MaskerState> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, MaskerState> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `then` with the dictionary, and with the number of its values.
    pub(super) fn with_dictionary<R>(&self, then: impl FnOnce((&Dictionary, u64)) -> R) -> R {
        let state = self.read();
        let version = match state.dictionary.has_ended() {
            true => u64::MAX,
            false => state.values.len() as u64,
        };
        then((&state.dictionary, version))
    }

    /// Returns the places of secrets in a text: sorted, and joined if they overlap or touch.
    fn finds(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.with_dictionary(|(dictionary, _)| {
            let mut finds = Vec::new();
            let mut found = |find, _| scan::push(&mut finds, find);
            Scan::default().advance(dictionary, text, &mut found);
            WrappedScan::default().advance(dictionary, text, &mut found);
            scan::join(&mut finds);
            finds
        })
    }
}

/// Returns a text with these finds masked.
fn without(text: &[u8], finds: &[Range<usize>]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len() + MASK.len());
    stream::write_masked(text, 0..text.len(), finds, false, &mut masked);
    masked
}

impl fmt::Debug for Masker {
    /// Prints the number of values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").field("values", &self.read().values.len()).finish()
    }
}

// Both use only bytes that are masked anyway; the hash has a random key.
impl PartialEq for KnownValue {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0)
    }
}

impl Eq for KnownValue {}

impl Hash for KnownValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.expose_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_listener_hears_what_is_known_and_what_is_added() {
        let masker = Masker::new();
        masker.add(&SecretValue::from("SeNtInEl-before"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        masker.listen(move |value| hears.lock().unwrap().push(value.clone()));
        masker.add(&SecretValue::from("SeNtInEl-after"));
        let heard = heard.lock().unwrap();
        let heard: Vec<&[u8]> = heard.iter().map(SecretValue::expose_bytes).collect();
        assert_eq!(heard, [b"SeNtInEl-before".as_slice(), b"SeNtInEl-after"]);
    }

    #[test]
    fn after_the_end_everything_is_masked() {
        use std::io::Write;

        let masker = Masker::new();
        masker.add(&SecretValue::from("SeNtInEl-1"));
        let mut writer = masker.writer(Vec::new());
        writer.write_all(b"a SeNtIn").unwrap();
        masker.end();
        masker.add(&SecretValue::from("SeNtInEl-2"));
        writer.write_all(b"El-1").unwrap();
        writer.write_all(b", and more").unwrap();
        assert_eq!(writer.finish().unwrap(), b"a ***");
        assert_eq!((&*masker.mask("SeNtInEl-1 a"), &*masker.mask("")), ("***", ""));
        assert_eq!(format!("{masker:?}"), "Masker { values: 0 }");
    }

    #[test]
    fn a_listener_hears_what_is_added_after_the_end() {
        let masker = Masker::new();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        masker.listen(move |value| hears.lock().unwrap().push(value.clone()));
        masker.end();
        masker.add(&SecretValue::from("SeNtInEl-after"));
        let heard = heard.lock().unwrap();
        let heard: Vec<&[u8]> = heard.iter().map(SecretValue::expose_bytes).collect();
        assert_eq!(heard, [b"SeNtInEl-after"]);
        assert_eq!(format!("{masker:?}"), "Masker { values: 0 }");
    }

    #[test]
    fn a_listener_may_mask_and_add() {
        let masker = Masker::new();
        masker.add(&SecretValue::from("SeNtInEl-before"));
        let own = masker.clone();
        masker.listen(move |value| {
            let text = value.expose_str().unwrap();
            if text.starts_with("SeNtInEl") {
                own.add(&SecretValue::from(format!("heard {text}")));
                assert_eq!(own.mask(&format!("heard {text}")), "***");
            }
        });
        masker.add(&SecretValue::from("SeNtInEl-after"));
        assert_eq!(masker.mask("heard SeNtInEl-before, heard SeNtInEl-after"), "***, ***");
    }
}
