//! The leak guard: looks through what a step returns for the secrets of that step, before anybody gets it.

pub(crate) mod error_parts;
pub(crate) mod inspection;
mod output_path;
mod report;
mod search_result;
mod value_search;
mod wiped_text;

use secrets_spec::GuardMode;

use crate::{
    context::secrets::Secrets,
    core::error::Error,
    private::guard::{inspection::Inspection, report::report},
};

/// Looks through the result of a step. `look` gets what it is looked through with. It is called only if the step has
/// secrets that can be found.
///
/// # Errors
/// [`ErrorKind::Leaked`](crate::ErrorKind::Leaked) if the result contains a secret, or is too deep or too long to be looked
/// through, and the guard does not only warn.
/// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if that cannot be recorded and has to be.
#[cold]
pub(crate) fn inspect(
    secrets: &Secrets,
    look: &mut dyn FnMut(&mut Inspection<'_>),
) -> Result<(), Error> {
    let mode = secrets.shared().guard.mode;
    if mode == GuardMode::Off {
        return Ok(());
    }
    let guarded = secrets.guarded_fields();
    if guarded.patterns.is_empty() {
        return Ok(());
    }
    let mut inspection = Inspection::new(&guarded, mode);
    look(&mut inspection);
    report(secrets, &guarded, inspection.into_outcome())
}
