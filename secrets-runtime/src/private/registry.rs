use crate::private::step::Step;

/// A step that is linked into the program. The list may lack one: a linker drops the entries of a module of
/// which nothing else is used. Hence it lists, and decides nothing.
#[derive(Debug)]
pub struct Registered(pub &'static Step);

inventory::collect!(Registered);

/// All steps that are linked into the program, by name.
pub(crate) fn all() -> Vec<&'static Step> {
    let mut steps: Vec<&'static Step> =
        inventory::iter::<Registered>.into_iter().map(|registered| registered.0).collect();
    // They come in whatever order the linker gave them.
    steps.sort_by_key(|step| step.name);
    steps
}

/// Lists a step: what the macros write behind its `static`.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($step:ident) => {
        $crate::__private::submit! { $crate::__private::Registered(&$step) }
    };
}
