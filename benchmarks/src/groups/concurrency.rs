//! Many steps at once, in a fresh process that has none of their secrets.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_secretsmanager_caching::SecretsManagerCachingClient;
use secrets_runtime::{Error, secrets};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    measure::{Failure, median},
    row::{Budget, Row, Unit, figure, grouped},
    sdk, server,
    setup::Setup,
};

const NAME: &str = "cold";
const ROUNDS: usize = 3;

/// The words by which a process of this program is told to make them.
const OURS: &str = "steps";
const RAW: &str = "sdk";
const CACHING: &str = "caching";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for count in [1, 10, 100, 1000, 10_000] {
        let mut taken = [OURS, RAW, CACHING].map(|how| (how, Vec::new(), 0));
        for round in 0..ROUNDS {
            for turn in 0..taken.len() {
                let (how, times, requests) = &mut taken[(round + turn) % 3];
                let before = server::count(&setup.url)?;
                times.push(child(setup, how, count)?);
                *requests = server::count(&setup.url)? - before;
            }
        }
        let [(_, ours, asked), (_, raw, raw_asked), (_, caching, caching_asked)] = taken;
        let (ours, raw, caching) = (median(ours), median(raw), median(caching));
        let what = match count {
            1 => "1 async step, one cold secret".to_owned(),
            _ => format!("{} concurrent async steps, one cold secret", grouped(count as u64)),
        };
        if count == 10_000 {
            let beside = format!(
                "aws_secretsmanager_caching 2.1.0: {}; raw SDK: {}",
                grouped(caching_asked as u64),
                grouped(raw_asked as u64),
            );
            let requests = asked as f64;
            rows.push(Row::new(
                format!("{what}: requests"),
                figure(requests, Unit::Count),
                beside,
                (requests, Unit::Count),
                Budget::AtMost(1.0),
            ));
        }
        rows.push(Row::ratio(&what, ours, "raw SDK", raw, Budget::None));
        rows.push(Row::ratio(
            &what,
            ours,
            "aws_secretsmanager_caching 2.1.0",
            caching,
            Budget::None,
        ));
    }
    Ok(rows)
}

/// What the child takes, by its own clock.
fn child(setup: &Setup, how: &str, count: usize) -> Result<f64, Failure> {
    let mut command = setup.command(std::env::current_exe()?);
    command.args(["--many", how, &count.to_string()]);
    command.env("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager");
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{count} {how} at once ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

#[secrets(sources = ["cold"])]
async fn step() -> Result<(), Error> {
    Ok(())
}

/// What the child does: `count` at once, from nothing. Gives the seconds.
pub fn many(how: &str, count: usize) -> Result<f64, Failure> {
    let runtime = Runtime::new()?;
    let start = Instant::now();
    runtime.block_on(async {
        let mut running = JoinSet::new();
        match how {
            OURS => {
                for _ in 0..count {
                    running.spawn(async { step().await.map_err(|error| error.to_string()) });
                }
            }
            RAW => {
                let client = sdk::client().await;
                for _ in 0..count {
                    let client = client.clone();
                    running.spawn(async move { sdk::single(&client, NAME).await });
                }
            }
            CACHING => {
                let most = NonZeroUsize::new(1000).ok_or("no room")?;
                let ttl = Duration::from_secs(300);
                let client =
                    SecretsManagerCachingClient::new(sdk::client().await, most, ttl, false);
                let client = Arc::new(client.map_err(|error| error.to_string())?);
                for _ in 0..count {
                    let client = client.clone();
                    running.spawn(async move {
                        let got = client.get_secret_value(NAME, None, None, false).await;
                        got.map(drop).map_err(|error| error.to_string())
                    });
                }
            }
            other => return Err(format!("there is no `{other}`")),
        }
        while let Some(done) = running.join_next().await {
            done.map_err(|error| error.to_string())??;
        }
        Ok(())
    })?;
    Ok(start.elapsed().as_secs_f64())
}
