use std::sync::{Mutex, PoisonError};

use crate::{args::List, failure::Failure, output::list_output::ListOutput, stores::Stores};

/// Prints the names of all secrets, each as soon as it is known.
pub fn run(args: &List) -> Result<(), Failure> {
    let stores = Stores::open(args.common.backend.as_deref())?;
    let list = Mutex::new(ListOutput::new(args.common.format));
    let lock = || list.lock().unwrap_or_else(PoisonError::into_inner);
    stores.list_each(&mut |name| lock().push(&name), || {
        // A failure is recorded, and reported with the next name or at the end.
        let _ = lock().flush();
    })?;
    list.into_inner().unwrap_or_else(PoisonError::into_inner).finish()
}
