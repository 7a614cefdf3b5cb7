//! What the expansions of steps call with the feature `guard`. The macros' crate is built once for a program and for
//! what builds the program, so their expansions may call these without the feature too.

/// Returns the adapter of a step's result type, with the way in which results are looked through.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter {
    ($from_error:expr, off) => { $crate::__private::ResultAdapter::new($from_error) };
    ($from_error:expr, $($look:tt)+) => {
        $crate::__private::ResultAdapter::new($from_error).guarded($crate::__look!($($look)+))
    };
}

/// Returns the function of a result type that describes a second run of the body, with the way in which results are looked through.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh_adapter {
    ($refresh_on:expr, off) => { $refresh_on };
    ($refresh_on:expr, $($look:tt)+) => {
        |predicate| ($refresh_on)(predicate).guarded($crate::__look!($($look)+))
    };
}

/// Returns the function that looks through a result: `error` looks at the error alone, `seen` also at a value whose
/// type is seen to be `Serialize`, and `value` at a value of which that is required.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __look {
    (error) => {
        |result, inspection| {
            if let $crate::__private::Result::Err(error) = result {
                $crate::__look!(@error error, inspection)
            }
        }
    };
    (seen) => {
        |result, inspection| match result {
            $crate::__private::Result::Ok(value) => {
                #[allow(unused_imports)]
                use $crate::__private::NoValue as _;
                $crate::__private::TypeProbe(value).look_at_value(inspection)
            }
            $crate::__private::Result::Err(error) => $crate::__look!(@error error, inspection),
        }
    };
    (value $look_at:expr) => {
        |result, inspection| match result {
            $crate::__private::Result::Ok(value) => $look_at(value, inspection),
            $crate::__private::Result::Err(error) => $crate::__look!(@error error, inspection),
        }
    };
    (@error $error:ident, $inspection:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ErrorPointer as _, NoDebug as _, NoDisplay as _, NoSource as _,
        };
        let probe = $crate::__private::TypeProbe($error);
        $inspection.look_at_error(&$crate::__private::ErrorParts {
            display: probe.display(),
            debug: probe.debug(),
            source: (&probe).source(),
        })
    }};
}

/// Returns the adapter of a step's result type.
#[cfg(not(feature = "guard"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter {
    ($from_error:expr, $(off)? $(seen)? $(error)?) => { $from_error };
    ($from_error:expr, $($look:tt)+) => { $crate::__look!($($look)+) };
}

/// Returns the function of a result type that describes a second run of the body.
#[cfg(not(feature = "guard"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh_adapter {
    ($refresh_on:expr, $(off)? $(seen)? $(error)?) => { $refresh_on };
    ($refresh_on:expr, $($look:tt)+) => { $crate::__look!($($look)+) };
}

/// Reports that results cannot be looked through.
#[cfg(not(feature = "guard"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __look {
    ($($look:tt)+) => {
        ::core::compile_error!("`guard` needs the feature `guard` of secrets-runtime")
    };
}
