use linkme::distributed_slice;

use crate::private::step::Step;

/// The steps that are linked into the program. The linker may drop the steps of a module of which nothing
/// else is used. So this list may be incomplete, and nothing may depend on a step being in it.
#[distributed_slice]
pub static STEPS: [&'static Step];

/// Returns all steps that are linked into the program, by name.
pub(crate) fn linked_steps() -> Vec<&'static Step> {
    let mut steps = STEPS.to_vec();
    // The linker chooses the order. Steps with the same name differ in module, file or line.
    steps.sort_by_key(|step| {
        step.spec().map(|spec| (&spec.name, &spec.module, &spec.file, spec.line))
    });
    steps
}

/// Lists a step. The macros write it after the step's `static`.
///
/// The attribute `distributed_slice` would do the same, but would run a procedural macro for every step.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($step:ident) => {
        $crate::__private::STEPS! {
            #![linkme_macro = $crate::__private::STEPS]
            static __SECRETS_ENTRY: &$crate::__private::Step = &$step;
        }
    };
}
