//! Called by the expansions of steps with the feature `guard`. The macros' crate is built once for a program and for
//! its build scripts, so their expansions may call these without the feature too.

/// Returns the adapter of a step's result type, with how its results are searched.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter {
    ($from_error:expr, off) => { $crate::__private::ResultAdapter::new($from_error) };
    ($from_error:expr, $($how:tt)+) => {
        $crate::__private::ResultAdapter::new($from_error).guarded($crate::__search!($($how)+))
    };
}

/// Returns the function of a result type that describes a second run of the body, with how its results are searched.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh_adapter {
    ($refresh_on:expr, off) => { $refresh_on };
    ($refresh_on:expr, $($how:tt)+) => {
        |predicate| ($refresh_on)(predicate).guarded($crate::__search!($($how)+))
    };
}

/// Returns the function that searches a result: `error` searches the error alone, `seen` also a value if its type is
/// known to be `Serialize`, and `value` a value that must be.
#[cfg(feature = "guard")]
#[doc(hidden)]
#[macro_export]
macro_rules! __search {
    (error) => {
        |result, search| {
            if let $crate::__private::Result::Err(error) = result {
                $crate::__search!(@error error, search)
            }
        }
    };
    (seen) => {
        |result, search| match result {
            $crate::__private::Result::Ok(value) => {
                #[allow(unused_imports)]
                use $crate::__private::NoValue as _;
                $crate::__private::TypeProbe(value).search_value(search)
            }
            $crate::__private::Result::Err(error) => $crate::__search!(@error error, search),
        }
    };
    (value $search:expr) => {
        |result, search| match result {
            $crate::__private::Result::Ok(value) => $search(value, search),
            $crate::__private::Result::Err(error) => $crate::__search!(@error error, search),
        }
    };
    (@error $error:ident, $search:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ErrorPointer as _, NoDebug as _, NoDisplay as _, NoSource as _,
        };
        let probe = $crate::__private::TypeProbe($error);
        $search.search_error(&$crate::__private::ErrorParts {
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
    ($from_error:expr, $($how:tt)+) => { $crate::__search!($($how)+) };
}

/// Returns the function of a result type that describes a second run of the body.
#[cfg(not(feature = "guard"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh_adapter {
    ($refresh_on:expr, $(off)? $(seen)? $(error)?) => { $refresh_on };
    ($refresh_on:expr, $($how:tt)+) => { $crate::__search!($($how)+) };
}

/// Reports that results cannot be searched.
#[cfg(not(feature = "guard"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __search {
    ($($how:tt)+) => {
        ::core::compile_error!("`guard` needs the feature `guard` of secrets-runtime")
    };
}
