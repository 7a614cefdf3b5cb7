//! Restate: a handler of a service. Restate keeps a journal of what `run` returns, and replays it.

use restate_sdk::prelude::*;
use secrets_engines::load;

struct Loader;

#[service]
impl Loader {
    #[handler]
    async fn load(&self, context: Context<'_>, rows: u32) -> Result<String, HandlerError> {
        // The step is inside of `run`, which returns no secret. A replay does not fetch it again.
        let user =
            context.run(|| async { load().await.map_err(handler_error) }).name("load").await?;
        Ok(format!("{rows} rows as {user}"))
    }
}

/// Restate repeats a handler until it passes. A secret that is missing, refused or wrong ends it.
fn handler_error(error: secrets_runtime::Error) -> HandlerError {
    match error.kind().exit_code() {
        3..=5 => TerminalError::new(error.to_string()).into(),
        _ => error.into(),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::var("PORT").map_or(Ok(9080), |port| port.parse::<u16>())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    HttpServer::new(Endpoint::builder().bind(Loader).build()).serve(listener).await;
    Ok(())
}
