use std::sync::{Mutex, PoisonError};

use crate::{
    args::List,
    failure::Failure,
    output::{list_output::ListOutput, reporter::Reporter},
    stores::Stores,
};

/// Prints the names of all secrets, each as soon as it is known.
pub fn run(args: &List, reporter: &Reporter) -> Result<(), Failure> {
    let stores = Stores::open(args.common.backend.as_deref())?;
    let list = Mutex::new(ListOutput::new(args.common.format));
    let lock = || list.lock().unwrap_or_else(PoisonError::into_inner);
    stores.list_each(&mut |name| lock().push(&name), || {
        // A failure is recorded, and reported with the next name or at the end.
        let _ = lock().flush();
    })?;
    let list = list.into_inner().unwrap_or_else(PoisonError::into_inner);
    if list.is_empty() {
        reporter.info(&format!("there are no secrets in {}", stores.place()));
    }
    list.finish()
}
