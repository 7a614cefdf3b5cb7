//! The commands that read and change stored secrets, and the local store, as several programs, several keys and damaged
//! disks meet it.

mod concurrency;
mod damage;
mod export_import;
mod keys;
mod lifecycle;
mod list;
#[cfg(target_os = "linux")]
mod locks;
#[cfg(unix)]
mod other_users;
mod read_only;
mod values;
