//! Whole resolutions: every secret of a step, from a server that is 20 ms away, with a client that is warm.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use aws_sdk_secretsmanager::Client;
use aws_secretsmanager_caching::SecretsManagerCachingClient;
use secret_vault::{
    SecretName, SecretVaultBuilder, SecretVaultRef,
    aws::{AwsSecretManagerSource, AwsSecretManagerSourceOptions},
};
use secrets_runtime::{Declaration, Resolver, backends::AwsSecretsManager};
use tokio::runtime::Runtime;

use in_memory::declaration;

use crate::{
    measure::{Contender, Failure, interleave, seconds},
    python::{self, Python},
    row::{Budget, Row, grouped},
    sdk,
    server::DENIED_KEY,
    setup::Setup,
};

const AWS: &str = "aws-secrets-manager";

const TWENTY: &str = "20 sources, server 20 ms away, warm client";

/// How often the fast and the slow ones are measured.
const ROUNDS: usize = 31;
const FEW_ROUNDS: usize = 7;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let runtime = Runtime::new()?;
    let client = runtime.block_on(sdk::client());
    let warm = Resolver::builder().default_backend(AWS).build()?;
    let bench = Bench { runtime, client, warm };
    let mut rows = bench.twenty()?;
    rows.extend(bench.slow_ones(setup)?);
    rows.push(bench.denied()?);
    for count in [1, 10, 100, 1000] {
        let budget = if count == 1000 { Budget::AtMost(1.10) } else { Budget::None };
        rows.push(bench.batches(&names("grow", count, ""), &sources(count), budget)?);
    }
    // A payload has at most 65,536 bytes.
    for bytes in [10_u64, 1_000, 10_000, 65_000] {
        let what = format!("20 sources with values of {} bytes", grouped(bytes));
        rows.push(bench.batches(&names("size", 20, &format!(".{bytes}")), &what, Budget::None)?);
    }
    Ok(rows)
}

struct Bench {
    runtime: Runtime,
    client: Client,
    warm: Resolver,
}

impl Bench {
    /// What the budgets are about.
    fn twenty(&self) -> Result<Vec<Row>, Failure> {
        let names = names("warm", 20, "");
        let declared = declaration(&names)?;
        let [ours, batch, at_once] = interleave(
            ROUNDS,
            [
                self.ours(&self.warm, &declared),
                self.sdk(async || sdk::batches(&self.client, &names).await),
                self.sdk(async || sdk::at_once(&self.client, &names).await),
            ],
        )?;
        Ok(vec![
            Row::ratio(
                TWENTY,
                ours,
                "raw SDK, one BatchGetSecretValue",
                batch,
                Budget::AtMost(1.15),
            ),
            Row::ratio(TWENTY, ours, "raw SDK, 20 GetSecretValue at once", at_once, Budget::None),
        ])
    }

