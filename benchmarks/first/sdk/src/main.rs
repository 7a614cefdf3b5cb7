//! Cold start: the same with the AWS SDK alone.

use std::error::Error;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
        let answer = client.get_secret_value().secret_id("first").send().await?;
        answer.secret_string().map(drop).ok_or_else(|| "it has no text".into())
    })
}
