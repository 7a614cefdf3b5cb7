//! Secrets for steps of jobs: declared by an attribute, checked when the program compiles, fetched together
//! before the body runs, readable only inside it, and never printed or stored.
//!
//! ```
//! use secrets_runtime::{Error, current_context, secrets};
//!
//! #[secrets(sources = ["prod-db"])]
//! async fn load() -> Result<(), Error> {
//!     let password = current_context().secrets.get("prod-db", "password")?;
//!     connect(password.expose_str()?).await
//! }
//! # async fn connect(_password: &str) -> Result<(), Error> { Ok(()) }
//! ```
//!
//! A step is a `fn` or an `async fn` with [`#[secrets]`](macro@secrets) or [`#[task]`](macro@task). The backend
//! of its secrets is chosen when the program runs: the embedded encrypted store of this machine by default, or
//! the backend that `SECRETS_DEFAULT_BACKEND` names.
//!
//! # What it guarantees
//! - The body runs only if everything that it declares was found. Otherwise all problems are reported at once,
//!   each with its source and what to do.
//! - A step sees what it declared and nothing else.
//! - A [`SecretValue`] is not printed, serialized or compared by accident, and its bytes are wiped when its last
//!   clone is dropped.
//! - No error, panic or log of this library contains a value.
//!
//! # What it does not guarantee
//! - The program has to wipe the copies that it makes of a value.
//! - A process of the same user, or of root, can read this process's memory.
//!
//! # Features
//! None is on by default, and each only adds something:
//! - `aws`: the backends `aws-secrets-manager` and `ssm` (it needs Rust 1.94.1).
//! - `aws-agent`: these two backends through an AWS agent on this machine, without the AWS SDK.
//! - `aws-process`: with `aws`, its profiles with a `credential_process`.
//! - `aws-sso`: with `aws`, its profiles that sign in to IAM Identity Center.
//! - `clap`: `cli::SecretsArgs`, to flatten into a program's own command line.
//! - `conformance`: the test suite that every backend passes.
//! - `guard`: the leak guard, which searches what a step returns for the secrets of that step.
//! - `exec`: backends whose secrets a program prints, such as 1Password's `op`, configured in a table of
//!   `secrets.toml`.
//! - `kubernetes`: the backend `kubernetes`, the Secrets of a Kubernetes cluster.
//! - `mask`: `mask::Masker`, which puts `***` in place of secrets in logs and in other output.
//! - `prefect`: Prefect's servers and Cloud. The backend `prefect` asks them for secrets that are not in Prefect's
//!   local context, which it reads without this feature too.
//! - `secrecy`: conversions between [`SecretValue`] and the `SecretString` of the crate secrecy.
//! - `tokio`: for backends that need tokio's reactor ([`Capabilities::needs_tokio`], `backend::on_io_thread`).
//! - `tracing`: warnings are events instead of lines on standard error. The audit log's events are too, at the target
//!   `secrets::audit`.
//! - `vault`: the backend `vault`, the secrets of HashiCorp Vault and OpenBao.
//! - `zenml`: the backend `zenml`, a ZenML server's secrets.
//! - `zeroizing-alloc`: `process::WipingAllocator`, a global allocator that wipes whatever a program frees.
#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros' expansions name the crate, also in its own doc tests and unit tests.
#[allow(unused_extern_crates, reason = "used by expansions in tests of this crate alone")]
extern crate self as secrets_runtime;

pub mod admin;
mod audit;
pub mod backend;
pub mod backends;
mod cache;
#[cfg(feature = "clap")]
pub mod cli;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod core;
pub mod credentials;
mod declaration;
#[cfg(feature = "mask")]
pub mod mask;
mod payload;
mod permissions;
mod preflight;
mod private;
mod resolver;
mod rt;
pub mod settings;
pub mod testing;

pub use audit::{
    AuditSink,
    event::{AuditEvent, AuditEventKind},
};
pub use backend::{
    Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
    identity::Identity, lease::Lease, payload::Payload, store::Store,
};
pub use context::{
    Context, Entered, Scoped, current_context, entry::Entry, provenance::Provenance,
    refresh::Attempt, secrets::Secrets, try_current_context,
};
pub use declaration::{Declaration, DeclarationBuilder};
pub use preflight::{preflight, preflight_blocking};
pub use resolver::{
    Resolver,
    builder::ResolverBuilder,
    get_secret::{
        get_secret, get_secret_as, get_secret_as_blocking, get_secret_blocking, get_secret_value,
        get_secret_value_blocking,
    },
    report::{Checked, Report},
};
pub use secrets_macros::{SecretFields, secrets, task};
pub use secrets_spec::{InlineVars, MountType, Options, RequestView, Secret};
pub use settings::validation_level::ValidationLevel;

