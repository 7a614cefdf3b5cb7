//! Calling a step whose secrets are cached, over calling the bare function.

use std::{hint::black_box, num::NonZeroUsize, time::Duration};

use aws_secretsmanager_caching::SecretsManagerCachingClient;
use secrets_runtime::{Error, secrets};
use tokio::runtime::Builder;

use in_memory::resolver;

use crate::{
    allocations::allocations,
    measure::{Contender, Failure, each, interleave},
    row::{Budget, Row, Unit},
    sdk,
    setup::Setup,
};

/// Many and short, so that what else the machine does meets few of them.
const ROUNDS: usize = 301;
const CALLS: u32 = 2_000;
const LIMIT: Budget = Budget::AtMost(110e-9);

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    resolver(32)?.install()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let caching = runtime.block_on(async {
        let most = NonZeroUsize::new(1000).ok_or("no room")?;
        let ttl = Duration::from_secs(3600);
        Ok::<_, Failure>(SecretsManagerCachingClient::new(sdk::client().await, most, ttl, false)?)
    })?;
    let [plain, one, twenty] =
        interleave(ROUNDS, [calling(bare), calling(step), calling(big_step)])?;
    let [async_plain, async_one, async_twenty, read] = interleave(
        ROUNDS,
        [
            Box::new(|| Ok(runtime.block_on(awaited(bare_async)))),
            Box::new(|| Ok(runtime.block_on(awaited(step_async)))),
            Box::new(|| Ok(runtime.block_on(awaited(big_step_async)))),
            Box::new(|| {
                Ok(runtime.block_on(awaited(async |_| {
                    caching
                        .get_secret_value("db", None, None, false)
                        .await
                        .map(|_| 0)
                        .map_err(|_| missing())
                })))
            }),
        ],
    )?;
    let over = |what: &str, ours, bare| {
        Row::over(
            format!("calling a step whose secrets are cached, {what}"),
            ours,
            "the bare function",
            bare,
            LIMIT,
        )
    };
    let counted = |word: &str, name| {
        let what = format!("allocations of such a call, {word}");
        Ok::<_, Failure>(Row::alone(what, allocations(setup, name)?, Unit::Count, "", Budget::None))
    };
    Ok(vec![
        over("sync", one, plain),
        over("async", async_one, async_plain),
        over("sync, 20 sources", twenty, plain),
        over("async, 20 sources", async_twenty, async_plain),
        counted("sync", "step")?,
        counted("async", "async-step")?,
        Row::ratio(
            "calling a step whose secrets are cached, async",
            async_one,
            "aws_secretsmanager_caching 2.1.0, one hit",
            read,
            Budget::None,
        ),
    ])
}

#[inline(never)]
fn bare(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

#[inline(never)]
#[secrets(sources = ["db"])]
fn step(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

#[inline(never)]
#[secrets(sources = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
    "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19",
])]
fn big_step(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

async fn bare_async(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

#[secrets(sources = ["db"])]
async fn step_async(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

#[secrets(sources = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
    "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19",
])]
async fn big_step_async(n: u64) -> Result<u64, Error> {
    Ok(black_box(n) + 1)
}

fn calling<'a>(function: impl Fn(u64) -> Result<u64, Error> + 'a) -> Contender<'a> {
    Box::new(move || {
        // What is not found is fast, and would count.
        function(0)?;
        Ok(each(CALLS, || drop(black_box(function(black_box(1))))))
    })
}

/// The seconds of one call that is awaited.
async fn awaited(function: impl AsyncFn(u64) -> Result<u64, Error>) -> f64 {
    let start = std::time::Instant::now();
    for _ in 0..CALLS {
        drop(black_box(function(black_box(1)).await));
    }
    start.elapsed().as_secs_f64() / f64::from(CALLS)
}

fn missing() -> Error {
    Error::new(secrets_runtime::ErrorKind::NotFound, "it is not cached")
}