    /// One by one, with everything that does so.
    fn slow_ones(&self, setup: &Setup) -> Result<Vec<Row>, Failure> {
        let names = names("slow", 20, "");
        let declared = declaration(&names)?;
        let most = NonZeroUsize::new(1000).ok_or("no room")?;
        let caching = SecretsManagerCachingClient::new(
            self.client.clone(),
            most,
            Duration::from_secs(300),
            false,
        )?;
        let source = AwsSecretManagerSource::with_options(AwsSecretManagerSourceOptions::new(
            "123456789012".to_owned(),
        ));
        let references: Vec<_> =
            names.iter().map(|name| SecretVaultRef::new(SecretName::from(name))).collect();
        let vault = SecretVaultBuilder::with_source(self.runtime.block_on(source)?)
            .with_secret_refs(references.iter().collect())
            .build()?;
        let [ours, raw, caching, vault] = interleave(
            FEW_ROUNDS,
            [
                self.ours(&self.warm, &declared),
                self.sdk(async || sdk::one_by_one(&self.client, &names).await),
                self.sdk(async || {
                    for name in &*names {
                        // Each is cold: what is cached is measured in `reads`.
                        let got = caching.get_secret_value(name, None, None, true).await;
                        got.map_err(|error| error.to_string())?;
                    }
                    Ok(())
                }),
                self.sdk(async || {
                    vault.refresh().await.map(drop).map_err(|error| error.to_string())
                }),
            ],
        )?;
        let faster = |name, beside, budget| Row::faster(TWENTY, ours, name, beside, budget);
        let mut rows = vec![
            Row::faster(TWENTY, ours, "raw SDK, one by one", raw, Budget::AtLeast(15.0)),
            faster("aws_secretsmanager_caching 2.1.0, cold", caching, Budget::None),
            faster("secret-vault 3.0.2", vault, Budget::None),
        ];
        let Some(mut python) = Python::start(setup)? else {
            rows.push(Row::skipped(
                format!("{TWENTY}, beside Metaflow and boto3"),
                python::MISSING,
            ));
            return Ok(rows);
        };
        let python = std::cell::RefCell::new(&mut python);
        let ask = |how: &'static str| -> Contender<'_> {
            let python = &python;
            Box::new(move || Ok(python.borrow_mut().resolve(how, "slow", 20)?))
        };
        let [ours, metaflow, boto3, batch] = interleave(
            FEW_ROUNDS,
            [self.ours(&self.warm, &declared), ask("metaflow"), ask("boto3"), ask("boto3-batch")],
        )?;
        rows.extend([
            Row::faster(TWENTY, ours, "Metaflow 2.19.39 `@secrets`", metaflow, Budget::None),
            Row::faster(TWENTY, ours, "boto3, one client, one by one", boto3, Budget::None),
            Row::ratio(TWENTY, ours, "boto3, one batch", batch, Budget::None),
        ]);
        Ok(rows)
    }

    /// The batch action is denied, and was before.
    fn denied(&self) -> Result<Row, Failure> {
        let names = names("denied", 20, "");
        let declared = declaration(&names)?;
        let aws = AwsSecretsManager::new().with_access_key(DENIED_KEY, "SeNtInEl-key", None);
        let denied = Resolver::builder().backend(aws).default_backend(AWS).build()?;
        let [ours, trip] = interleave(
            ROUNDS,
            [
                self.ours(&denied, &declared),
                self.sdk(async || sdk::single(&self.client, "denied0").await),
            ],
        )?;
        let what = "20 sources where the batch action is denied, after the first time";
        Ok(Row::ratio(what, ours, "one round trip", trip, Budget::AtMost(1.5)))
    }

    /// So many, beside the raw SDK by batches.
    fn batches(&self, names: &Arc<[String]>, what: &str, budget: Budget) -> Result<Row, Failure> {
        let declared = declaration(names)?;
        let contenders = [
            self.ours(&self.warm, &declared),
            self.sdk(async || sdk::batches(&self.client, names).await),
        ];
        let [ours, raw] = interleave(FEW_ROUNDS, contenders)?;
        let name = if names.len() > 1 { "raw SDK, batches at once" } else { "raw SDK" };
        Ok(Row::ratio(what, ours, name, raw, budget))
    }

    fn ours<'a>(&'a self, resolver: &'a Resolver, declared: &'a Declaration) -> Contender<'a> {
        Box::new(move || seconds(|| self.runtime.block_on(resolver.resolve(declared))))
    }

    fn sdk<'a>(&'a self, work: impl AsyncFn() -> Result<(), String> + 'a) -> Contender<'a> {
        Box::new(move || seconds(|| self.runtime.block_on(work())))
    }
}

fn sources(count: usize) -> String {
    if count == 1 { "1 source".to_owned() } else { format!("{} sources", grouped(count as u64)) }
}

fn names(prefix: &str, count: usize, ending: &str) -> Arc<[String]> {
    (0..count).map(|n| format!("{prefix}{n}{ending}")).collect()
}
