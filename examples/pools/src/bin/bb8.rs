//! bb8: a manager whose connections have the present password.

use std::time::Instant;

use bb8::{ManageConnection, Pool};
use secrets_pools::{
    load::{CONNECTIONS, LIFETIME, under_load},
    postgres::{ConnectError, Postgres, connect},
};
use tokio_postgres::Client;

struct Connections;

struct Connection {
    client: Client,
    since: Instant,
}

impl ManageConnection for Connections {
    type Connection = Connection;
    type Error = ConnectError;

    async fn connect(&self) -> Result<Connection, ConnectError> {
        let (client, _) = connect().await?;
        Ok(Connection { client, since: Instant::now() })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        connection.client.simple_query("").await?;
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.client.is_closed() || connection.since.elapsed() > LIFETIME
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = Pool::builder().max_size(CONNECTIONS).build_unchecked(Connections);
    let query = move || {
        let pool = pool.clone();
        async move {
            let connection = pool.get().await?;
            connection.client.query_one("SELECT 1", &[]).await?;
            Ok(())
        }
    };
    under_load::<Postgres, _>("bb8", query).await
}
