//! Finds out which traits (`Serialize`, `Display`, ..) a result type has, at the step itself. An inherent method is
//! preferred to a method of a trait, so the traits' methods are called for types without the trait in question.

use std::{
    error::Error as StdError,
    fmt::{Debug, Display},
    ops::Deref,
};

use serde::Serialize;

use crate::private::guard::search::LeakSearch;

/// A part of a result.
#[derive(Debug)]
pub struct TypeProbe<'r, T>(pub &'r T);

impl<T: Serialize> TypeProbe<'_, T> {
    /// Searches the value.
    pub fn search_value(&self, search: &mut LeakSearch<'_>) {
        search.search_value(self.0);
    }
}

/// A type that is not known to be `Serialize`.
pub trait NoValue {
    /// Does nothing.
    fn search_value(&self, _: &mut LeakSearch<'_>) {}
}

impl<T> NoValue for TypeProbe<'_, T> {}

impl<'r, T: Display> TypeProbe<'r, T> {
    /// Returns its `Display`.
    pub fn display(&self) -> Option<&'r dyn Display> {
        Some(self.0)
    }
}

/// A type that is not known to be `Display`.
pub trait NoDisplay<'r> {
    /// Returns `None`.
    fn display(&self) -> Option<&'r dyn Display> {
        None
    }
}

impl<'r, T> NoDisplay<'r> for TypeProbe<'r, T> {}

impl<'r, T: Debug> TypeProbe<'r, T> {
    /// Returns its `Debug`.
    pub fn debug(&self) -> Option<&'r dyn Debug> {
        Some(self.0)
    }
}

/// A type that is not known to be `Debug`.
pub trait NoDebug<'r> {
    /// Returns `None`.
    fn debug(&self) -> Option<&'r dyn Debug> {
        None
    }
}

impl<'r, T> NoDebug<'r> for TypeProbe<'r, T> {}

impl<'r, T: StdError> TypeProbe<'r, T> {
    /// Returns the error that caused it.
    pub fn source(&self) -> Option<&'r (dyn StdError + 'static)> {
        self.0.source()
    }
}

/// A type that is a pointer to an error, as `anyhow::Error` and `Box<dyn Error>` are.
pub trait ErrorPointer<'r> {
    /// Returns the error that caused it.
    fn source(&self) -> Option<&'r (dyn StdError + 'static)>;
}

impl<'r, T: Deref<Target: StdError>> ErrorPointer<'r> for TypeProbe<'r, T> {
    fn source(&self) -> Option<&'r (dyn StdError + 'static)> {
        let pointer: &'r T = self.0;
        pointer.deref().source()
    }
}

/// A type that is not known to be an error.
pub trait NoSource<'r> {
    /// Returns `None`.
    fn source(&self) -> Option<&'r (dyn StdError + 'static)> {
        None
    }
}

impl<'r, T> NoSource<'r> for &TypeProbe<'r, T> {}

/// The value of a step with `guard = "deny"` or `"warn"`.
#[diagnostic::on_unimplemented(
    message = "the result of a step with this `guard` is searched as it would be serialized, and `{Self}` is not `serde::Serialize`",
    label = "this result cannot be searched",
    note = "write `#[derive(serde::Serialize)]` above your own type, or `guard = \"errors\"` to search the error alone"
)]
pub trait Inspectable {
    /// Searches the value.
    fn search(&self, search: &mut LeakSearch<'_>);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Inspectable for T {
    fn search(&self, search: &mut LeakSearch<'_>) {
        search.search_value(self);
    }
}
