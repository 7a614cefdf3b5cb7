use crate::core::error::Error;

/// What `refresh_on` says of a step that gives `R`: after which failures its secrets are fetched anew.
///
/// Functions, as a bound on `R` would tell of a wrong result once more.
#[derive(Debug)]
pub struct RefreshOn<R, E> {
    pub(super) from_error: fn(Error) -> R,
    /// The failure that a result holds, or the result that holds none.
    pub(super) into_failure: fn(R) -> Result<R, E>,
    pub(super) from_failure: fn(E) -> R,
    pub(super) is_meant: Judge<E>,
}

/// Whether the secrets are to be fetched anew after this failure.
pub type Judge<E> = fn(&E) -> bool;

impl<R, E> RefreshOn<R, E> {
    /// The failure of a result, if it is one that is meant; else the result as it was.
    ///
    /// The failure alone: what else a result may hold need not be `Send` to wait for fresh secrets with it.
    pub(super) fn judge(&self, result: R) -> Result<R, E> {
        match (self.into_failure)(result) {
            Err(failure) if !(self.is_meant)(&failure) => Ok((self.from_failure)(failure)),
            judged => judged,
        }
    }
}
