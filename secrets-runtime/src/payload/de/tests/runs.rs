//! How often a type is deserialized, and from what.
//!
//! Long because: each type stands beside what is counted with it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    fmt,
    marker::PhantomData,
    net::IpAddr,
    num::NonZeroU16,
    sync::LazyLock,
};

use serde::{
    Deserialize, Deserializer,
    de::{self, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::*;
use crate::payload::de::abort::REFUSED;

thread_local! {
    static RUNS: Cell<usize> = const { Cell::new(0) };
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The number that the documentation of `Secrets::get_as` adds to the number of fields.
const EXTRA_RUNS: usize = 5;

/// Counts how often it is deserialized.
#[derive(Debug)]
struct Counted<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Counted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RUNS.set(RUNS.get() + 1);
        T::deserialize(deserializer).map(Counted)
    }
}

/// Reads a set, and returns the number of runs too.
fn count<T: DeserializeOwned>(fields: &[(&str, &str)]) -> (Result<T, Vec<Problem>>, usize) {
    RUNS.set(0);
    let outcome = read::<Counted<T>>(fields);
    (outcome.map(|counted| counted.0), RUNS.get())
}

fn count_value<T: DeserializeOwned>(text: &str) -> (Result<T, Vec<Problem>>, usize) {
    RUNS.set(0);
    let outcome = value::<Counted<T>>(text);
    (outcome.map(|counted| counted.0), RUNS.get())
}

/// A struct of N fields, `f0` and so on, as serde derives it.
struct Wide<T, const N: usize>(PhantomData<T>);

static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..200).map(|index| format!("f{index}")).collect());

static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| NAMES.iter().map(String::as_str).collect());

fn names(count: usize) -> &'static [&'static str] {
    &WORDS[..count]
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Wide<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Wide", names(N), WideVisitor(PhantomData))
    }
}

struct WideVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for WideVisitor<T, N> {
    type Value = Wide<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct Wide")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = HashMap::new();
        while let Some(name) = map.next_key::<String>()? {
            match names(N).iter().find(|known| **known == name) {
                Some(known) if found.contains_key(known) => {
                    return Err(A::Error::duplicate_field(known));
                }
                Some(known) => drop(found.insert(*known, map.next_value::<T>()?)),
                None => drop(map.next_value::<de::IgnoredAny>()?),
            }
        }
        match names(N).iter().find(|name| !found.contains_key(*name)) {
            Some(missing) => Err(A::Error::missing_field(missing)),
            None => Ok(Wide(PhantomData)),
        }
    }
}

/// Refuses everything.
#[derive(Debug)]
struct Never;

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).and_then(|_| Err(D::Error::custom("never")))
    }
}

/// Reads sets that fit to different degrees, and returns for each what was stored and what was found.
fn check_the_bound<T: DeserializeOwned, const N: usize>() -> Vec<(Vec<&'static str>, Vec<String>)> {
    let (all, wrong) = (names(N), "SeNtInEl");
    let stored: [Vec<&str>; 4] =
        [Vec::new(), all.to_vec(), all[..N / 2].to_vec(), all.iter().copied().step_by(2).collect()];
    let read = |stored: Vec<&'static str>| {
        let fields: Vec<_> =
            stored.iter().map(|name| (*name, wrong)).chain([("x", wrong)]).collect();
        let (outcome, runs) = count::<Wide<T, N>>(&fields);
        assert!(
            runs <= N + EXTRA_RUNS,
            "{runs} runs for {N} fields, of which {} are there",
            stored.len()
        );
        (stored, messages(outcome))
    };
    stored.map(read).into()
}

#[test]
fn a_type_is_read_a_few_times_more_often_than_it_has_fields() {
    fn find_all<T: DeserializeOwned, const N: usize>() {
        for (stored, found) in check_the_bound::<T, N>() {
            let is_missing = |name: &&&str| !stored.contains(*name);
            let missing = names(N).iter().filter(is_missing).collect::<Vec<_>>();
            let (messages, lacks) = found.split_at(stored.len());
            assert!(
                messages
                    .iter()
                    .zip(&stored)
                    .all(|(m, name)| m.starts_with(&format!("db.{name}: exp")))
            );
            assert_eq!(
                lacks,
                missing
                    .iter()
                    .map(|name| format!("db.{name}: there is no such field"))
                    .collect::<Vec<_>>()
            );
        }
        let fits: Vec<_> = names(N).iter().map(|name| (*name, "1")).collect();
        let (outcome, runs) = count::<Wide<u8, N>>(&fits);
        assert!(outcome.is_ok() && runs == 1, "what fits is read once");
    }
    fn of_each_size<T: DeserializeOwned>() {
        find_all::<T, 1>();
        find_all::<T, 4>();
        find_all::<T, 20>();
        find_all::<T, 200>();
    }
    of_each_size::<u16>();
    of_each_size::<NonZeroU16>();
    of_each_size::<Vec<bool>>();
}

