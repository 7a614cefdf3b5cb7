//! What a file system does differently from one operating system to the next.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use crate::backends::local::system::other::{
    close_folder, create_folder, create_new, exposure, has_one_name, is_at, is_own, open,
    open_lock, sync_folder,
};
#[cfg(unix)]
pub(super) use crate::backends::local::system::unix::{
    close_folder, create_folder, create_new, exposure, has_one_name, is_at, is_own, open,
    open_lock, sync_folder,
};

/// Why a file or folder is not private, as the end of a sentence about it, and what to do.
#[derive(Debug)]
pub(super) struct Exposure {
    pub(super) reason: String,
    pub(super) remedy: String,
}
