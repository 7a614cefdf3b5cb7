//! The Flyte SDK for Rust: a task that calls a step. Flyte records what a traced function returns, so it must not be a secret.

use secrets_engines::load;

#[flyte::task]
async fn pipeline(rows: i64) -> Result<String, flyte::Error> {
    let user = load().await.map_err(anyhow::Error::from)?;
    Ok(format!("{rows} rows as {user}"))
}

fn main() -> anyhow::Result<()> {
    println!("{}", flyte::run(pipeline(10))?);
    Ok(())
}
