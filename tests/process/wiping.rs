//! The memory of a process after its secrets have been dropped.
//!
//! The values are made of a number, byte by byte, and looked for in the same way: nothing else in the process
//! holds one.

use std::{
    fmt,
    fs::{self, File},
    os::unix::fs::FileExt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use secrets_runtime::{
    Backend, BoxFuture, Context, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver,
    ResolverBuilder, SecretValue, current_context, get_secret_blocking, secrets,
};

use crate::child::cases;

pub const CASES: &[(&str, fn())] = cases![
    the_search_finds_every_copy,
    an_expired_value_is_wiped_at_once,
    a_step_keeps_its_values_to_its_end_and_no_longer,
    a_replaced_value_is_wiped_at_once,
    the_values_of_a_cached_step_are_wiped_when_they_expire,
    a_value_that_is_replaced_while_a_step_starts_is_wiped_with_the_step,
    the_values_of_a_step_that_fails_are_wiped,
    evicted_values_are_wiped_at_once,
    a_resolver_takes_its_values_along,
];

const LENGTH: usize = 61;
const TTL: Duration = Duration::from_millis(1500);

/// The bytes of a value, which are not in the program itself.
fn byte(seed: u8, place: usize) -> u8 {
    let place = u8::try_from(place).unwrap();
    b'!' + (seed.wrapping_mul(31) ^ place.wrapping_mul(place).wrapping_mul(7)) % 90
}

/// How often a value is in the memory that the process can write.
fn copies(seed: u8) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = [0_u8; 4096 + LENGTH];
    let own = buffer.as_ptr().addr();
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (number(start), number(end));
        while at < end {
            let wanted = buffer.len().min(end - at);
            let Ok(read) = memory.read_at(&mut buffer[..wanted], at as u64) else { break };
            let is_value = |from: usize| (0..LENGTH).all(|i| buffer[from + i] == byte(seed, i));
            // Each place once, and not what was read into the buffer itself.
            let places = (0..read.saturating_sub(LENGTH - 1).min(4096)).filter(|from| {
                !(own..own + 4096 + LENGTH).contains(&(at + from)) && is_value(*from)
            });
            found += places.count();
            buffer.fill(0);
            at += 4096;
        }
    }
    found
}

/// Makes a value that is nowhere else.
#[derive(Clone, Debug)]
struct Maker(Arc<AtomicU8>);

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the maker of values")
    }
}

impl Backend for Maker {
    fn kind(&self) -> &str {
        "maker"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let seed = self.0.load(Ordering::SeqCst);
        let value = move |_| {
            let mut bytes = Vec::with_capacity(LENGTH);
            bytes.extend((0..LENGTH).map(|place| byte(seed, place)));
            Ok(Fetched::text(SecretValue::from(bytes)))
        };
        Box::pin(async move { requests.iter().map(value).collect() })
    }
}

fn maker(seed: u8) -> (Maker, ResolverBuilder) {
    let maker = Maker(Arc::new(AtomicU8::new(seed)));
    let builder = Resolver::builder().backend(maker.clone()).default_backend("maker");
    (maker, builder.cache_ttl(TTL).cache_stale(Duration::ZERO))
}

fn resolve(resolver: &Resolver, source: &str) -> Context {
    let declaration = Declaration::builder("step").source(source).unwrap().build();
    resolver.resolve_blocking(&declaration).unwrap()
}

fn the_search_finds_every_copy() {
    assert_eq!(copies(1), 0);
    let one: Vec<u8> = (0..LENGTH).map(|place| byte(1, place)).collect();
    assert_eq!(copies(1), 1);
    let another = one.clone();
    assert_eq!((copies(1), copies(2)), (2, 0));
    drop((one, another));
}

fn an_expired_value_is_wiped_at_once() {
    let (_, builder) = maker(3);
    let resolver = builder.build().unwrap();
    drop(resolve(&resolver, "db"));
    assert_eq!(copies(3), 1, "it is kept, and once");
    thread::sleep(TTL);
    // Nobody has looked: it has ended by itself.
    assert_eq!(copies(3), 0);
}

fn a_step_keeps_its_values_to_its_end_and_no_longer() {
    let (_, builder) = maker(4);
    let resolver = builder.build().unwrap();
    let step = resolve(&resolver, "db");
    thread::sleep(TTL);
    assert_eq!(copies(4), 1);
    assert_eq!(step.secrets.get("db", "db").unwrap().expose_bytes().len(), LENGTH);
    drop(step);
    assert_eq!(copies(4), 0);
}

