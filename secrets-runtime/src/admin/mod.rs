//! What tools need and steps do not: reading and writing stored secrets, and listing settings.

pub(crate) mod stored_secret;

pub use crate::{
    admin::stored_secret::{StoredField, StoredSecret},
    context::export_rules::ExportRules,
    resolver::store::ResolverStore,
    settings::setting::Setting,
};
