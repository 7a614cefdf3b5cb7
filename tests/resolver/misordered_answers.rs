//! Backends that answer too little, too much or in another order give no step the value of another secret.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest,
    Fetched, Resolver, ResolverBuilder, ValidationLevel,
};

const TTL: Duration = Duration::from_secs(100);

/// How a backend answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Honest,
    Reversed,
    /// Each answer one place further.
    Rotated,
    WithoutFirst,
    WithoutLast,
    FirstTwice,
}

const DISHONEST: [Manner; 5] = [
    Manner::Reversed,
    Manner::Rotated,
    Manner::WithoutFirst,
    Manner::WithoutLast,
    Manner::FirstTwice,
];

/// A backend in which the value of each secret is made of its name. `alias-x` is another id of `x`; what begins with
/// `no-` it does not have.
#[derive(Debug, Clone)]
struct Hostile {
    kind: &'static str,
    manner: Arc<Mutex<Manner>>,
    says_names: bool,
    delay: Duration,
}

impl Hostile {
    fn new(manner: Manner) -> Self {
        Self {
            kind: "hostile",
            manner: Arc::new(Mutex::new(manner)),
            says_names: true,
            delay: Duration::ZERO,
        }
    }

    fn become_honest(&self) {
        self.turn(Manner::Honest);
    }

    fn turn(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn builder(&self) -> ResolverBuilder {
        Resolver::builder().backend(self.clone()).default_backend(self.kind)
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what means no good")
    }
}

fn value_of(id: &str) -> String {
    format!("SeNtInEl-{}", id.strip_prefix("alias-").unwrap_or(id))
}

impl Backend for Hostile {
    fn kind(&self) -> &str {
        self.kind
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |request: &FetchRequest<'_>| {
            let id = request.id();
            if id.starts_with("no-") {
                return Err(Error::new(ErrorKind::NotFound, "it is not here"));
            }
            let fetched = Fetched::text(value_of(id));
            Ok(match self.says_names {
                true => fetched.with_name(id.strip_prefix("alias-").unwrap_or(id)),
                false => fetched,
            })
        };
        Box::pin(async move {
            std::thread::sleep(self.delay);
            let mut answers: Vec<_> = requests.iter().map(answer).collect();
            match *self.manner.lock().unwrap() {
                Manner::Honest => (),
                Manner::Reversed => answers.reverse(),
                Manner::Rotated => answers.rotate_right(1),
                Manner::WithoutFirst => drop(answers.remove(0)),
                Manner::WithoutLast => drop(answers.pop()),
                Manner::FirstTwice => answers.insert(0, answers[0].clone()),
            }
            answers
        })
    }
}

/// A declaration of these sources; the group of each is its name, and so is the name of its field.
fn declared(names: &[&str]) -> Declaration {
    let source =
        |name: &&str| format!(r#"{{"id": "{name}", "options": {{"env_var_name": "value"}}}}"#);
    let builder = Declaration::builder("step");
    names.iter().map(source).fold(builder, |builder, it| builder.source(&it).unwrap()).build()
}

/// Reads these secrets as one step does: what it gets is right, and what it does not get is said of each.
fn resolve(resolver: &Resolver, names: &[&str]) -> Result<(), Vec<(String, ErrorKind)>> {
    match resolver.resolve_blocking(&declared(names)) {
        Ok(context) => {
            for name in names {
                let value = context.secrets.get(name, "value").unwrap();
                assert_eq!(value.expose_str().unwrap(), value_of(name), "{names:?}");
            }
            Ok(())
        }
        Err(error) => {
            assert!(!error.to_string().contains("SeNtInEl"), "{error}");
            let told = error.problems().iter().map(|it| (it.origin().to_owned(), it.kind()));
            Err(told.collect())
        }
    }
}

/// Each of them is read alone, and right: nothing wrong was kept.
fn assert_nothing_wrong_is_kept(resolver: &Resolver, names: &[&str]) {
    for name in names {
        assert_eq!(resolve(resolver, &[name]), Ok(()), "{name}");
    }
}

#[test]
fn in_batches_of_every_size() {
    let names: Vec<String> = (0..8).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for manner in DISHONEST {
        for count in 2..=names.len() {
            let names = &names[..count];
            let hostile = Hostile::new(manner);
            let resolver = hostile.builder().build().unwrap();
            let wrong = resolve(&resolver, names).unwrap_err();
            assert!(wrong.iter().all(|(_, kind)| *kind == ErrorKind::Unavailable), "{wrong:?}");
            let expected = match manner {
                // The middle one of an odd number stays where it is.
                Manner::Reversed => count / 2 * 2,
                Manner::WithoutLast => 1,
                _ => count,
            };
            assert_eq!(wrong.len(), expected, "{manner:?} of {count}: {wrong:?}");
            hostile.become_honest();
            assert_nothing_wrong_is_kept(&resolver, names);
        }
    }
}

#[test]
fn where_nothing_is_kept() {
    for manner in DISHONEST {
        let resolver = Hostile::new(manner).builder().cache_ttl(Duration::ZERO).build().unwrap();
        let wrong = resolve(&resolver, &["a", "b", "c", "d"]).unwrap_err();
        assert!(wrong.iter().all(|(_, kind)| *kind == ErrorKind::Unavailable), "{wrong:?}");
        let expected = if manner == Manner::WithoutLast { 1 } else { 4 };
        assert_eq!(wrong.len(), expected, "{manner:?}: {wrong:?}");
    }
}

#[test]
fn the_message_says_what_is_wrong_with_the_backend() {
    let resolver = Hostile::new(Manner::Reversed).builder().build().unwrap();
    let error = resolver.resolve_blocking(&declared(&["a", "b"])).unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(problem.message(), "the backend mixed up its answers: it returned `b` for `a`");
    assert!(problem.help().unwrap().contains("one answer for each request, in order"));
}

#[test]
fn answers_without_names_belong_to_requests_by_their_order() {
    let hostile = Hostile { says_names: false, ..Hostile::new(Manner::WithoutLast) };
    let resolver = hostile.builder().build().unwrap();
    let wrong = resolve(&resolver, &["a", "b", "c"]).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].0.contains('c') && wrong[0].1 == ErrorKind::Unavailable, "{wrong:?}");
    hostile.become_honest();
    assert_nothing_wrong_is_kept(&resolver, &["a", "b", "c"]);
}

