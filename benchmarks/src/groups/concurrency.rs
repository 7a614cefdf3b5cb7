//! Many steps at once, in a fresh process: at first none has the secret, then it is cached.

use std::{
    env,
    num::NonZeroUsize,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_secretsmanager_caching::SecretsManagerCachingClient;
use secrets_runtime::{Error, secrets};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    measure::{Failure, median},
    row::{Budget, Row, Unit, grouped},
    sdk, server,
    setup::Setup,
};

const NAME: &str = "cold";

/// The words by which a process of this program is told what to make many of.
const OURS: &str = "steps";
const RAW: &str = "sdk";
const CACHING: &str = "caching";

const CACHING_NAME: &str = "aws_secretsmanager_caching 2.1.0";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for count in [1, 10, 100, 1000, 10_000] {
        let [ours, raw, caching] = side_by_side(setup, count)?;
        let many = match count {
            1 => "1 async step".to_owned(),
            _ => format!("{} concurrent async steps", grouped(count as u64)),
        };
        let cold = format!("{many}, one cold secret");
        if count == 10_000 {
            let asked = |taken: &Taken| grouped(taken.requests as u64);
            let beside = format!("{CACHING_NAME}: {}; raw SDK: {}", asked(&caching), asked(&raw));
            let requests = ours.requests as f64;
            let what = format!("{cold}: requests");
            rows.push(Row::alone(what, requests, Unit::Count, beside, Budget::AtMost(1.0)));
        }
        let row = |what: &str, ours: &[f64], name, beside: &[f64]| {
            Row::ratio(what, median(ours.to_vec()), name, median(beside.to_vec()), Budget::None)
        };
        rows.push(row(&cold, &ours.cold, "raw SDK", &raw.cold));
        rows.push(row(&cold, &ours.cold, CACHING_NAME, &caching.cold));
        if count == 10_000 {
            let what = format!("{many}, the secret cached");
            rows.push(row(&what, &ours.warm, CACHING_NAME, &caching.warm));
        }
    }
    Ok(rows)
}

/// What was taken by the clock of the processes.
#[derive(Debug, Default)]
struct Taken {
    cold: Vec<f64>,
    warm: Vec<f64>,
    /// The most that one of them has asked for.
    requests: usize,
}

/// Processes in turn, so that what else the machine does meets all alike.
fn side_by_side(setup: &Setup, count: usize) -> Result<[Taken; 3], Failure> {
    let rounds = if count > 1000 { 3 } else { 9 };
    let mut all: [Taken; 3] = Default::default();
    for round in 0..rounds {
        for turn in 0..all.len() {
            let index = (round + turn) % all.len();
            let before = server::count(&setup.url)?;
            let (cold, warm) = child(setup, [OURS, RAW, CACHING][index], count)?;
            let taken = &mut all[index];
            taken.cold.push(cold);
            taken.warm.push(warm);
            taken.requests = taken.requests.max(server::count(&setup.url)? - before);
        }
    }
    Ok(all)
}

fn child(setup: &Setup, how: &str, count: usize) -> Result<(f64, f64), Failure> {
    let mut command = setup.command(env::current_exe()?);
    command.args(["--many", how, &count.to_string()]);
    command.env("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager");
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{count} {how} at once ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let (cold, warm) = text.trim().split_once(' ').ok_or("no two figures")?;
    Ok((cold.parse()?, warm.parse()?))
}

/// What the child does. Returns the seconds of `count` at once with nothing made ready, and of as many after them;
/// the raw SDK, for which these would be equal, returns zero for them.
pub fn many(how: &str, count: usize) -> Result<(f64, f64), Failure> {
    let runtime = Runtime::new()?;
    let start = Instant::now();
    let since = |start: Instant| start.elapsed().as_secs_f64();
    runtime.block_on(async {
        match how {
            OURS => {
                wave(count, step_told).await?;
                let (cold, again) = (since(start), Instant::now());
                wave(count, step_told).await?;
                Ok((cold, since(again)))
            }
            RAW => {
                let client = sdk::client().await;
                let single = || {
                    let client = client.clone();
                    async move { sdk::single(&client, NAME).await }
                };
                wave(count, single).await?;
                Ok((since(start), 0.0))
            }
            CACHING => {
                let most = NonZeroUsize::new(1000).ok_or("no room")?;
                let ttl = Duration::from_secs(300);
                let client = sdk::client().await;
                let client = Arc::new(SecretsManagerCachingClient::new(client, most, ttl, false)?);
                let get = || {
                    let client = client.clone();
                    async move {
                        let got = client.get_secret_value(NAME, None, None, false).await;
                        got.map(drop).map_err(|error| error.to_string())
                    }
                };
                wave(count, get).await?;
                let (cold, again) = (since(start), Instant::now());
                wave(count, get).await?;
                Ok((cold, since(again)))
            }
            other => Err(format!("there is no `{other}`").into()),
        }
    })
}

#[secrets(sources = ["cold"])]
async fn step() -> Result<(), Error> {
    Ok(())
}

async fn step_told() -> Result<(), String> {
    step().await.map_err(|error| error.to_string())
}

/// So many tasks, until all have ended well.
async fn wave<F>(count: usize, one: impl Fn() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for _ in 0..count {
        running.spawn(one());
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}
