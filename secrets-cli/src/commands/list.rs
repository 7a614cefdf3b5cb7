use std::sync::{Mutex, PoisonError};

use crate::{args::List, failure::Failure, feed::Feed, shelf::Shelf};

/// Lists the names of all secrets, each as soon as it is known.
pub fn run(args: &List) -> Result<(), Failure> {
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    let feed = Mutex::new(Feed::new(args.common.format));
    let lock = || feed.lock().unwrap_or_else(PoisonError::into_inner);
    shelf.list_each(&mut |name| lock().push(&name), || {
        // What cannot be written is told when the next name comes, or at the end.
        let _ = lock().flush();
    })?;
    feed.into_inner().unwrap_or_else(PoisonError::into_inner).end()
}
