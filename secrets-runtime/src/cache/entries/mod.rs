//! The entries, and the results that steps derived from them.

pub(super) mod cache_entry;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    backend::{Fetched, generation::Write},
    cache::{
        answer::{EntryId, Reuse},
        derived::{DeferredDrops, DerivedResults, SlotId, Validity},
        entries::cache_entry::{CacheEntry, UsableEntry},
        key::Key,
        lease::{two_thirds, value_end},
    },
    context::{
        freshness::Freshness,
        shared_lease::{CachedLease, SharedLease},
    },
};

/// The most entries; the entry with the earliest end is evicted.
const MAX_ENTRIES: usize = 10_000;

/// The entries, and the results that steps derived from them.
#[derive(Default)]
pub(super) struct Entries {
    entries: HashMap<EntryId, CacheEntry>,
    /// One entry may have several names.
    index: HashMap<Key, EntryId>,
    /// The entries, by their ends.
    ends: BTreeSet<(Instant, EntryId)>,
    derived: DerivedResults,
    /// Whether nothing is stored any more.
    is_closed: bool,
    last: u64,
}

impl Entries {
    /// Returns the entry of a key, if it is new enough.
    pub(super) fn find(
        &self,
        key: &Key,
        freshness: Freshness,
        now: Instant,
    ) -> Option<UsableEntry<'_>> {
        let id = *self.index.get(key)?;
        let entry = self.entries.get(&id).filter(|entry| freshness.admits(entry.asked_at))?;
        entry.find(id, now)
    }

    /// Stores a value, in place of older ones with any of its keys. Returns `None` if a value that was requested later
    /// is stored already: a request under another name may have been faster.
    pub(super) fn insert(
        &mut self,
        key: &Key,
        value: FetchedValue,
        dropped: &mut DeferredDrops,
    ) -> Option<EntryId> {
        let FetchedValue { fetched, asked_at, fetched_at, lifetime, lease } = value;
        if self.is_closed {
            return None;
        }
        let keys = key.with_identities(&fetched.identities);
        let old: Vec<EntryId> =
            keys.iter().filter_map(|key| self.index.get(key).copied()).collect();
        let mut entries = old.iter().filter_map(|id| self.entries.get(id));
        if entries.any(|old| old.asked_at > asked_at) {
            return None;
        }
        for id in old {
            self.remove(id, dropped);
        }
        while self.entries.len() >= MAX_ENTRIES
            && let Some(&(_, first)) = self.ends.first()
        {
            self.remove(first, dropped);
        }
        let id = self.next_id();
        let Lifetime { fresh_until, end } = lifetime;
        self.add(
            id,
            CacheEntry {
                keys,
                fetched,
                asked_at,
                fetched_at,
                fresh_until,
                end,
                paused_until: None,
                slots: BTreeSet::new(),
                lease,
            },
        );
        Some(id)
    }

    /// Drops the value of a key that the backend does not have or refuses. It is not used as an expired value either.
    /// `asked_at` is when the backend was asked.
    pub(super) fn refused(&mut self, key: &Key, asked_at: Instant, dropped: &mut DeferredDrops) {
        let Some(&id) = self.index.get(key) else { return };
        if self.entries.get(&id).is_some_and(|old| old.asked_at < asked_at) {
            self.remove(id, dropped);
        }
    }

    /// Returns an entry that may have expired, and whether this is its first use since. From the first use on, the
    /// backend is not asked again for a while.
    pub(super) fn find_expired(
        &mut self,
        key: &Key,
        now: Instant,
        pause: Duration,
    ) -> Option<(UsableEntry<'_>, bool)> {
        let id = *self.index.get(key)?;
        let entry = self.entries.get_mut(&id)?;
        if entry.end <= now {
            return None;
        }
        let is_first = entry.usable_until(now).is_none();
        if is_first {
            entry.paused_until = Some(now + pause);
        }
        Some((entry.find(id, now)?, is_first))
    }

    /// Makes all entries of a secret expire: from now on they are usable like other expired values, until `end` at
    /// most. Returns all names of the secret.
    pub(super) fn expire(
        &mut self,
        secret: &Key,
        now: Instant,
        end: Instant,
        dropped: &mut DeferredDrops,
    ) -> HashSet<String> {
        let is_it = |key: &Key| key.kind == secret.kind && key.secret() == secret.secret();
        let entries = self.entries.values().filter(|entry| entry.keys.iter().any(is_it));
        let others = entries.flat_map(|entry| &entry.keys).map(|key| key.secret().to_owned());
        let mut names: HashSet<String> = others.collect();
        names.insert(secret.secret().to_owned());
        // Another role may know the secret by one of its other names only.
        let is_of = |key: &Key| key.kind == secret.kind && names.contains(key.secret());
        for id in self.ids(|entry| entry.keys.iter().any(is_of)) {
            let Some(entry) = self.take(id, dropped) else { continue };
            let fresh_until = entry.fresh_until.min(now);
            let end = entry.end.min(end);
            let id = self.next_id();
            self.add(id, CacheEntry { fresh_until, end, paused_until: None, ..entry });
        }
        names
    }

    /// Drops the entries of a secret that this process has written.
    pub(super) fn forget_written(&mut self, write: &Write, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.is_of(write)) {
            self.remove(id, dropped);
        }
    }

    /// Drops everything, and stores nothing from now on.
    pub(super) fn close(&mut self, dropped: &mut DeferredDrops) {
        self.is_closed = true;
        self.clear(dropped);
        self.drop_derived(dropped);
    }

    /// Lets the value of this lease be used until the lease's new end.
    pub(super) fn extend_lease(&mut self, lease: &Arc<SharedLease>) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let value_end = value_end(&entry.fetched, entry.asked_at);
            let end = value_end.map_or(lease.end(), |end| end.min(lease.end()));
            // A refresh may have made the entry expire.
            if entry.fresh_until >= entry.end {
                entry.fresh_until = end;
            }
            self.ends.remove(&(entry.end, id));
            entry.end = end;
            self.ends.insert((end, id));
        }
    }

    /// Makes the value of this lease expire: it is used only if its backend fails.
    pub(super) fn expire_lease(&mut self, lease: &Arc<SharedLease>, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            let Some(entry) = self.take(id, dropped) else { continue };
            let id = self.next_id();
            self.add(id, CacheEntry { fresh_until: entry.asked_at, ..entry });
        }
    }

    /// Drops the entry with this lease.
    pub(super) fn drop_lease(&mut self, lease: &Arc<SharedLease>, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            self.remove(id, dropped);
        }
    }

    /// Drops all entries with leases.
    pub(super) fn drop_leases(&mut self, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.lease.is_some()) {
            self.remove(id, dropped);
        }
    }

    pub(super) fn clear(&mut self, dropped: &mut DeferredDrops) {
        for id in self.ids(|_| true) {
            self.remove(id, dropped);
        }
    }

    /// Drops the entries that have ended.
    pub(super) fn remove_ended(&mut self, now: Instant, dropped: &mut DeferredDrops) {
        while let Some(&(end, id)) = self.ends.first()
            && end <= now
        {
            self.remove(id, dropped);
        }
        self.derived.end_until(now, dropped);
    }

    /// When the next entry or derived result ends.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let first = self.ends.first().map(|(end, _)| *end);
        first.into_iter().chain(self.derived.first_end()).min()
    }

    /// Stores a result that a step derived from entries, until one of them is replaced or dropped; `None` if that has
    /// already happened.
    pub(super) fn derive(
        &mut self,
        slot: SlotId,
        made_of: Reuse,
        value: Arc<dyn Any + Send + Sync>,
        dropped: &mut DeferredDrops,
    ) -> Option<Validity> {
        if !made_of.entries.iter().all(|id| self.entries.contains_key(id)) {
            return None;
        }
        for id in &made_of.entries {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.slots.insert(slot);
            }
        }
        Some(self.derived.insert(slot, made_of, value, dropped))
    }

    /// Drops all derived results.
    pub(super) fn drop_derived(&mut self, dropped: &mut DeferredDrops) {
        self.derived.end_all(dropped);
    }

    fn ids(&self, is_meant: impl Fn(&CacheEntry) -> bool) -> Vec<EntryId> {
        let meant = self.entries.iter().filter(|(_, entry)| is_meant(entry));
        meant.map(|(id, _)| *id).collect()
    }

    fn next_id(&mut self) -> EntryId {
        self.last += 1;
        EntryId::new(self.last)
    }

    fn add(&mut self, id: EntryId, entry: CacheEntry) {
        for key in &entry.keys {
            self.index.insert(key.clone(), id);
        }
        self.ends.insert((entry.end, id));
        self.entries.insert(id, entry);
    }

    /// Removes an entry, and drops the results that were derived from it.
    fn take(&mut self, id: EntryId, dropped: &mut DeferredDrops) -> Option<CacheEntry> {
        let mut entry = self.entries.remove(&id)?;
        self.ends.remove(&(entry.end, id));
        for key in &entry.keys {
            if self.index.get(key) == Some(&id) {
                self.index.remove(key);
            }
        }
        for slot in std::mem::take(&mut entry.slots) {
            self.derived.end(slot, id, dropped);
        }
        Some(entry)
    }

    fn remove(&mut self, id: EntryId, dropped: &mut DeferredDrops) {
        if let Some(entry) = self.take(id, dropped) {
            dropped.push(Box::new(entry.fetched));
            if let Some(lease) = entry.lease {
                dropped.push(Box::new(lease));
            }
        }
    }
}

/// A fetched value that is to be stored.
pub(super) struct FetchedValue {
    pub fetched: Fetched,
    pub asked_at: Instant,
    pub fetched_at: SystemTime,
    pub lifetime: Lifetime,
    pub lease: Option<CachedLease>,
}

/// How long a value can be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetime {
    pub fresh_until: Instant,
    /// Until when the value can be used if its backend fails.
    pub end: Instant,
}

impl Lifetime {
    /// Returns the lifetime of a value with a lease; the settings do not change it. If the lease cannot be renewed,
    /// its keeper makes the value expire at two thirds of its time.
    pub(super) fn of_lease(lease: &SharedLease, fetched: &Fetched, asked_at: Instant) -> Self {
        let end = lease.end();
        match (fetched.expiry(), value_end(fetched, asked_at)) {
            (Some(expiry), Some(value_end)) => {
                let fresh_until = asked_at + two_thirds(expiry, 0);
                Self { fresh_until: fresh_until.min(end), end: end.min(value_end) }
            }
            _ => Self { fresh_until: end, end },
        }
    }
}
