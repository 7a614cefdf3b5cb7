//! The store, tried as issue and design promise it. What several files need is in [`home`].

mod child;
mod content;
mod damage;
mod format;
mod full_disk;
mod home;
mod interop;
mod key;
mod kill;
mod listing;
mod processes;
mod rights;
mod transactions;
mod two_keys;
