//! The local store, as several programs, several keys and damaged disks meet it.

mod concurrency;
mod damage;
mod keys;
#[cfg(target_os = "linux")]
mod locks;
#[cfg(unix)]
mod other_users;
mod read_only;