fn a_replaced_value_is_wiped_at_once() {
    let (maker, builder) = maker(5);
    let resolver = builder.cache_ttl(Duration::from_secs(600)).build().unwrap();
    drop(resolve(&resolver, "db"));
    maker.0.store(6, Ordering::SeqCst);
    drop(resolver.refresh_blocking("db").unwrap());
    assert_eq!((copies(5), copies(6)), (0, 1));
}

fn the_values_of_a_cached_step_are_wiped_when_they_expire() {
    #[secrets(sources = ["db"])]
    fn step() -> Result<usize, Error> {
        Ok(current_context().secrets.get("db", "db")?.expose_bytes().len())
    }
    let (maker, builder) = maker(7);
    let resolver = builder.build().unwrap();
    resolver.clone().install().unwrap();
    for _ in 0..3 {
        assert_eq!(step().unwrap(), LENGTH);
    }
    assert_eq!(copies(7), 1);
    thread::sleep(TTL);
    assert_eq!(copies(7), 0);
    step().unwrap();
    maker.0.store(8, Ordering::SeqCst);
    resolver.refresh_blocking("db").unwrap();
    assert_eq!((copies(7), copies(8)), (0, 1));
}

/// Takes the place of the maker's value, and has no secret.
#[derive(Clone, Debug)]
struct Rotator(Maker, Arc<OnceLock<Resolver>>);

impl fmt::Display for Rotator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rotator")
    }
}

impl Backend for Rotator {
    fn kind(&self) -> &str {
        "rotator"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let seed = self.0.0.fetch_add(1, Ordering::SeqCst);
            assert_eq!(copies(seed), 1, "the step has the value already");
            self.1.get().unwrap().refresh_blocking("db").unwrap();
            let none = || Error::new(ErrorKind::Unavailable, "it only turns");
            let answer = |request: &FetchRequest<'_>| match request.id() {
                "none" => Err(none()),
                _ => Ok(Fetched::text("x")),
            };
            requests.iter().map(answer).collect()
        })
    }
}

fn install_rotator(seed: u8) {
    let (maker, builder) = maker(seed);
    let rotator = Rotator(maker, Arc::default());
    let resolver = builder.backend(rotator.clone()).cache_ttl(Duration::from_secs(600));
    let resolver = rotator.1.get_or_init(|| resolver.build().unwrap()).clone();
    resolver.install().unwrap();
}

fn a_value_that_is_replaced_while_a_step_starts_is_wiped_with_the_step() {
    #[secrets(sources = ["db", { id = "turn", type = "rotator" }])]
    fn step() -> Result<usize, Error> {
        Ok(current_context().secrets.get("db", "db")?.expose_bytes().len())
    }
    install_rotator(12);
    assert_eq!(step().unwrap(), LENGTH);
    assert_eq!((copies(12), copies(13)), (0, 1));
}

fn the_values_of_a_step_that_fails_are_wiped() {
    #[secrets(sources = [{ id = "none", type = "rotator" }])]
    fn step(#[secret("db")] db: SecretValue) -> Result<usize, Error> {
        Ok(db.expose_bytes().len())
    }
    install_rotator(14);
    get_secret_blocking("db").unwrap();
    let error = step().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!((copies(14), copies(15)), (0, 1));
    drop(error);
}

fn evicted_values_are_wiped_at_once() {
    let (maker, builder) = maker(9);
    let resolver = builder.cache_ttl(Duration::from_secs(600)).build().unwrap();
    drop(resolve(&resolver, "first"));
    maker.0.store(10, Ordering::SeqCst);
    let many = (0..10_000).fold(Declaration::builder("step"), |builder, number| {
        builder.source(&format!("s{number}")).unwrap()
    });
    // Longer kept than the first, whatever its part of the time is.
    drop(resolver.resolve_blocking(&many.build()).unwrap());
    let kept = copies(9) + copies(10);
    assert_eq!(kept, 10_000);
}

fn a_resolver_takes_its_values_along() {
    let (_, builder) = maker(11);
    let resolver = builder.cache_ttl(Duration::from_secs(600)).build().unwrap();
    drop(resolve(&resolver, "db"));
    assert_eq!(copies(11), 1);
    drop(resolver);
    assert_eq!(copies(11), 0);
}
