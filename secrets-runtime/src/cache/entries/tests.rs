use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{
    backend::{
        content::Content, fetch_request::FetchRequest, identity::Identity,
        owned_request::OwnedRequest,
    },
    cache::answer::IdentifiedRequest,
    context::provenance::Provenance,
    core::secret_value::SecretValue,
};

const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
const OTHER_ROLE: &str = "arn:aws:iam::999999999999:role/r";
const LONG: Duration = Duration::from_secs(60);

fn request<'a>(id: &'a str, role: Option<&'a str>) -> FetchRequest<'a> {
    FetchRequest::named(id).with_role(role)
}

fn key(id: &str, role: Option<&str>) -> Key {
    let request = request(id, role);
    let identity = Arc::new(Identity::without_options(&request));
    let request = Arc::new(OwnedRequest::from(&request));
    Key::of(&"env".into(), &IdentifiedRequest { request, identity })
}

/// Returns a value of a secret that has these ids too.
fn fetched(value: &str, ids: &[&str], role: Option<&str>) -> Fetched {
    let identity = |id: &&str| Identity::without_options(&request(id, role));
    ids.iter().map(identity).fold(Fetched::text(value), Fetched::with_identity)
}

fn insert(entries: &mut Entries, key: &Key, fetched: Fetched, at: Instant) -> Option<EntryId> {
    let lifetime = Lifetime { fresh_until: at + LONG, end: at + LONG };
    let value = FetchedValue {
        fetched,
        asked_at: at,
        fetched_at: SystemTime::now(),
        lifetime,
        lease: None,
    };
    entries.insert(key, value, &mut DeferredDrops::new())
}

fn found(entries: &Entries, key: &Key, now: Instant) -> Option<String> {
    let asked = OwnedRequest::from(&request("asked", None));
    let backend = (&"env".into(), crate::backend::capabilities::Capabilities::new());
    let asked = Provenance::of(backend, &asked, now, SystemTime::now());
    let answer = entries.find(key, Freshness::Unexpired, now)?.answer(asked);
    let Content::Text(value) = answer.result.ok()?.content else { return None };
    let value: SecretValue = value;
    Some(value.expose_str().ok()?.to_owned())
}

/// Derives a result from these entries.
fn derive(entries: &mut Entries, made_of: &[EntryId], now: Instant) -> (SlotId, Validity) {
    let slot = SlotId::next();
    let made_of = Reuse { entries: made_of.to_vec(), until: now + LONG };
    let value = Arc::new(SecretValue::from("SeNtInEl"));
    let validity = entries.derive(slot, made_of, value, &mut DeferredDrops::new());
    (slot, validity.expect("they are what they were"))
}

#[test]
fn a_slow_answer_under_another_name_does_not_replace_a_newer_one() {
    let (name, arn) = (key("db", None), key(ARN, None));
    let early = Instant::now();
    let late = early + Duration::from_secs(1);
    let mut entries = Entries::default();
    assert!(insert(&mut entries, &arn, fetched("SeNtInEl-new", &[ARN], None), late).is_some());
    assert!(
        insert(&mut entries, &name, fetched("SeNtInEl-old", &["db", ARN], None), early).is_none()
    );
    assert_eq!(found(&entries, &arn, late).as_deref(), Some("SeNtInEl-new"));
    assert_eq!(found(&entries, &name, late), None);
    // An entry that a refresh has made expire is newer all the same.
    entries.expire(&arn, late, late + LONG, &mut DeferredDrops::new());
    assert!(
        insert(&mut entries, &name, fetched("SeNtInEl-old", &["db", ARN], None), early).is_none()
    );
    assert!(insert(&mut entries, &name, fetched("SeNtInEl-3", &["db", ARN], None), late).is_some());
    assert_eq!(found(&entries, &arn, late).as_deref(), Some("SeNtInEl-3"));
}

#[test]
fn an_evicted_value_ends_the_steps_that_had_it_and_no_others() {
    let now = Instant::now();
    let mut entries = Entries::default();
    let ids: Vec<EntryId> = (0..MAX_ENTRIES)
        .filter_map(|n| insert(&mut entries, &key(&n.to_string(), None), Fetched::text("x"), now))
        .collect();
    let (_, of_first) = derive(&mut entries, &ids[..2], now);
    let (_, of_others) = derive(&mut entries, &ids[1..3], now);
    assert!(insert(&mut entries, &key("one more", None), Fetched::text("x"), now).is_some());
    assert_eq!(entries.entries.len(), MAX_ENTRIES);
    assert!(!of_first.is_valid() && of_others.is_valid());
}