#[test]
fn without_names_an_answer_left_out_keeps_nothing_in_the_cache() {
    for manner in [Manner::WithoutFirst, Manner::WithoutLast] {
        let hostile = Hostile { says_names: false, ..Hostile::new(manner) };
        let resolver = hostile.builder().build().unwrap();
        assert!(resolve(&resolver, &["a", "b", "c"]).is_err(), "{manner:?}");
        hostile.become_honest();
        assert_nothing_wrong_is_kept(&resolver, &["a", "b", "c"]);
    }
}

#[test]
fn without_names_an_answer_left_out_is_not_replaced_by_a_stale_one() {
    let (hostile, clock) = (Hostile::new(Manner::Honest), ManualClock::new());
    let hostile = Hostile { says_names: false, ..hostile };
    let builder = hostile.builder().cache_ttl(TTL).cache_stale(TTL).clock(&clock);
    let resolver = builder.build().unwrap();
    assert_eq!(resolve(&resolver, &["a", "b", "c"]), Ok(()));
    clock.advance(TTL);
    hostile.turn(Manner::WithoutFirst);
    // The values of `b` and `c` stand in the places of `a` and `b`, and `c` has none.
    let wrong = resolve(&resolver, &["a", "b", "c"]).unwrap_err();
    assert_eq!(wrong, [("c".to_owned(), ErrorKind::Unavailable)]);
}

#[test]
fn without_names_an_answer_left_out_reaches_no_step_that_joined_the_call() {
    let hostile = Hostile {
        says_names: false,
        delay: Duration::from_millis(200),
        ..Hostile::new(Manner::WithoutFirst)
    };
    let resolver = hostile.builder().build().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| resolve(&resolver, &["a", "b", "c"]));
        std::thread::sleep(Duration::from_millis(50));
        // The value of `b` stands in the place of `a`: the reader would fail at it.
        assert_eq!(resolve(&resolver, &["a"]).unwrap_err()[0].1, ErrorKind::Unavailable);
        assert!(first.join().unwrap().is_err());
    });
}

#[test]
fn an_error_of_a_short_answer_reaches_no_step_that_joined_the_call() {
    let hostile = Hostile {
        kind: "first",
        delay: Duration::from_millis(200),
        ..Hostile::new(Manner::WithoutFirst)
    };
    let builder = Resolver::builder().backend(hostile).backend(Hostile::new(Manner::Honest));
    let resolver = builder.default_backend("first,hostile").build().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| resolve(&resolver, &["a", "no-b"]));
        std::thread::sleep(Duration::from_millis(50));
        // The error of `no-b` stands in the place of `a`, which the first backend has.
        assert_eq!(resolve(&resolver, &["a"]).unwrap_err()[0].1, ErrorKind::Unavailable);
        assert!(first.join().unwrap().is_err());
    });
}

#[test]
fn with_two_names_for_one_secret() {
    let names = ["db", "alias-db", "api", "alias-queue"];
    let hostile = Hostile::new(Manner::Honest);
    let honest = hostile.builder().build().unwrap();
    assert_eq!(resolve(&honest, &names), Ok(()), "an honest backend may know a secret twice");
    for manner in DISHONEST {
        let hostile = Hostile::new(manner);
        let resolver = hostile.builder().build().unwrap();
        assert!(resolve(&resolver, &names).is_err());
        hostile.become_honest();
        assert_nothing_wrong_is_kept(&resolver, &names);
    }
}

