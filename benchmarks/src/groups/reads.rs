//! Reading a secret that is there.

use std::{collections::HashMap, hint::black_box, num::NonZeroUsize, sync::Arc, time::Duration};

use aws_secretsmanager_caching::SecretsManagerCachingClient;
use secret_vault::{
    MockSecretsSource, SecretName, SecretVault, SecretVaultBuilder, SecretVaultHashMapSnapshot,
    SecretVaultHashMapSnapshotBuilder, SecretVaultNoEncryption, SecretVaultRef,
    SecretVaultSnapshot, SecretVaultView,
};
use secrets_runtime::{Context, Secrets, current_context};
use tokio::runtime::{Builder, Runtime};

use in_memory::{declaration, resolver, value};

use crate::{
    allocations::allocations,
    measure::{Contender, Failure, each, interleave},
    row::{Budget, Row, Unit},
    sdk,
    setup::Setup,
};

/// Many and short, so that what else the machine does meets few of them.
const ROUNDS: usize = 101;
/// Calls in one round.
const CALLS: u32 = 20_000;
/// The same for what is slow.
const FEW_CALLS: u32 = 1_000;

const KEY: &str = "password";
const BYTES: usize = 32;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for groups in [1, 5, 20] {
        rows.extend(by_hand(groups)?);
    }
    rows.push(two_threads()?);
    let allocations = allocations(setup, "get")?;
    let what = "allocations of `current_context().secrets.get(group, key)`";
    rows.push(Row::alone(what, allocations, Unit::Count, "", Budget::AtMost(0.0)));
    rows.extend(libraries()?);
    rows.push(sizes()?);
    Ok(rows)
}

/// What the budgets are about, beside a map of maps that one writes oneself.
fn by_hand(groups: usize) -> Result<[Row; 2], Failure> {
    let (context, names) = context(groups, BYTES)?;
    let map = map(&names);
    let _inside = context.enter();
    let [held, current, map] = interleave(
        ROUNDS,
        [
            held(&context.secrets, &names),
            reading(&names, |name| current_context().secrets.get(name, black_box(KEY))),
            reading(&names, |name| find(&map, name)),
        ],
    )?;
    let of = if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") };
    let row = |what, ours, limit| {
        let what = format!("{what}, {of}");
        Row::within(what, ours, MAP, map, Budget::AtMost(limit))
    };
    Ok([
        row("`get(group, key)` on a held context", held, 25e-9),
        row("`current_context().secrets.get(group, key)`", current, 50e-9),
    ])
}

/// Two threads read the same secrets at once.
fn two_threads() -> Result<Row, Failure> {
    let (context, names) = context(20, BYTES)?;
    let map = map(&names);
    let secrets = &context.secrets;
    let both = |read: &(dyn Fn() -> f64 + Sync)| {
        std::thread::scope(|scope| {
            let other = scope.spawn(read);
            let own = read();
            other
                .join()
                .map(|other| f64::midpoint(own, other))
                .map_err(|_| "a thread has panicked".into())
        })
    };
    let [ours, map] = interleave(
        ROUNDS,
        [
            Box::new(|| both(&|| turns(&names, |name| secrets.get(name, black_box(KEY))))),
            Box::new(|| both(&|| turns(&names, |name| find(&map, name)))),
        ],
    )?;
    let what = "`get(group, key)` by two threads at once, 20 groups, a call";
    Ok(Row::ratio(what, ours, MAP, map, Budget::None))
}

/// Beside what others keep secrets in.
fn libraries() -> Result<Vec<Row>, Failure> {
    let (context, names) = context(20, BYTES)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let moka = moka::sync::Cache::new(1000);
    for name in &names {
        moka.insert(name.clone(), Arc::<str>::from(value(BYTES)));
    }
    let (vault, snapshot, references) = vault(&runtime, &names)?;
    let caching = caching(&runtime, &names)?;
    let mut references_in_turn = references.iter().cycle();
    let [ours, moka, snapshot] = interleave(
        ROUNDS,
        [
            held(&context.secrets, &names),
            reading(&names, |name| moka.get(name)),
            Box::new(|| {
                Ok(each(CALLS, || {
                    let reference =
                        references_in_turn.next().map(|r| snapshot.get_secret_by_ref(black_box(r)));
                    drop(black_box(reference));
                }))
            }),
        ],
    )?;
    let [again, vault, caching] = interleave(
        ROUNDS,
        [
            held(&context.secrets, &names),
            awaiting(&runtime, async || {
                for reference in references.iter().cycle().take(FEW_CALLS as usize) {
                    drop(black_box(vault.get_secret_by_ref(black_box(reference)).await));
                }
            }),
            awaiting(&runtime, async || {
                for name in names.iter().cycle().take(FEW_CALLS as usize) {
                    drop(black_box(
                        caching.get_secret_value(black_box(name), None, None, false).await,
                    ));
                }
            }),
        ],
    )?;
    let what = "`get(group, key)` on a held context, 20 groups";
    let row = |ours, name, beside| Row::ratio(what, ours, name, beside, Budget::None);
    Ok(vec![
        row(ours, "moka 0.12, `sync::Cache::get`", moka),
        row(ours, "secret-vault 3.0.2, a snapshot", snapshot),
        row(again, "secret-vault 3.0.2, the vault", vault),
        row(again, "aws_secretsmanager_caching 2.1.0, a hit", caching),
    ])
}

