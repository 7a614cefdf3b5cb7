//! What the programs share: the credentials, the databases, and the load while the password changes.

pub mod credentials;
pub mod load;
pub mod mariadb;
pub mod postgres;
