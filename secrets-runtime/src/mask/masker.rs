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

/// Puts `***` in place of each secret that it knows, in whatever form.
///
/// A clone is cheap and has the same values: a value that is added to one is masked by all. The [module](crate::mask)
/// says what is found and what is not.
#[derive(Clone, Default)]
pub struct Masker(Arc<RwLock<MaskerState>>);

/// What a masker knows, behind its lock.
#[derive(Default)]
struct MaskerState {
    /// What is called with each new value.
    listener: Option<Listener>,
    values: HashSet<KnownValue, RandomState>,
    dictionary: Dictionary,
}

/// What is called with each value that is masked from then on.
type Listener = Arc<dyn Fn(&SecretValue) + Send + Sync>;

/// A value that is compared by its bytes.
struct KnownValue(SecretValue);

impl Masker {
    /// Returns a masker that knows no value yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value to those that are masked, also by the writers that exist already. A value that is too short or too
    /// common is ignored, as the [module](crate::mask) says.
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
        // Nobody who masks or logs waits for the listener or for the forms. Another thread that adds the value now does
        // all of this too: what is known was heard.
        listener.iter().for_each(|listener| listener(value));
        if self.read().dictionary.has_ended() {
            // Everything is masked, whatever the forms.
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
        // One that has come since may not have heard it.
        let new_listener = state.listener.clone().filter(|_| listener.is_none());
        drop(state);
        new_listener.iter().for_each(|listener| listener(value));
    }

    /// Calls `listener` with each value that is known, and then with each that is added, before `add` returns. It may be
    /// called more than once with a value. A process that masks the output of this one learns them so.
    #[doc(hidden)]
    pub fn listen(&self, listener: impl Fn(&SecretValue) + Send + Sync + 'static) {
        let listener: Listener = Arc::new(listener);
        let mut state = self.write();
        // It hears of what is added from here on by `add`.
        state.listener = Some(listener.clone());
        let values: Vec<_> = state.values.iter().map(|known| known.0.clone()).collect();
        // Nobody who masks or logs waits for the listener, and it may use this masker itself.
        drop(state);
        values.iter().for_each(|value| listener(value));
    }

    /// Forgets all values, and wipes the memory in which they and their forms are. A process calls it at its end, after
    /// its last output.
    #[doc(hidden)]
    pub fn clear(&self) {
        let state = std::mem::take(&mut *self.write());
        drop(state);
    }

    /// Forgets all values, as [`clear`](Self::clear) does, and masks everything from then on. The listener still hears of
    /// each value that is added: a thread that runs may print it.
    pub(super) fn end(&self) {
        // Not by waiting: a thread that masks may have stopped.
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

    /// Returns a text with every secret masked. If only a part of a character belongs to one, the whole character is
    /// masked.
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

    /// Returns bytes with every secret masked. Those that are not UTF-8 stay as they are.
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

    /// Calls `then` with the dictionary, and with how many values it has.
    pub(super) fn with_dictionary<R>(&self, then: impl FnOnce((&Dictionary, u64)) -> R) -> R {
        let state = self.read();
        let version = match state.dictionary.has_ended() {
            true => u64::MAX,
            false => state.values.len() as u64,
        };
        then((&state.dictionary, version))
    }

    /// Returns where secrets stand in a text: sorted, and joined where they overlap or touch.
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

/// Returns a text without these finds.
fn without(text: &[u8], finds: &[Range<usize>]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len() + MASK.len());
    stream::write_masked(text, 0..text.len(), finds, false, &mut masked);
    masked
}

impl fmt::Debug for Masker {
    /// Prints how many values there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").field("values", &self.read().values.len()).finish()
    }
}

// Both look at bytes that are masked anyway; the hash has a random key.
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