#[test]
fn a_replaced_or_expired_or_refused_or_written_value_ends_the_steps_that_had_it_and_no_others() {
    let now = Instant::now();
    let later = now + Duration::from_secs(1);
    let of_a = key("a", None);
    let write = Write { kind: "env".to_owned(), id: "a".to_owned() };
    type Change<'a> = &'a dyn Fn(&mut Entries, &mut DeferredDrops);
    let changes: [Change<'_>; 4] = [
        &|entries, _| assert!(insert(entries, &of_a, Fetched::text("x"), later).is_some()),
        &|entries, dropped| drop(entries.expire(&of_a, later, later + LONG, dropped)),
        &|entries, dropped| entries.refused(&of_a, later, dropped),
        &|entries, dropped| entries.forget_written(&write, dropped),
    ];
    for change in changes {
        let mut entries = Entries::default();
        let a = insert(&mut entries, &of_a, Fetched::text("x"), now).expect("it is kept");
        let b = insert(&mut entries, &key("b", None), Fetched::text("x"), now).expect("kept");
        let (_, of_a) = derive(&mut entries, &[a], now);
        let (_, of_b) = derive(&mut entries, &[b], now);
        let (_, of_both) = derive(&mut entries, &[a, b], now);
        let mut dropped = DeferredDrops::new();
        change(&mut entries, &mut dropped);
        assert_eq!([of_a.is_valid(), of_b.is_valid(), of_both.is_valid()], [false, true, false]);
        // Results can no longer be derived from entries that were fetched before the change.
        let made_of = Reuse { entries: vec![a, b], until: now + LONG };
        let late = entries.derive(SlotId::next(), made_of, Arc::new(()), &mut dropped);
        assert!(late.is_none());
    }
}

#[test]
fn a_new_result_of_a_step_replaces_its_previous_one() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let now = Instant::now();
    let drops = Arc::new(AtomicUsize::new(0));
    let mut entries = Entries::default();
    let a = insert(&mut entries, &key("a", None), Fetched::text("x"), now).expect("it is kept");
    let (slot, mut dropped) = (SlotId::next(), DeferredDrops::new());
    let mut make = |until| {
        let value = Arc::new(Counted(drops.clone()));
        let made = entries.derive(slot, Reuse { entries: vec![a], until }, value, &mut dropped);
        made.expect("it is what it was")
    };
    let (first, second) = (make(now + LONG), make(now + LONG * 2));
    assert!(!first.is_valid() && second.is_valid());
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    dropped.clear();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    entries.remove_ended(now + LONG, &mut dropped);
    assert!(!second.is_valid(), "its entry has ended");
}

#[test]
fn a_write_is_known_by_every_name_of_its_secret() {
    let now = Instant::now();
    let partial = &ARN[..ARN.len() - 7];
    for written in ["db", ARN, partial] {
        let mut entries = Entries::default();
        // A role reads the secret by its ARN, so its name is not a key of the entry.
        let read = key(ARN, Some(OTHER_ROLE));
        let mut value = fetched("SeNtInEl", &[ARN], Some(OTHER_ROLE)).with_name("db");
        value.write_ids.push(partial.to_owned());
        assert!(insert(&mut entries, &read, value, now).is_some());
        assert!(insert(&mut entries, &key("d", None), Fetched::text("x"), now).is_some());
        let write = Write { kind: "env".to_owned(), id: written.to_owned() };
        let mut dropped = DeferredDrops::new();
        entries.forget_written(&write, &mut dropped);
        assert_eq!((found(&entries, &read, now), dropped.len()), (None, 1), "{written}");
        assert!(found(&entries, &key("d", None), now).is_some());
    }
}

#[test]
fn a_refresh_expires_entries_that_are_known_by_arn_only() {
    let now = Instant::now();
    let (own, other) = (key("db", None), key(ARN, Some(OTHER_ROLE)));
    let mut entries = Entries::default();
    assert!(insert(&mut entries, &own, fetched("SeNtInEl", &["db", ARN], None), now).is_some());
    assert!(
        insert(&mut entries, &other, fetched("SeNtInEl", &[ARN], Some(OTHER_ROLE)), now).is_some()
    );
    entries.expire(&own, now, now + LONG, &mut DeferredDrops::new());
    assert_eq!((found(&entries, &own, now), found(&entries, &other, now)), (None, None));
}