#[test]
fn a_type_that_refuses_everything_is_read_no_more_often() {
    fn find_each_mismatch<const N: usize>() {
        for (stored, found) in check_the_bound::<Never, N>() {
            let is_found = |name: &&str| found.contains(&format!("db.{name}: {REFUSED}"));
            assert!(stored.iter().all(is_found), "{found:?}");
        }
    }
    find_each_mismatch::<1>();
    find_each_mismatch::<4>();
    find_each_mismatch::<20>();
    find_each_mismatch::<200>();
}

#[test]
fn nested_types_are_read_no_more_often() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Outer {
        a: Wide2,
        b: Vec<Wide2>,
        c: BTreeMap<String, Wide2>,
        d: Option<Wide2>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Wide2 {
        x: NonZeroU16,
        y: IpAddr,
    }
    let bad = r#"{"x":"SeNtInEl"}"#;
    let list = format!("[{}]", [bad; 50].join(","));
    let map = format!(r#"{{"m":{bad},"n":{bad}}}"#);
    let (outcome, runs) = count::<Outer>(&[("a", bad), ("b", &list), ("c", &map), ("d", bad)]);
    assert_eq!(
        messages(outcome),
        ["db.a.x", "db.b[0].x", "db.c[..].x", "db.d.x"]
            .map(|path| format!("{path}: expected u16, found a text"))
    );
    assert!(runs <= 4 + EXTRA_RUNS, "{runs}");
    // A document is a set too, and everything inside a list is one problem.
    let (outcome, runs) = count_value::<Outer>(&format!(r#"{{"a":{bad},"c":{map}}}"#));
    let found = messages(outcome);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(runs <= 4 + EXTRA_RUNS, "{runs}");
    let (outcome, runs) = count_value::<Vec<Wide2>>(&list);
    assert_eq!((messages(outcome).len(), runs), (1, 2));
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Either {
    Port { port: u16 },
    Number(u16),
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(tag = "type")]
enum Tagged {
    Port { port: u16 },
}

#[test]
fn values_that_serde_buffers_are_read_once_more() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Flat {
        a: NonZeroU16,
        #[serde(flatten)]
        inner: Inner,
        tagged: Tagged,
        either: Either,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Inner {
        b: u16,
        c: IpAddr,
    }
    let tagged = r#"{"type":"Port","port":1}"#;
    let good =
        [("a", "1"), ("b", "2"), ("c", "::1"), ("tagged", tagged), ("either", r#"{"port":1}"#)];
    let (outcome, runs) = count::<Flat>(&good);
    assert!(outcome.is_ok() && runs == 1 + 3, "{runs}");
    for left_out in 0..good.len() {
        for wrong in 0..good.len() {
            let mut fields = good;
            fields[wrong].1 = "SeNtInEl";
            fields[left_out].0 = "other";
            let (outcome, runs) = count::<Flat>(&fields);
            assert!(runs <= good.len() + 3 + EXTRA_RUNS, "{runs}");
            if let Err(problems) = outcome {
                messages::<Flat>(Err(problems));
            }
        }
    }
}

#[test]
fn a_long_list_of_buffered_values_is_read_twice() {
    let of = |items: &[&str]| format!("[{}]", items.join(","));
    let port = r#"{"port":1}"#;
    let (outcome, runs) = count_value::<Vec<Either>>(&of(&[port; 600]));
    assert_eq!((outcome.expect("a list").len(), runs), (600, 2));
    let tagged = r#"{"type":"Port","port":1}"#;
    let (outcome, runs) = count_value::<Vec<Tagged>>(&of(&[tagged; 600]));
    assert_eq!((outcome.expect("a list").len(), runs), (600, 2));
}

#[test]
fn a_type_that_asks_forever_is_refused() {
    /// Needs another field each time.
    struct More;
    impl<'de> Deserialize<'de> for More {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            HashMap::<String, de::IgnoredAny>::deserialize(deserializer)?;
            Err(D::Error::missing_field(format!("m{}", RUNS.get()).leak()))
        }
    }
    /// Fails with each kind of serde's errors in turn.
    struct Erratic;
    impl<'de> Deserialize<'de> for Erratic {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(ErraticVisitor)
        }
    }
    struct ErraticVisitor;
    impl<'de> Visitor<'de> for ErraticVisitor {
        type Value = Erratic;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Erratic, A::Error> {
            while map.next_key::<SecretValue>()?.is_some() {
                let _ = map.next_value::<Vec<Tagged>>();
                let _ = map.next_value::<SecretValue>();
            }
            Err(match RUNS.get() % 5 {
                0 => A::Error::missing_field("a"),
                1 => A::Error::duplicate_field("b"),
                2 => A::Error::unknown_field("c", &[]),
                3 => A::Error::missing_field("d"),
                _ => A::Error::custom("no"),
            })
        }
    }
    /// Contains itself and nothing else.
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "it cannot be read")]
    struct Endless(Box<Endless>);
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "it cannot be read")]
    struct Optional(Option<Box<Optional>>);
    /// Asks for all items of a list.
    struct Long;
    impl<'de> Deserialize<'de> for Long {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Items;
            impl<'de> Visitor<'de> for Items {
                type Value = Long;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a long list")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Long, A::Error> {
                    while seq.next_element::<u8>()?.is_some() {}
                    Ok(Long)
                }
            }
            deserializer.deserialize_tuple(usize::MAX, Items)
        }
    }
    /// Doubles with each letter.
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "it cannot be read")]
    struct Twice<T>(Box<T>, Box<T>);
    type Times16<T> = Twice<Twice<Twice<Twice<T>>>>;
    type Times65536<T> = Times16<Times16<Times16<Times16<T>>>>;

    let (outcome, runs) = count::<More>(&[("a", "SeNtInEl")]);
    assert!(messages(outcome).len() < 600 && runs <= 512, "{runs}");
    let (outcome, runs) = count::<Erratic>(&[("a", "SeNtInEl"), ("b", "1")]);
    messages(outcome);
    assert!(runs <= 2 + 2 * EXTRA_RUNS, "{runs}");
    let (outcome, runs) = count::<Endless>(&[("a", "SeNtInEl")]);
    assert_eq!((messages(outcome).len(), runs), (1, 2));
    let (outcome, runs) = count::<Optional>(&[("a", "SeNtInEl")]);
    assert_eq!((messages(outcome).len(), runs), (1, 2));
    for (found, runs) in
        [missing_one::<Long>(), missing_one::<Times65536<u8>>(), missing_one::<Endless>()]
    {
        assert_eq!(found, ["db.it: there is no such field"]);
        assert!(runs <= 1 + EXTRA_RUNS, "{runs}");
    }
}

