use std::{
    any::Any,
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Weak},
    task::Waker,
    time::{Duration, Instant},
};

use crate::{
    backend::{Fetched, generation},
    cache::{
        key::Key,
        lookup::{Got, Kept, Need},
        single_flight::Flight,
    },
    rt::timer::Alarm,
};

/// How many secrets are kept at most; the one that ends first makes room.
const MOST: usize = 10_000;

/// What is kept and what is under way.
#[derive(Default)]
pub(super) struct State {
    entries: HashMap<u64, Entry>,
    /// One entry may have several names.
    index: HashMap<Key, u64>,
    /// The entries, by when they end.
    ends: BTreeSet<(Instant, u64)>,
    flights: HashMap<Key, Awaited>,
    /// What steps have made of values, and until when it serves.
    pub made: HashMap<usize, (Instant, Arc<dyn Any + Send + Sync>)>,
    alarm: Alarm,
    last: u64,
    /// Whether nothing is kept any more.
    closed: bool,
    /// How often this process had written when everything here was fetched.
    writes: u64,
}

struct Entry {
    keys: Vec<Key>,
    fetched: Fetched,
    kept: Kept,
    /// When it is dropped.
    end: Instant,
    /// Until then its backend, which failed, is not asked again.
    paused: Option<Instant>,
}

/// A flight that a key is waited for in, and at which place.
pub(super) struct Awaited {
    pub number: u64,
    pub asked: Instant,
    /// When it ends, if the backend lets it.
    pub deadline: Instant,
    pub flight: Weak<Flight>,
    pub place: usize,
}

pub(super) enum Found {
    Kept(Got),
    Flight(Arc<Flight>, usize),
}

/// A value that serves though it has expired.
pub(super) struct Stale {
    pub got: Got,
    pub asked: Instant,
    pub end: Instant,
}

/// What is dropped when nothing is locked any more.
pub(super) type Dropped = Vec<Box<dyn Any + Send>>;