/// The length of a value does not count: it is shared.
fn sizes() -> Result<Row, Failure> {
    let (short, names) = context(1, 10)?;
    let (long, _) = context(1, 65_000)?;
    let [short, long] =
        interleave(ROUNDS, [held(&short.secrets, &names), held(&long.secrets, &names)])?;
    Ok(Row::ratio("`get` of 64 KiB", long, "of 10 bytes", short, Budget::None))
}

fn held<'a>(secrets: &'a Secrets, names: &'a [String]) -> Contender<'a> {
    reading(names, |name| secrets.get(name, black_box(KEY)))
}

fn reading<'a, T>(names: &'a [String], read: impl Fn(&'a str) -> T + 'a) -> Contender<'a> {
    Box::new(move || Ok(turns(names, &read)))
}

/// The seconds of one call, with each of the names in turn.
fn turns<'a, T>(names: &'a [String], read: impl Fn(&'a str) -> T) -> f64 {
    let mut at = 0;
    each(CALLS, || {
        let name = black_box(names[at].as_str());
        at = if at + 1 == names.len() { 0 } else { at + 1 };
        drop(black_box(read(name)));
    })
}

/// The seconds of one of `FEW_CALLS` calls.
fn awaiting<'a>(runtime: &'a Runtime, calls: impl AsyncFn() + 'a) -> Contender<'a> {
    Box::new(move || {
        let all = each(1, || runtime.block_on(calls()));
        Ok(all / f64::from(FEW_CALLS))
    })
}

const MAP: &str = "HashMap of HashMaps of Arc";

type Map = HashMap<String, HashMap<String, Arc<str>>>;

/// What one writes oneself.
fn map(names: &[String]) -> Map {
    let fields = || HashMap::from([(KEY.to_owned(), value(BYTES).into())]);
    names.iter().map(|name| (name.clone(), fields())).collect()
}

fn find(map: &Map, name: &str) -> Option<Arc<str>> {
    map.get(name).and_then(|fields| fields.get(black_box(KEY))).cloned()
}

fn context(groups: usize, bytes: usize) -> Result<(Context, Vec<String>), Failure> {
    let names: Vec<_> = (0..groups).map(|n| format!("database-{n}")).collect();
    let context = resolver(bytes)?.resolve_blocking(&declaration(&names)?)?;
    Ok((context, names))
}

type Vault = SecretVault<MockSecretsSource, SecretVaultNoEncryption>;

fn vault(
    runtime: &Runtime,
    names: &[String],
) -> Result<(Vault, SecretVaultHashMapSnapshot, Vec<SecretVaultRef>), Failure> {
    let reference =
        |name: &String| SecretVaultRef::new(SecretName::from(name)).with_allow_in_snapshots(true);
    let references: Vec<_> = names.iter().map(reference).collect();
    let secrets = references.iter().map(|reference| (reference.clone(), value(BYTES).into()));
    let vault = SecretVaultBuilder::with_source(MockSecretsSource::new(secrets.collect()))
        .with_secret_refs(references.iter().collect())
        .build()?;
    let snapshot = runtime.block_on(async {
        vault.refresh().await?;
        vault.snapshot(SecretVaultHashMapSnapshotBuilder::new()).await
    })?;
    if snapshot.get_secret_by_ref(&references[0])?.is_none() {
        return Err("secret-vault has no secret".into());
    }
    Ok((vault, snapshot, references))
}

fn caching(runtime: &Runtime, names: &[String]) -> Result<SecretsManagerCachingClient, Failure> {
    let most = NonZeroUsize::new(1000).ok_or("no room")?;
    runtime.block_on(async {
        let client = sdk::client().await;
        let client =
            SecretsManagerCachingClient::new(client, most, Duration::from_secs(3600), false)?;
        for name in names {
            client.get_secret_value(name, None, None, false).await?;
        }
        Ok(client)
    })
}
