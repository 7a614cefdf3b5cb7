use std::{borrow::Borrow, collections::HashMap, mem};

use foldhash::fast::RandomState;
use zeroize::Zeroize;

use crate::mask::gram_filter::MIN_PATTERN;

/// Values by four bytes of a secret, which are wiped.
pub(super) struct GramMap<V>(HashMap<Gram, V, RandomState>);

#[derive(PartialEq, Eq, Hash)]
struct Gram([u8; MIN_PATTERN]);

impl Drop for Gram {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Borrow<[u8; MIN_PATTERN]> for Gram {
    fn borrow(&self) -> &[u8; MIN_PATTERN] {
        &self.0
    }
}

impl<V: Default> GramMap<V> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, gram: &[u8; MIN_PATTERN]) -> Option<&V> {
        self.0.get(gram)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8; MIN_PATTERN]> {
        self.0.keys().map(|gram| &gram.0)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.0.values()
    }

    /// Returns the value of these bytes, or a new one.
    pub(super) fn entry(&mut self, gram: [u8; MIN_PATTERN]) -> &mut V {
        if self.0.len() == self.0.capacity() {
            self.grow();
        }
        self.0.entry(Gram(gram)).or_default()
    }

    /// Moves the values to a larger map. A map that grows by itself leaves copies of its keys.
    fn grow(&mut self) {
        let capacity = (2 * self.0.capacity()).max(16);
        let mut larger = HashMap::with_capacity_and_hasher(capacity, self.0.hasher().clone());
        for (gram, value) in &mut self.0 {
            larger.insert(Gram(gram.0), mem::take(value));
        }
        self.0 = larger;
    }
}

impl<V> Default for GramMap<V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}
