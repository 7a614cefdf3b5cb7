//! The memory of a process after its secrets have been dropped.

use std::{
    fmt, fs,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, Backend, BoxFuture, Context, Declaration, Error, ErrorKind,
    FetchRequest, Fetched, Resolver, ResolverBuilder, SecretValue, Store, backends::Local,
    current_context, get_secret_blocking, secrets, settings::variables,
};
use secrets_tests::memory::{LENGTH, copies, places, value};

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
    nothing_is_left_of_a_step_with_the_local_store,
    nothing_is_left_of_a_step_with_mounted_files,
];

const TTL: Duration = Duration::from_secs(300);

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
        let value = move |_| Ok(Fetched::text(SecretValue::from(value(seed))));
        Box::pin(async move { requests.iter().map(value).collect() })
    }
}

fn maker(seed: u8) -> (Maker, ResolverBuilder) {
    let maker = Maker(Arc::new(AtomicU8::new(seed)));
    let builder = Resolver::builder().backend(maker.clone()).default_backend("maker");
    (maker, builder.cache_ttl(TTL).cache_stale(Duration::ZERO))
}

/// Returns such a builder with a clock that the test moves. Looking through the memory takes time, in which a value
/// would expire by the machine's clock, and the thread that wipes it may be late.
fn timed_maker(seed: u8) -> (Maker, ManualClock, ResolverBuilder) {
    let ((maker, builder), clock) = (maker(seed), ManualClock::new());
    let builder = builder.clock(&clock);
    (maker, clock, builder)
}

fn resolve(resolver: &Resolver, source: &str) -> Context {
    let declaration = Declaration::builder("step").source(source).unwrap().build();
    resolver.resolve_blocking(&declaration).unwrap()
}

fn the_search_finds_every_copy() {
    assert_eq!(copies(1), 0);
    let one = value(1);
    assert_eq!(copies(1), 1);
    let another = one.clone();
    assert_eq!((copies(1), copies(2)), (2, 0));
    drop((one, another));
}

fn an_expired_value_is_wiped_at_once() {
    let (_, clock, builder) = timed_maker(3);
    let resolver = builder.build().unwrap();
    drop(resolve(&resolver, "db"));
    assert_eq!(copies(3), 1, "it is kept, and once");
    clock.advance(TTL);
    // Nobody has looked: it has ended by itself.
    assert_eq!(copies(3), 0);
}

fn a_step_keeps_its_values_to_its_end_and_no_longer() {
    let (_, clock, builder) = timed_maker(4);
    let resolver = builder.build().unwrap();
    let step = resolve(&resolver, "db");
    clock.advance(TTL);
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
    let (maker, clock, builder) = timed_maker(7);
    let resolver = builder.build().unwrap();
    resolver.clone().install().unwrap();
    for _ in 0..3 {
        assert_eq!(step().unwrap(), LENGTH);
    }
    assert_eq!(copies(7), 1);
    clock.advance(TTL);
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

/// Returns the source's fields as the body of a step reads them: in every way.
fn read_all(context: &Context) {
    let secrets = &context.secrets;
    let value = secrets.get("db", "password").unwrap();
    assert_eq!(value.expose_bytes().len(), LENGTH);
    let typed: std::collections::BTreeMap<String, SecretValue> = secrets.get_as("db").unwrap();
    assert_eq!(typed["password"].len(), LENGTH);
    assert_eq!(secrets.var("password").unwrap().len(), LENGTH);
    assert_eq!(secrets.render("{{db.password}}").unwrap().len(), LENGTH);
}

/// The secret is written by another process, so that its value was never in this one.
fn nothing_is_left_of_a_step_with_the_local_store() {
    let folder = tempfile::tempdir().unwrap();
    let run = |case: &str| {
        let mut child = crate::child::child(case);
        child.env("TEST_STORE", folder.path());
        assert!(child.status().unwrap().success(), "{case}");
    };
    run("process::wiping::writes_to_the_local_store");
    run("process::wiping::reads_from_the_local_store");
}

pub const HELPERS: &[(&str, fn())] = cases![writes_to_the_local_store, reads_from_the_local_store];

fn local_store() -> Local {
    let folder = std::path::PathBuf::from(std::env::var_os("TEST_STORE").unwrap());
    Local::new(folder.join("store"), folder.join("keys/key.jwk"))
}

fn writes_to_the_local_store() {
    let mut json = b"{\"user\": \"app\", \"password\": \"".to_vec();
    json.extend(value(20));
    json.extend(b"\"}");
    let payload = secrets_runtime::Payload::Json(SecretValue::from(json));
    local_store().put_blocking("db", payload).unwrap();
    // What the writer is not given is not left either.
    assert_eq!(places(20), [""; 0]);
}

fn reads_from_the_local_store() {
    let builder = Resolver::builder().backend(local_store());
    let resolver = builder.cache_ttl(TTL).cache_stale(Duration::ZERO).build().unwrap();
    let step = resolve(&resolver, "db");
    read_all(&step);
    assert!(copies(20) > 0, "it is there");
    drop(step);
    resolver.shutdown_blocking();
    assert_eq!(places(20), [""; 0]);
}

fn nothing_is_left_of_a_step_with_mounted_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("db")).unwrap();
    let mut file = value(21);
    file.push(b'\n');
    fs::write(folder.path().join("db/password"), &file).unwrap();
    file.fill(0);
    assert_eq!(copies(21), 0);
    let builder = Resolver::builder().default_backend("file");
    let resolver = builder.setting(&variables::FILE_DIR, folder.path()).build().unwrap();
    let step = resolve(&resolver, "db");
    read_all(&step);
    assert!(copies(21) > 0, "it is there");
    let path = step.secrets.file("db", "password").unwrap();
    assert!(path.is_file());
    drop(step);
    assert_eq!(places(21), [""; 0]);
}
