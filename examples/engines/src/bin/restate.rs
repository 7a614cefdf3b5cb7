//! Restate: a handler of a service. What it returns is written into Restate's journal, so it must not be a secret.

use restate_sdk::prelude::*;
use secrets_engines::load;

#[restate_sdk::service]
trait Loader {
    async fn load() -> Result<String, HandlerError>;
}

struct LoaderService;

impl Loader for LoaderService {
    async fn load(&self, _context: Context<'_>) -> Result<String, HandlerError> {
        Ok(load().await?)
    }
}

#[tokio::main]
async fn main() {
    let endpoint = Endpoint::builder().bind(LoaderService.serve()).build();
    HttpServer::new(endpoint).listen_and_serve(([127, 0, 0, 1], 9080).into()).await;
}
