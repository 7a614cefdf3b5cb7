//! The values that are kept, and what was made of each.

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
        derived::{DeferredDrops, Derived, SlotId, Validity},
        entries::cache_entry::{CacheEntry, ServableEntry},
        key::Key,
        lease::{two_thirds, value_end},
    },
    context::{
        freshness::Freshness,
        shared_lease::{CachedLease, SharedLease},
    },
};

/// How many secrets are kept at most; the one that ends first makes room.
const MAX_ENTRIES: usize = 10_000;

/// The values that are kept, and what steps have made of them.
#[derive(Default)]
pub(super) struct Entries {
    entries: HashMap<EntryId, CacheEntry>,
    /// One entry may have several names.
    index: HashMap<Key, EntryId>,
    /// The entries, by when they end.
    ends: BTreeSet<(Instant, EntryId)>,
    derived: Derived,
    /// Whether nothing is kept any more.
    is_closed: bool,
    last: u64,
}

impl Entries {
    /// Returns what is kept for a key, if it will do.
    pub(super) fn find(
        &self,
        key: &Key,
        freshness: Freshness,
        now: Instant,
    ) -> Option<ServableEntry<'_>> {
        let id = *self.index.get(key)?;
        let entry = self.entries.get(&id).filter(|entry| freshness.admits(entry.asked_at))?;
        entry.find(id, now)
    }

    /// Keeps a value, in the place of those that it is newer than. Returns `None` if one that was asked for later
    /// is kept, as a request under another name may have been faster.
    pub(super) fn insert(
        &mut self,
        key: &Key,
        landed: LandedValue,
        dropped: &mut DeferredDrops,
    ) -> Option<EntryId> {
        let LandedValue { fetched, asked_at, fetched_at, lifetime, lease } = landed;
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

    /// The backend has said, when it was asked at this time, that there is no value for this key or that it may
    /// not be had: the one that was kept serves no more, not as an expired one either.
    pub(super) fn refused(&mut self, key: &Key, asked_at: Instant, dropped: &mut DeferredDrops) {
        let Some(&id) = self.index.get(key) else { return };
        if self.entries.get(&id).is_some_and(|old| old.asked_at < asked_at) {
            self.remove(id, dropped);
        }
    }

    /// Returns a value that may have expired, and whether this is the first time that it serves since; its backend
    /// is left alone for a while.
    pub(super) fn find_stale(
        &mut self,
        key: &Key,
        now: Instant,
        pause: Duration,
    ) -> Option<(ServableEntry<'_>, bool)> {
        let id = *self.index.get(key)?;
        let entry = self.entries.get_mut(&id)?;
        if entry.end <= now {
            return None;
        }
        let is_first = entry.serves_until(now).is_none();
        if is_first {
            entry.paused_until = Some(now + pause);
        }
        Some((entry.find(id, now)?, is_first))
    }

    /// Lets everything of a secret expire: from now on it serves as what has expired by itself does, until `end` at
    /// most. Returns all names that the secret has.
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
        // Another role may know it by one of its other names only.
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

    /// Drops what was read of a secret before this process wrote it.
    pub(super) fn forget_written(&mut self, write: &Write, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.is_of(write)) {
            self.remove(id, dropped);
        }
    }

    /// Drops everything, and keeps nothing from now on.
    pub(super) fn close(&mut self, dropped: &mut DeferredDrops) {
        self.is_closed = true;
        self.clear(dropped);
        self.drop_derived(dropped);
    }

    /// Lets the value of this lease serve until its new end.
    pub(super) fn extend_lease(&mut self, lease: &Arc<SharedLease>) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let value_end = value_end(&entry.fetched, entry.asked_at);
            let end = value_end.map_or(lease.end(), |end| end.min(lease.end()));
            // A refresh may have let it expire.
            if entry.fresh_until >= entry.end {
                entry.fresh_until = end;
            }
            self.ends.remove(&(entry.end, id));
            entry.end = end;
            self.ends.insert((end, id));
        }
    }

    /// Lets the value of this lease expire: it serves only while its backend fails.
    pub(super) fn expire_lease(&mut self, lease: &Arc<SharedLease>, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            let Some(entry) = self.take(id, dropped) else { continue };
            let id = self.next_id();
            self.add(id, CacheEntry { fresh_until: entry.asked_at, ..entry });
        }
    }

    /// Drops the value of this lease.
    pub(super) fn drop_lease(&mut self, lease: &Arc<SharedLease>, dropped: &mut DeferredDrops) {
        for id in self.ids(|entry| entry.has_lease(lease)) {
            self.remove(id, dropped);
        }
    }

    /// Drops all values with leases.
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

    /// Drops what has ended.
    pub(super) fn remove_ended(&mut self, now: Instant, dropped: &mut DeferredDrops) {
        while let Some(&(end, id)) = self.ends.first()
            && end <= now
        {
            self.remove(id, dropped);
        }
        self.derived.end_until(now, dropped);
    }

    /// When the next of what is kept ends.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let first = self.ends.first().map(|(end, _)| *end);
        first.into_iter().chain(self.derived.first_end()).min()
    }

    /// Keeps what a step has made of entries, as long as each of them is what it was; `None` if one is no longer.
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

    /// Drops everything that steps have made.
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

    /// Takes an entry out, and ends what steps have made of it.
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

/// A value that was fetched, to be kept.
pub(super) struct LandedValue {
    pub fetched: Fetched,
    pub asked_at: Instant,
    pub fetched_at: SystemTime,
    pub lifetime: Lifetime,
    pub lease: Option<CachedLease>,
}

/// How long a value serves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetime {
    pub fresh_until: Instant,
    /// Until when it serves while its backend fails.
    pub end: Instant,
}

impl Lifetime {
    /// That of a value with a lease, whatever the settings say. One that cannot be renewed is fetched again at two
    /// thirds of its time, which its keeper sees to.
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
