//! Checks that depend on a type which only the compiler knows. For each check an expansion has a constant of type
//! `Inferred<F>`, in a pattern whose value decides what `F` is.

use std::marker::PhantomData;

use secrets_spec::{LockTables, SecretFieldNames};

use crate::{context::Context, private::checks::report_unlocked};

/// Names a type.
pub type Inferred<F> = PhantomData<F>;

/// The value of an [`Inferred`].
pub const fn inferred<F>() -> Inferred<F> {
    PhantomData
}

/// A type that stands for the fields of a struct.
pub trait SecretFieldList {
    /// The fields that a secret must have.
    const NAMES: SecretFieldNames;
}

/// Stands for the fields of a type without `#[derive(SecretFields)]`, which are not known.
pub struct NoFields;

impl SecretFieldList for NoFields {
    const NAMES: SecretFieldNames = &[];
}

/// The constant of every type. The one that `#[derive(SecretFields)]` writes is inherent and is preferred to this one.
pub trait NoSecretFields {
    /// Names the fields.
    const __SECRET_FIELDS: Inferred<NoFields> = PhantomData;
}

impl<T: ?Sized> NoSecretFields for T {}

/// Panics unless a secret with these keys has the fields.
#[track_caller]
pub const fn check_locked_fields<F: SecretFieldList>(name: &str, keys: &[&str]) -> Inferred<F> {
    report_unlocked(secrets_spec::check_locked_fields(name, keys, F::NAMES));
    PhantomData
}

/// Panics unless the secret whose name has these parts has the fields in the lock.
#[track_caller]
pub const fn check_locked_fields_of<F: SecretFieldList>(
    lock: &LockTables,
    name: &[&str],
) -> Inferred<F> {
    report_unlocked(secrets_spec::check_locked_fields_of(lock, name, F::NAMES));
    PhantomData
}

/// A function that a body calls `current_context`. It may be one of the program.
pub struct ContextProbe<C>(pub C);

/// The origin of the context that a function returns.
pub trait ContextOrigin {
    /// Whether it is the context of the running step.
    const IS_STEP: bool;
}

/// The context of the running step.
pub struct OfStep;

/// Any other context.
pub struct OfProgram;

impl ContextOrigin for OfStep {
    const IS_STEP: bool = true;
}

impl ContextOrigin for OfProgram {
    const IS_STEP: bool = false;
}

impl<C: Fn() -> Context> ContextProbe<C> {
    /// Names the origin. It is preferred to the method of the trait.
    pub fn origin(&self) -> Inferred<OfStep> {
        PhantomData
    }
}

/// Implemented by the functions that do not return the context of this crate.
pub trait OtherContext {
    /// Names the origin.
    fn origin(&self) -> Inferred<OfProgram> {
        PhantomData
    }
}

impl<C> OtherContext for &ContextProbe<C> {}

/// Panics with this text if the context belongs to the running step.
#[track_caller]
pub const fn check_not_a_step<C: ContextOrigin>(text: &str) -> Inferred<C> {
    if C::IS_STEP {
        panic!("{}", text);
    }
    PhantomData
}

/// Names fields that are read in a context.
pub fn read_in<C, F>(_: Inferred<C>, _: Inferred<F>) -> Inferred<(C, F)> {
    PhantomData
}

impl<C: ContextOrigin, F: SecretFieldList> SecretFieldList for (C, F) {
    const NAMES: SecretFieldNames = if C::IS_STEP { F::NAMES } else { &[] };
}
