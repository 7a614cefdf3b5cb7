use linkme::distributed_slice;

use crate::private::step::Step;

/// The steps that are linked into the program. The linker may drop those of a module of which nothing else is used, so
/// this lists steps, and nothing depends on a step being in it.
#[distributed_slice]
pub static STEPS: [&'static Step];

/// Returns all steps that are linked into the program, by name.
pub(crate) fn linked_steps() -> Vec<&'static Step> {
    let mut steps = STEPS.to_vec();
    // The order is the linker's. Two steps of one name are two: they differ in module, file or line.
    steps.sort_by_key(|step| {
        step.spec().map(|spec| (&spec.name, &spec.module, &spec.file, spec.line))
    });
    steps
}

/// Lists a step: the macros write it behind the step's `static`.
///
/// The attribute `distributed_slice` would do the same, and runs a procedural macro for every step.
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
