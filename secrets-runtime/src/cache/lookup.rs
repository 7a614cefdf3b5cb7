use std::time::Instant;

use crate::{backend::Fetched, core::error::Error};

/// An answer, and how long it may serve if it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Got<A = Fetched> {
    pub answer: Result<A, Error>,
    pub kept: Option<Kept>,
}

impl<A> Got<A> {
    pub(crate) fn not_kept(answer: Result<A, Error>) -> Self {
        Self { answer, kept: None }
    }
}

/// A value that is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// When it was asked for.
    pub asked: Instant,
    /// Until when it serves without another look.
    pub until: Instant,
}

/// Which values will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Those that have not expired.
    Fresh,
    /// Those asked for after this.
    NewerThan(Instant),
    /// None that was asked for before.
    Anew,
}
