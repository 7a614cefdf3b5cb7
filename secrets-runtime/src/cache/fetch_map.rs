//! Values, by the fetch that they belong to.

use std::ops::Index;

/// Identifies one fetch of a plan, all the way from the plan to the secrets of a step. Answers are found by it, so a
/// missing answer cannot shift the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FetchId(usize);

impl FetchId {
    /// Returns the id of the fetch that is added after this one.
    pub(crate) fn after(last: Option<Self>) -> Self {
        Self(last.map_or(0, |last| last.0 + 1))
    }
}

/// Values by fetch, in the order of a plan. A plan has few fetches, and adds them in order, so that a vector is
/// smaller and faster than a tree.
#[derive(Debug, Clone)]
pub(crate) struct FetchMap<T>(Vec<(FetchId, T)>);

impl<T> FetchMap<T> {
    pub(crate) fn get(&self, id: FetchId) -> Option<&T> {
        let place = self.place(id).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Sets the value of a fetch, in place of its previous one.
    pub(crate) fn insert(&mut self, id: FetchId, value: T) {
        // Almost all are added in order.
        if self.last_id().is_none_or(|last| last < id) {
            self.0.push((id, value));
            return;
        }
        match self.place(id) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn last_id(&self) -> Option<FetchId> {
        self.0.last().map(|(id, _)| *id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (FetchId, &T)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    fn place(&self, id: FetchId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
}

impl<T> Default for FetchMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Returns the value of a fetch that is known to have one: every fetch of a plan has an answer.
impl<T> Index<FetchId> for FetchMap<T> {
    type Output = T;

    fn index(&self, id: FetchId) -> &T {
        self.get(id).expect("the fetch is one of these")
    }
}

impl<T> Extend<(FetchId, T)> for FetchMap<T> {
    fn extend<I: IntoIterator<Item = (FetchId, T)>>(&mut self, values: I) {
        values.into_iter().for_each(|(id, value)| self.insert(id, value));
    }
}

impl<T> FromIterator<(FetchId, T)> for FetchMap<T> {
    fn from_iter<I: IntoIterator<Item = (FetchId, T)>>(values: I) -> Self {
        let mut map = Self::default();
        map.extend(values);
        map
    }
}

impl<T> IntoIterator for FetchMap<T> {
    type Item = (FetchId, T);
    type IntoIter = std::vec::IntoIter<(FetchId, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_fetch_whichever_others_are_there() {
        let first = FetchId::after(None);
        let second = FetchId::after(Some(first));
        let third = FetchId::after(Some(second));
        let mut map: FetchMap<&str> =
            [(third, "c"), (first, "a"), (second, "b")].into_iter().collect();
        assert_eq!((map[first], map[second], map[third]), ("a", "b", "c"));
        map.insert(third, "d");
        let all = [(first, "a"), (second, "b"), (third, "d")];
        assert_eq!(map.into_iter().collect::<Vec<_>>(), all);
        let gap: FetchMap<&str> = [(first, "a"), (third, "c")].into_iter().collect();
        assert_eq!(
            (gap.get(first), gap.get(second), gap.get(third)),
            (Some(&"a"), None, Some(&"c"))
        );
    }
}
