//! Dagster pipes: a process that Dagster starts for an asset.

use std::collections::HashMap;

use dagster_pipes_rust::open_dagster_pipes;
use secrets_engines::load;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Outside of Dagster there is nobody to report to.
    if std::env::var_os("DAGSTER_PIPES_CONTEXT").is_none() {
        println!("loaded as {}", load().await?);
        return Ok(());
    }
    let mut context = open_dagster_pipes().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let loaded = load().await;
    if loaded.is_ok() {
        // What is reported here is stored and shown by Dagster.
        let reported = context.report_asset_materialization("rows", HashMap::new(), None);
        reported.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    }
    context.close(None).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    loaded?;
    Ok(())
}
