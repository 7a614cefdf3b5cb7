use linkme::distributed_slice;

use crate::private::step::Step;

/// The steps that are linked into the program. The linker may drop the steps of an otherwise unused module. So this
/// list may be incomplete, and nothing may depend on a step being in it.
#[distributed_slice]
pub static STEPS: [Step];

/// Returns all steps that are linked into the program, by name.
pub(crate) fn linked_steps() -> Vec<&'static Step> {
    let mut steps: Vec<&Step> = STEPS.iter().collect();
    // The linker chooses the order. Steps with the same name differ in module, file or line.
    steps.sort_by_key(|step| {
        step.spec().map(|spec| (&spec.name, &spec.module, &spec.file, spec.line))
    });
    steps
}

/// Returns the step of the function whose type has this name.
pub(crate) fn step_of(function: &str) -> Option<&'static Step> {
    let function = path_of(function);
    STEPS.iter().find(|step| {
        let inside = path_of(step.type_inside());
        inside.rsplit_once("::").is_some_and(|(path, _)| path == function)
    })
}

/// Returns the path in the name of a type: without generic arguments, and without the closures that contain the body
/// of an asynchronous function.
fn path_of(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    let mut depth = 0_usize;
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            // `<Job as Step>::load` and `<impl Job>::load` begin a path; other brackets hold arguments.
            '<' if depth > 0 || !path.is_empty() => depth += 1,
            // An arrow of the type of a function.
            '-' if chars.peek() == Some(&'>') => {
                chars.next();
                path.push_str(if depth == 0 { "->" } else { "" });
            }
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => path.push(char),
            _ => {}
        }
    }
    path.replace("::{{closure}}", "")
}

/// Returns the `static` of a step, which is an entry of the list too: a second `static` would take a quarter of the
/// compile time of an attribute.
///
/// The attribute `distributed_slice` would have this effect too, but would run a procedural macro for every step.
#[doc(hidden)]
#[macro_export]
macro_rules! __step {
    ($name:ident = $record:expr $(, $with:ident($($argument:expr),*))*) => {{
        enum __SecretsHere {}
        $crate::__private::STEPS! {
            #![linkme_macro = $crate::__private::STEPS]
            static $name: $crate::__private::Step =
                $crate::__private::Step::new($record, $crate::__private::type_name::<__SecretsHere>)
                    $(.$with($($argument),*))*;
        }
        &$name
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_arguments_and_no_closures() {
        for (name, path) in [
            ("app::load", "app::load"),
            ("app::load::{{closure}}::Here", "app::load::Here"),
            ("app::load<alloc::vec::Vec<u8>>", "app::load"),
            ("app::Job<T>::load", "app::Job::load"),
            ("<app::Job<u8> as app::Step>::load", "<app::Job as app::Step>::load"),
            ("app::load<fn() -> u8>", "app::load"),
        ] {
            assert_eq!(path_of(name), path, "{name}");
        }
    }
}
