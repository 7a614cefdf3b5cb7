//! cargo-athena: functions that become containers of Argo Workflows. Without a variable of cargo-athena it prints the
//! manifest.

use cargo_athena::{container, workflow};
use secrets_engines::load;

#[workflow]
fn nightly() {
    load_rows(10);
}

/// Its pod fetches the secret. What it returns is an output parameter, which Argo stores and shows.
#[container(
    image = "registry.example/nightly:1",
    service_account = "loader",
    env = { "SECRETS_DEFAULT_BACKEND" = "aws-secrets-manager" }
)]
async fn load_rows(rows: u32) -> String {
    let user = load().await.unwrap_or_else(|error| panic!("{error}"));
    format!("{rows} rows as {user}")
}

fn main() {
    cargo_athena::entrypoint!(nightly);
}