/// Returns the problems of a missing field for which no placeholder fits.
fn missing_one<T: DeserializeOwned>() -> (Vec<String>, usize) {
    #[derive(Deserialize)]
    #[serde(bound = "T: DeserializeOwned")]
    #[allow(dead_code, reason = "it cannot be read")]
    struct Holder<T> {
        it: T,
        after: u8,
    }
    let (outcome, runs) = count::<Holder<T>>(&[("other", "SeNtInEl")]);
    (messages(outcome), runs)
}

/// Records each text from which it is created, and fails unless the text is a number.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Seen;

impl TryFrom<String> for Seen {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        SEEN.with_borrow_mut(|seen| seen.push(text.clone()));
        text.parse::<u16>().map(|_| Self)
    }
}

fn seen_in<T: DeserializeOwned>(fields: &[(&str, &str)]) -> (usize, Vec<String>) {
    SEEN.take();
    (messages(read::<T>(fields).map(drop)).len(), SEEN.take())
}

#[test]
fn no_placeholder_is_used_unless_a_field_is_missing() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Three {
        a: Seen,
        b: Seen,
        c: u16,
    }
    let stored =
        |seen: &[String]| seen.iter().all(|text| ["7", "8", "SeNtInEl"].contains(&&**text));
    let (problems, seen) = seen_in::<Three>(&[("a", "SeNtInEl"), ("b", "8"), ("c", "SeNtInEl")]);
    assert!(problems == 2 && stored(&seen), "{seen:?}");
    // One field is missing, and no other can be.
    let (problems, seen) = seen_in::<Three>(&[("a", "7"), ("b", "8")]);
    assert!(problems == 1 && stored(&seen), "{seen:?}");
    let (problems, seen) = seen_in::<Three>(&[("c", "1")]);
    assert_eq!((problems, seen), (2, vec!["1".to_owned(); 3]));
    let (problems, seen) = seen_in::<HashMap<String, Seen>>(&[("a", "SeNtInEl"), ("b", "8")]);
    assert!(problems == 1 && stored(&seen), "{seen:?}");
}

