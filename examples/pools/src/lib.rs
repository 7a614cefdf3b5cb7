//! What the programs share: the credentials, a connection with them, and a database whose password changes.

pub mod database;
pub mod load;
