//! cargo-athena: functions that become containers of Argo Workflows.

use cargo_athena::{container, workflow};
use secrets_engines::load;

#[workflow]
fn nightly() {
    load_rows("10".to_string());
}

#[container(image = "registry.example/nightly:1")]
fn load_rows(rows: String) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let user = runtime.block_on(load()).expect("the secrets are there");
    println!("{rows} rows as {user}");
}

fn main() {
    cargo_athena::entrypoint!(nightly);
}
