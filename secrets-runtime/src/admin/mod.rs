//! What tools need and steps do not: reading and writing stored secrets, listing settings, and trusting a
//! `secrets.toml`.

mod secret_update;
pub(crate) mod stored_field;
pub(crate) mod stored_secret;

pub use secrets_spec::{LockedFields, StepSpec};

pub use crate::{
    admin::{stored_field::StoredField, stored_secret::StoredSecret},
    context::export_rules::ExportRules,
    resolver::{
        route::{RouteSetting, SourceRoute},
        store::ResolverStore,
    },
    settings::{setting::Setting, trust::trusted_config::TrustedConfig},
};