impl State {
    /// What is kept for a key, or is under way.
    pub(super) fn find(&mut self, key: &Key, need: Need, now: Instant) -> Option<Found> {
        self.forget_what_was_written();
        let newer = |asked: Instant| match need {
            Need::Fresh => true,
            Need::NewerThan(than) => asked > than,
            Need::Anew => false,
        };
        let entry = self.index.get(key).and_then(|number| self.entries.get(number));
        if let Some(entry) = entry.filter(|entry| newer(entry.kept.asked))
            && let Some(until) = entry.serves_until(now)
        {
            let kept = Kept { until, ..entry.kept };
            return Some(Found::Kept(Got { answer: Ok(entry.fetched.clone()), kept: Some(kept) }));
        }
        // One that is over its time hangs in a backend that blocks: nobody more waits for it.
        let will_do = |awaited: &&Awaited| newer(awaited.asked) && now < awaited.deadline;
        let awaited = self.flights.get(key).filter(will_do)?;
        Some(Found::Flight(awaited.flight.upgrade()?, awaited.place))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A key is waited for in a flight; those who come from now on wait for this one.
    pub(super) fn begin(&mut self, key: Key, awaited: Awaited) {
        self.flights.insert(key, awaited);
    }

    /// Whether what the flight gives for the key is what is wanted: nothing newer was asked for since.
    pub(super) fn is_awaited(&self, key: &Key, number: u64) -> bool {
        let written = generation::written_since(self.writes);
        !written.iter().any(|kind| **kind == *key.kind)
            && self.flights.get(key).is_some_and(|awaited| awaited.number == number)
    }

    /// The flight is over.
    pub(super) fn end(&mut self, number: u64, keys: &[Key]) {
        for key in keys {
            if self.flights.get(key).is_some_and(|awaited| awaited.number == number) {
                self.flights.remove(key);
            }
        }
    }

    /// Keeps a value, in the place of those that it is newer than; not if one that was asked for later is kept,
    /// as a request under another name may have been faster. Tells whether it is kept.
    pub(super) fn insert(
        &mut self,
        key: &Key,
        fetched: Fetched,
        kept: Kept,
        end: Instant,
        dropped: &mut Dropped,
    ) -> bool {
        if self.closed {
            return false;
        }
        let keys = key.with_identities(&fetched.identities);
        let old: Vec<u64> = keys.iter().filter_map(|key| self.index.get(key).copied()).collect();
        let entries = || old.iter().filter_map(|number| self.entries.get(number));
        if entries().any(|old| old.kept.asked > kept.asked) {
            return false;
        }
        let mut is_change = entries().any(|old| old.serves_until(kept.asked).is_some());
        for number in old {
            self.remove(number, dropped);
        }
        while self.entries.len() >= MOST
            && let Some(&(_, first)) = self.ends.first()
        {
            self.remove(first, dropped);
            // A step may have made something of it, which would keep it.
            is_change = true;
        }
        if is_change {
            self.note_change(dropped);
        }
        let number = self.number();
        for key in &keys {
            self.index.insert(key.clone(), number);
        }
        self.ends.insert((end, number));
        self.entries.insert(number, Entry { keys, fetched, kept, end, paused: None });
        true
    }

    /// The backend has said, when it was asked at this time, that there is no value for this key or that it may
    /// not be had: the one that was kept serves no more, not as an expired one either.
    pub(super) fn refused(&mut self, key: &Key, asked: Instant) -> Dropped {
        let mut dropped = Dropped::new();
        let entry =
            self.index.get(key).and_then(|number| Some((*number, self.entries.get(number)?)));
        let Some((number, old)) = entry.filter(|(_, old)| old.kept.asked < asked) else {
            return dropped;
        };
        let served = old.serves_until(asked).is_some();
        self.remove(number, &mut dropped);
        if served {
            self.note_change(&mut dropped);
        }
        dropped
    }

    /// A value that has expired, and whether it is the first time that it serves since; its backend is left
    /// alone for a while.
    pub(super) fn stale(
        &mut self,
        key: &Key,
        now: Instant,
        pause: Duration,
    ) -> Option<(Stale, bool)> {
        let entry = self.entries.get_mut(self.index.get(key)?)?;
        if entry.end <= now {
            return None;
        }
        let is_first = entry.serves_until(now).is_none();
        if is_first {
            entry.paused = Some(now + pause);
        }
        let kept = Kept { until: entry.serves_until(now)?, ..entry.kept };
        let got = Got { answer: Ok(entry.fetched.clone()), kept: Some(kept) };
        Some((Stale { got, asked: kept.asked, end: entry.end }, is_first))
    }

    /// Lets everything of a secret expire, and what is under way come too late.
    ///
    /// From now on it serves as what has expired by itself does: until `end` at most.
    pub(super) fn expire(&mut self, secret: &Key, now: Instant, end: Instant) -> Dropped {
        let mut dropped = Dropped::new();
        let is_it = |key: &Key| key.kind == secret.kind && key.secret() == secret.secret();
        let entries = self.entries.values().filter(|entry| entry.keys.iter().any(is_it));
        let others = entries.flat_map(|entry| &entry.keys).map(|key| key.secret().to_owned());
        let mut ids: HashSet<String> = others.collect();
        ids.insert(secret.secret().to_owned());
        // Another role may know it by one of its other names only.
        let is_of = |key: &Key| key.kind == secret.kind && ids.contains(key.secret());
        for (number, entry) in &mut self.entries {
            if entry.keys.iter().any(is_of) {
                entry.kept.until = entry.kept.until.min(now);
                entry.paused = None;
                self.ends.remove(&(entry.end, *number));
                entry.end = entry.end.min(end);
                self.ends.insert((entry.end, *number));
            }
        }
        self.flights.retain(|key, _| !is_of(key));
        self.note_change(&mut dropped);
        dropped
    }

    /// Takes away everything; what is under way is answered, and nothing is kept from now on.
    pub(super) fn close(&mut self) -> Dropped {
        let mut dropped = Dropped::new();
        self.closed = true;
        for number in self.entries.keys().copied().collect::<Vec<_>>() {
            self.remove(number, &mut dropped);
        }
        self.flights.clear();
        self.note_change(&mut dropped);
        dropped
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes away what has ended.
    pub(super) fn take_ended(&mut self, now: Instant) -> Dropped {
        let mut dropped = Dropped::new();
        while let Some(&(end, number)) = self.ends.first()
            && end <= now
        {
            self.remove(number, &mut dropped);
        }
        let ended = self.made.extract_if(|_, (until, _)| *until <= now);
        dropped.extend(ended.map(|(_, (_, made))| Box::new(made) as Box<dyn Any + Send>));
        dropped
    }

    /// Wakes at the next end.
    pub(super) fn set_alarm(&mut self, waker: &Waker) {
        let made = self.made.values().map(|(until, _)| *until).min();
        let first = self.ends.first().map(|(end, _)| *end).into_iter().chain(made).min();
        match first {
            Some(first) => self.alarm.set(first, waker),
            None => self.alarm.clear(),
        }
    }

    /// After a write of this process to a store nothing that was read from it before serves.
    fn forget_what_was_written(&mut self) {
        let writes = generation::writes();
        if self.writes == writes {
            return;
        }
        for kind in generation::written_since(self.writes) {
            let is_of = |entry: &Entry| entry.keys.iter().any(|key| *key.kind == *kind);
            let old = self.entries.iter().filter(|(_, entry)| is_of(entry));
            for number in old.map(|(number, _)| *number).collect::<Vec<_>>() {
                self.remove(number, &mut Dropped::new());
            }
            self.flights.retain(|key, _| *key.kind != *kind);
        }
        self.made.clear();
        self.writes = writes;
    }

    /// What steps have made of values may be old.
    fn note_change(&mut self, dropped: &mut Dropped) {
        generation::note_change();
        dropped.extend(self.made.drain().map(|(_, (_, made))| Box::new(made) as Box<_>));
    }

    fn remove(&mut self, number: u64, dropped: &mut Dropped) {
        let Some(entry) = self.entries.remove(&number) else { return };
        self.ends.remove(&(entry.end, number));
        for key in &entry.keys {
            if self.index.get(key) == Some(&number) {
                self.index.remove(key);
            }
        }
        dropped.push(Box::new(entry.fetched));
    }
}

impl Entry {
    /// Until when it serves without another look; `None` if it must be fetched anew.
    fn serves_until(&self, now: Instant) -> Option<Instant> {
        let until = self.paused.unwrap_or(self.kept.until).max(self.kept.until);
        (now < until.min(self.end)).then_some(until.min(self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::{fetch_request::FetchRequest, identity::Identity, owned_request::OwnedRequest},
        backends::env::Env,
        core::secret_value::SecretValue,
    };

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
    const LONG: Duration = Duration::from_secs(60);

    fn request<'a>(id: &'a str, role: Option<&'a str>) -> FetchRequest<'a> {
        FetchRequest::named(id).with_role(role)
    }

    fn key(id: &str, role: Option<&str>) -> Key {
        Key::of(&Env::default(), &OwnedRequest::from(&request(id, role)))
    }

    /// A value of a secret that has these ids, too.
    fn fetched(value: &str, ids: &[&str], role: Option<&str>) -> Fetched {
        let identity = |id: &&str| Identity::without_options(&request(id, role));
        ids.iter().map(identity).fold(Fetched::text(value), Fetched::with_identity)
    }

    fn insert(state: &mut State, key: &Key, fetched: Fetched, asked: Instant) -> bool {
        let until = asked + LONG;
        state.insert(key, fetched, Kept { asked, until }, until, &mut Dropped::new())
    }

    fn found(state: &mut State, key: &Key, now: Instant) -> Option<String> {
        let Found::Kept(got) = state.find(key, Need::Fresh, now)? else { return None };
        let crate::backend::Content::Text(value) = got.answer.ok()?.content else { return None };
        let value: SecretValue = value;
        Some(value.expose_str().ok()?.to_owned())
    }

    #[test]
    fn a_slow_answer_under_another_name_does_not_replace_a_newer_one() {
        let (name, arn) = (key("db", None), key(ARN, None));
        let early = Instant::now();
        let late = early + Duration::from_secs(1);
        let mut state = State::default();
        assert!(insert(&mut state, &arn, fetched("SeNtInEl-new", &[ARN], None), late));
        assert!(!insert(&mut state, &name, fetched("SeNtInEl-old", &["db", ARN], None), early));
        assert_eq!(found(&mut state, &arn, late).as_deref(), Some("SeNtInEl-new"));
        assert_eq!(found(&mut state, &name, late), None);
        // What has expired by a refresh is newer all the same.
        state.expire(&arn, late, late + LONG);
        assert!(!insert(&mut state, &name, fetched("SeNtInEl-old", &["db", ARN], None), early));
        assert!(insert(&mut state, &name, fetched("SeNtInEl-3", &["db", ARN], None), late));
        assert_eq!(found(&mut state, &arn, late).as_deref(), Some("SeNtInEl-3"));
    }

    #[test]
    fn what_makes_room_leaves_the_steps_that_were_called_before_too() {
        let now = Instant::now();
        let mut state = State::default();
        let made = || Arc::new(SecretValue::from("SeNtInEl"));
        for number in 0..MOST {
            assert!(insert(&mut state, &key(&number.to_string(), None), Fetched::text("x"), now));
        }
        state.made.insert(0, (now + LONG, made()));
        assert!(insert(&mut state, &key("one more", None), Fetched::text("x"), now));
        assert_eq!((state.entries.len(), state.made.len()), (MOST, 0));
    }

    #[test]
    fn a_refresh_reaches_a_role_that_knows_the_secret_by_its_arn_only() {
        let now = Instant::now();
        let role = Some("arn:aws:iam::999999999999:role/r");
        let (own, other) = (key("db", None), key(ARN, role));
        let mut state = State::default();
        assert!(insert(&mut state, &own, fetched("SeNtInEl", &["db", ARN], None), now));
        assert!(insert(&mut state, &other, fetched("SeNtInEl", &[ARN], role), now));
        state.expire(&own, now, now + LONG);
        assert_eq!((found(&mut state, &own, now), found(&mut state, &other, now)), (None, None));
    }
}