#[test]
fn a_placeholder_leads_nowhere() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Odd {
        ip: IpAddr,
        v4: std::net::Ipv4Addr,
        v6: std::net::Ipv6Addr,
        at: std::net::SocketAddr,
        at4: std::net::SocketAddrV4,
        at6: std::net::SocketAddrV6,
        url: Expecting<0>,
        uuid: Expecting<1>,
        last: u8,
    }
    /// Accepts any text, and says that it expects one of these.
    struct Expecting<const N: usize>;
    impl<'de, const N: usize> Deserialize<'de> for Expecting<N> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Text<const N: usize>;
            impl<const N: usize> Visitor<'_> for Text<N> {
                type Value = Expecting<N>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(["a string representing an URL", "a formatted UUID string"][N])
                }
                fn visit_str<E>(self, text: &str) -> Result<Expecting<N>, E> {
                    SEEN.with_borrow_mut(|seen| seen.push(text.to_owned()));
                    Ok(Expecting)
                }
            }
            deserializer.deserialize_str(Text::<N>)
        }
    }
    let (problems, mut seen) = seen_in::<Odd>(&[]);
    assert_eq!(problems, 9);
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["00000000-0000-0000-0000-000000000000", "data:,"]);
}

#[test]
fn a_missing_field_is_found_before_one_that_refuses_its_placeholder() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Five {
        first: u16,
        second: u16,
        #[serde(alias = "odd")]
        never: Never,
        after: u16,
        last: Option<u16>,
    }
    let wrong = [("odd", "SeNtInEl"), ("first", "SeNtInEl"), ("last", "SeNtInEl")];
    let (outcome, runs) = count::<Five>(&wrong);
    assert!(runs <= 5 + EXTRA_RUNS, "{runs}");
    assert_eq!(
        messages(outcome),
        [
            "db.odd: the type refuses the value",
            "db.first: expected u16, found a text",
            "db.last: expected u16, found a text",
            "db.second: there is no such field",
        ]
    );
    // The field exists under another name and did not fit, so it is not missing.
    let wrong = [("odd", "SeNtInEl"), ("first", "1"), ("second", "1"), ("after", "1")];
    let (outcome, runs) = count::<Five>(&wrong);
    assert_eq!(messages(outcome), ["db.odd: the type refuses the value"]);
    assert!(runs <= 5 + EXTRA_RUNS, "{runs}");
}

#[test]
fn a_variant_with_fields_gets_a_placeholder() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    enum Mode {
        Window { from: u8, to: u8 },
        Pair(u8, u8),
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Holder {
        mode: Mode,
        after: u8,
    }
    assert_eq!(
        messages(read::<Holder>(&[])),
        ["db.mode: there is no such field", "db.after: there is no such field"]
    );
    assert_eq!(
        messages(read::<Holder>(&[("mode", r#"{"Window":{"from":"SeNtInEl","to":1}}"#)])),
        ["db.mode.Window.from: expected u8, found a text", "db.after: there is no such field"]
    );
    assert_eq!(
        messages(read::<Holder>(&[("mode", r#"{"Window":{"from":1}}"#), ("after", "1")])),
        ["db.mode.Window.to: there is no such field"]
    );
}

#[test]
fn a_placeholder_is_not_a_duplicate_field() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Two {
        #[serde(alias = "a2")]
        a: u16,
        b: u16,
    }
    let (outcome, runs) = count::<Two>(&[("a", "SeNtInEl"), ("a2", "1")]);
    assert_eq!(
        messages(outcome),
        ["db.a: expected u16, found a text", "db.b: there is no such field"]
    );
    assert!(runs <= 3 + EXTRA_RUNS, "{runs}");
}

#[test]
fn a_type_may_accept_any_value() {
    /// Zero for a text that is not a number.
    #[derive(Debug, PartialEq)]
    struct Lenient(Vec<u16>);
    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct All;
            impl<'de> Visitor<'de> for All {
                type Value = Lenient;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lenient, A::Error> {
                    let mut all = Vec::new();
                    while map.next_key::<String>()?.is_some() {
                        all.push(map.next_value().unwrap_or_default());
                    }
                    Ok(Lenient(all))
                }
            }
            deserializer.deserialize_map(All)
        }
    }
    let (outcome, runs) = count::<Lenient>(&[("a", "1"), ("b", "SeNtInEl"), ("c", "3")]);
    assert_eq!((outcome.expect("numbers"), runs), (Lenient(vec![1, 0, 3]), 1));
}

#[test]
fn the_name_of_a_variant_is_a_value_too() {
    /// Accepts every name as that of a variant that contains a number.
    struct Open;
    impl<'de> Deserialize<'de> for Open {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Names;
            impl<'de> Visitor<'de> for Names {
                type Value = Open;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a variant")
                }
                fn visit_enum<A: de::EnumAccess<'de>>(self, data: A) -> Result<Open, A::Error> {
                    let (_, variant) = data.variant::<String>()?;
                    de::VariantAccess::newtype_variant::<u16>(variant).map(|_| Open)
                }
            }
            deserializer.deserialize_enum("Open", &["Any"], Names)
        }
    }
    let found = messages(value::<Open>("SeNtInEl").map(drop));
    assert_eq!(found, ["db.it: expected an object with the variant, found a text"]);
}