#[test]
fn two_sources_of_one_secret_are_one_request() {
    let source = |id: &str, group: &str| {
        format!(r#"{{"id": "{id}", "group": "{group}", "options": {{"env_var_name": "value"}}}}"#)
    };
    let sources = [source("db", "again"), source("api", "api"), source("db", "db")];
    let builder = Declaration::builder("step");
    let declaration =
        sources.iter().fold(builder, |builder, it| builder.source(it).unwrap()).build();
    let hostile = Hostile::new(Manner::Reversed);
    let resolver = hostile.builder().build().unwrap();
    let error = resolver.resolve_blocking(&declaration).unwrap_err();
    assert_eq!(error.problems().len(), 3, "{error}");
    hostile.become_honest();
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    for (group, id) in [("again", "db"), ("api", "api"), ("db", "db")] {
        assert_eq!(secrets.get(group, "value").unwrap().expose_str().unwrap(), value_of(id));
    }
}

#[test]
fn in_a_chain() {
    let first = Hostile { kind: "first", ..Hostile::new(Manner::Reversed) };
    let second = Hostile::new(Manner::Honest);
    let builder = Resolver::builder().backend(first.clone()).backend(second.clone());
    let resolver = builder.default_backend("first,hostile").build().unwrap();
    // What the first one has not comes back as the value of what it has.
    let wrong = resolve(&resolver, &["no-a", "b"]).unwrap_err();
    let kinds: Vec<_> = wrong.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds, [ErrorKind::Unavailable; 2], "nor is `b` looked for in the second one");
    // And the one asked second mixes up what it alone is asked for.
    first.become_honest();
    second.turn(Manner::Reversed);
    for manner in [Manner::Reversed, Manner::Rotated, Manner::WithoutFirst] {
        second.turn(manner);
        assert_eq!(resolve(&resolver, &["b", "c"]), Ok(()), "the first one has them");
    }
    let third = Hostile { kind: "third", ..Hostile::new(Manner::Rotated) };
    let builder = Resolver::builder().backend(Empty).backend(third.clone());
    let resolver = builder.default_backend("empty,third").build().unwrap();
    let wrong = resolve(&resolver, &["a", "b", "c"]).unwrap_err();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    third.become_honest();
    assert_nothing_wrong_is_kept(&resolver, &["a", "b", "c"]);
}

/// A backend that has nothing.
#[derive(Debug)]
struct Empty;

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

impl Backend for Empty {
    fn kind(&self) -> &str {
        "empty"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let missing = |_| Err(Error::new(ErrorKind::NotFound, "there is nothing"));
        Box::pin(async move { requests.iter().map(missing).collect() })
    }
}

#[test]
fn when_the_values_have_expired_the_right_ones_serve_on() {
    let names = ["a", "b", "c", "d"];
    for manner in DISHONEST {
        let (hostile, clock) = (Hostile::new(Manner::Honest), ManualClock::new());
        let builder = hostile.builder().cache_ttl(TTL).cache_stale(TTL).clock(&clock);
        let resolver = builder.build().unwrap();
        assert_eq!(resolve(&resolver, &names), Ok(()));
        clock.advance(TTL);
        hostile.turn(manner);
        assert_eq!(resolve(&resolver, &names), Ok(()), "{manner:?}");
        assert_eq!(resolve(&resolver, &["d", "a"]), Ok(()), "{manner:?}");
        clock.advance(TTL);
        assert!(resolve(&resolver, &names).is_err(), "{manner:?}");
    }
}

#[test]
fn beside_what_is_kept() {
    for manner in DISHONEST {
        let hostile = Hostile::new(Manner::Honest);
        let resolver = hostile.builder().build().unwrap();
        assert_eq!(resolve(&resolver, &["b", "d"]), Ok(()));
        hostile.turn(manner);
        // The answers to two of them come out of the cache, those to the others do not.
        let wrong = resolve(&resolver, &["a", "b", "c", "d"]).unwrap_err();
        let told =
            |name: &str| wrong.iter().any(|(origin, _)| origin.contains(&format!("\"{name}\"")));
        let origins: Vec<_> = wrong.iter().map(|(origin, _)| origin).collect();
        assert!(!told("b") && !told("d"), "{origins:?}");
        hostile.become_honest();
        assert_eq!(resolve(&resolver, &["d", "c", "b", "a"]), Ok(()));
    }
}

#[test]
fn in_a_refresh_and_a_validation() {
    let names = ["a", "b"];
    let hostile = Hostile::new(Manner::Honest);
    let resolver = hostile.builder().build().unwrap();
    let secrets = resolver.resolve_blocking(&declared(&names)).unwrap().secrets;
    hostile.turn(Manner::FirstTwice);
    assert_eq!(secrets.refresh_blocking("a").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(secrets.get("a", "value").unwrap().expose_str().unwrap(), value_of("a"));
    let resolver = Hostile::new(Manner::Reversed).builder().build().unwrap();
    let level = ValidationLevel::SecretAndKeyExists;
    let report = resolver.validate_blocking(level, &declared(&names));
    let kinds: Vec<_> = report.checked().iter().map(|checked| checked.kind()).collect();
    assert_eq!(kinds, [Some(ErrorKind::Unavailable); 2]);
}