pub use self::core::{
    error::{Error, ErrorKind, Problem},
    origin::Origin,
    secret_value::SecretValue,
};

/// What a program can do for the secrets in its own memory.
///
/// A [`SecretValue`] wipes its bytes when its last clone is dropped. Other copies are not this library's: those that the
/// program makes, those in buffers of HTTP libraries, and those in a core file.
///
/// - [`no_core_dumps`](process::no_core_dumps) keeps the system from writing the memory of this process to disk when it
///   crashes.
/// - With the feature `zeroizing-alloc`, `WipingAllocator` wipes whatever the program frees.
///
/// ```
/// use secrets_runtime::{Error, process};
///
/// fn main() -> Result<(), Error> {
///     # if cfg!(unix) {
///     process::no_core_dumps()?;
///     # }
///     // .. the steps
///     Ok(())
/// }
/// ```
pub mod process {
    pub use crate::core::core_dumps::no_core_dumps;
    #[cfg(feature = "zeroizing-alloc")]
    pub use crate::core::wiping_allocator::WipingAllocator;
}

// Older programs import these names from the root. Their modules are `backends` and `admin`.
#[doc(hidden)]
pub use admin::{stored_field::StoredField, stored_secret::StoredSecret};
#[cfg(feature = "aws")]
#[doc(hidden)]
pub use backends::aws::sdk::secrets_manager::AwsSecretsManager;
#[cfg(feature = "zenml")]
#[doc(hidden)]
pub use backends::zenml::Zenml;
#[doc(hidden)]
pub use backends::{
    env::Env, file::File, flyte::Flyte, inline::Inline, local::Local, prefect::Prefect,
};
#[doc(hidden)]
pub use resolver::store::ResolverStore;
#[doc(hidden)]
pub use settings::setting::Setting;

/// Credentials for connection pools.
pub mod pool {
    pub use crate::resolver::rotating::{Changes, Rotating};
}

/// Codes from which the command makes its own help texts. They may change in any release.
#[doc(hidden)]
pub use self::core::help_code::HelpCode;

/// Items that this project's own tests need. They are not for programs, and may change in any release.
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod __testing {
    #[cfg(feature = "mask")]
    pub use crate::mask::forms::of as mask_forms;
    pub use crate::rt::clock::ManualClock;
}

/// Items that the crate secrets-flow uses. They are not for programs, and may change in any release.
#[doc(hidden)]
pub mod __flow {
    pub use crate::{
        core::warning::WARNING_START,
        private::{
            declared_function::{DeclaredFunction, declared_function},
            start_failure::take as take_failure,
        },
        resolver::deployment::MappedSource,
    };
    pub use secrets_spec::closest;
}

/// Items that the macros' expansions use. They are not for programs, and may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use ::core::{
        any::type_name, cfg, concat, file, include_bytes, line, module_path, option::Option,
        option_env, result::Result, stringify,
    };

    pub use secrets_spec::{
        LockTables, MountType, RecordPiece, Secret, SecretFieldNames, record_bytes, record_len,
        record_text,
    };

    pub use crate::{
        __adapter as adapter, __refresh_adapter as refresh_adapter, __step as step,
        backend::registration::{BACKENDS, IntoBackend, Registration},
        private::{
            Byte, Text,
            checks::{
                SourceGroup, check_alias, check_any_role, check_distinct_request,
                check_distinct_source, check_env_var, check_group, check_id, check_key,
                check_key_of_group, check_locked_key, check_locked_parameter, check_locked_request,
                check_locked_source, check_option, check_parameter, check_request, check_role,
                check_source, check_type, check_typed_id, check_typed_role, check_version,
            },
            fallible::{Fallible, Storable, assert_storable},
            inferred::{
                ContextOrigin, ContextProbe, Inferred, NoSecretFields, OtherContext,
                SecretFieldList, check_locked_fields, check_locked_fields_of, check_not_a_step,
                inferred, read_in,
            },
            never,
            parameters::{Filler, FromSecret, no_parameters},
            refresh_on::{
                CloneArgument, ErrorPredicate, RefreshOn, call_with_retry, run_with_retry,
            },
            registry::STEPS,
            result_adapter::ResultAdapter,
            run_async::{StepFuture, run, run_with},
            run_sync::{call, call_with},
            step::Step,
        },
    };
    #[cfg(feature = "guard")]
    pub use crate::{
        private::guard::error_parts::ErrorParts,
        private::type_probe::{
            ErrorPointer, Inspectable, NoDebug, NoDisplay, NoSource, NoValue, TypeProbe,
        },
    };
}
