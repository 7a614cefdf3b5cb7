//! MariaDB, whose users get new passwords.

use anyhow::{Context as _, Result};
use mysql_async::{Conn, Opts, OptsBuilder, Pool, prelude::Queryable as _};

use crate::load::{Address, Database};

/// MariaDB, by the connections of an administrator.
pub struct MariaDb {
    admin: Pool,
    opts: Opts,
}

impl Database for MariaDb {
    const URL_VARIABLE: &'static str = "SECRETS_TEST_MARIADB_URL";

    async fn connect(url: &str) -> Result<Self> {
        // The socket would be another host than 127.0.0.1, with other users.
        let opts = OptsBuilder::from_opts(Opts::from_url(url)?).prefer_socket(false);
        let opts = Opts::from(opts);
        Ok(Self { admin: Pool::new(opts.clone()), opts })
    }

    fn address(&self) -> Result<Address> {
        Ok(Address {
            host: self.opts.ip_or_hostname().to_owned(),
            port: self.opts.tcp_port(),
            name: self.opts.db_name().context("the URL names no database")?.to_owned(),
        })
    }

    async fn create_user(&self, user: &str) -> Result<()> {
        let mut admin = self.admin.get_conn().await?;
        admin.query_drop(format!("CREATE USER {user}@'127.0.0.1' ACCOUNT LOCK")).await?;
        let name = self.address()?.name;
        admin.query_drop(format!("GRANT SELECT ON {name}.* TO {user}@'127.0.0.1'")).await?;
        Ok(())
    }

    async fn set_password(&self, user: &str, password: &str) -> Result<()> {
        let change =
            format!("ALTER USER {user}@'127.0.0.1' IDENTIFIED BY '{password}' ACCOUNT UNLOCK");
        Ok(self.admin.get_conn().await?.query_drop(change).await?)
    }

    async fn accepts(&self, user: &str, password: &str) -> bool {
        let opts = OptsBuilder::from_opts(self.opts.clone()).user(Some(user)).pass(Some(password));
        Conn::new(opts).await.is_ok()
    }

    async fn count_connections(&self, user: &str) -> Result<u64> {
        let count = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ?";
        let count = self.admin.get_conn().await?.exec_first(count, (user,)).await?;
        count.context("a count has a row")
    }
}
