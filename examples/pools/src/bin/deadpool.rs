//! deadpool: a manager whose connections have the present password.

use deadpool::managed::{Manager, Metrics, Pool, RecycleError, RecycleResult};
use deadpool_postgres::ClientWrapper;
use secrets_pools::{
    load::{CONNECTIONS, LIFETIME, under_load},
    postgres::{ConnectError, Postgres, connect},
};

struct Connections;

impl Manager for Connections {
    type Type = ClientWrapper;
    type Error = ConnectError;

    async fn create(&self) -> Result<ClientWrapper, ConnectError> {
        let (client, task) = connect().await?;
        Ok(ClientWrapper::new(client, task))
    }

    async fn recycle(
        &self,
        client: &mut ClientWrapper,
        metrics: &Metrics,
    ) -> RecycleResult<ConnectError> {
        if client.is_closed() || metrics.age() > LIFETIME {
            return Err(RecycleError::message("it is closed, or too old"));
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = Pool::<Connections>::builder(Connections).max_size(CONNECTIONS as usize).build()?;
    let query = move || {
        let pool = pool.clone();
        async move {
            let client = pool.get().await?;
            client.query_one("SELECT 1", &[]).await?;
            Ok(())
        }
    };
    under_load::<Postgres, _>("deadpool-postgres", query).await
}
