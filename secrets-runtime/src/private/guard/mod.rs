//! The leak guard: searches the result of a step for the secrets of that step, before the caller gets it.

pub(crate) mod error_parts;
mod output_path;
mod report;
pub(crate) mod search;
mod search_result;
mod value_search;
mod wiped_text;

use secrets_spec::GuardMode;

use crate::{
    context::secrets::Secrets,
    core::error::Error,
    private::guard::{report::report, search::LeakSearch},
};

/// Searches the result of a step. `search` runs the search that it gets on the result. It is called only if the step has
/// secrets that can be found.
///
/// # Errors
/// [`ErrorKind::Leaked`](crate::ErrorKind::Leaked) if the result contains a secret, or is too deep or too long to be
/// searched, and the guard does not only warn.
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if the audit log is required and the leak cannot be recorded.
#[cold]
pub(crate) fn search_result(
    secrets: &Secrets,
    search: &mut dyn FnMut(&mut LeakSearch<'_>),
) -> Result<(), Error> {
    let mode = secrets.shared().guard.mode;
    if mode == GuardMode::Off {
        return Ok(());
    }
    let guarded = secrets.guarded_fields();
    if guarded.patterns.is_empty() {
        return Ok(());
    }
    let mut leaks = LeakSearch::new(&guarded, mode);
    search(&mut leaks);
    report(secrets, &guarded, leaks.into_outcome())
}
