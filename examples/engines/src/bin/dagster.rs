//! Dagster pipes: a process that Dagster starts for an asset.

use dagster_pipes_rust::{AssetCheckSeverity, open_dagster_pipes};
use secrets_engines::load;
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Outside of Dagster there is nobody to report to.
    if std::env::var_os("DAGSTER_PIPES_CONTEXT").is_none() {
        println!("loaded as {}", load().await?);
        return Ok(());
    }
    let mut context = open_dagster_pipes()?;
    let user = load().await?;
    let metadata = json!({ "user": { "raw_value": user, "type": "text" } });
    let _ = AssetCheckSeverity::Warn;
    drop((metadata, &mut context));
    Ok(())
}
