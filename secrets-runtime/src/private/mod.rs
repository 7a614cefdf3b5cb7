//! What the macros' expansions call. Not for anyone else: it changes without notice.
//!
//! An expansion is one `static` [`Step`] and one call; whatever need not be generic is behind that call.

mod again;
mod checks;
mod ending;
mod enter;
mod fallible;
mod filler;
mod parameter;
mod preflight;
mod refresh_on;
mod refreshed;
mod registered;
mod repeatable;
mod run;
mod step;

pub use crate::__register as register;
pub use again::{call_again, no_parameters, run_again};
pub use checks::{
    check_alias, check_distinct_request, check_distinct_source, check_env_var, check_group,
    check_id, check_key, check_key_of_group, check_parameter, check_region, check_request,
    check_role, check_selector, check_source, check_type, check_typed_id, check_variable_name,
    check_version,
};
pub use core::{cfg, option::Option, result::Result};
use ending::Ending;
pub use enter::{StepGuard, enter};
pub use fallible::{Fallible, Storable, assert_storable};
pub use filler::{Filler, FromSecret};
pub use inventory::submit;
pub use parameter::Parameter;
pub use preflight::{preflight, preflight_blocking};
pub use refresh_on::{Judge, RefreshOn};
pub use registered::Registered;
pub use repeatable::Repeatable;
pub use run::{StepFuture, run, run_with};
pub use secrets_spec::{MountType, Secret};
pub use step::{Src, Step};

/// The type of a constant that stands for a text.
pub type Text = &'static str;

/// Gives the type of a block a name, in a `return` that is never reached.
pub fn never<R>() -> R {
    unreachable!("the macros write this call into `if false` only")
}
