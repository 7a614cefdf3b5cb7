//! Dagster pipes: a process that Dagster starts for an asset (`assets.py`).

use std::collections::HashMap;

use dagster_pipes_rust::{PipesMetadataValue, open_dagster_pipes};
use secrets_engines::load;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // It says that it has ended when it is dropped.
    let mut context = open_dagster_pipes().map_err(|error| anyhow::anyhow!("{error}"))?;
    let user = load().await?;
    // What is reported and printed is stored and shown by Dagster.
    println!("loaded as {user}");
    let metadata = HashMap::from([("user", PipesMetadataValue::from(user))]);
    let reported = context.report_asset_materialization("rows", metadata, None);
    reported.map_err(|error| anyhow::anyhow!("{error}"))
}
