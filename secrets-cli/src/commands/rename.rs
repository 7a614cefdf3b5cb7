use secrets_runtime::{ErrorKind, backend::SecretChange};

use crate::{
    args::Rename,
    failure::{Failure, error_about},
    output::reporter::Reporter,
    stores::Stores,
};

/// Renames a secret, with its previous version.
pub fn run(args: &Rename, reporter: &Reporter) -> Result<(), Failure> {
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let (old, new) = (args.old.as_str(), args.new.as_str());
    if let Some(manager) = stores.secrets_manager() {
        return Err(manager.rename_error(old, new).into());
    }
    stores.check_name(old)?;
    stores.check_name(new)?;
    let taken = || {
        let message = "a secret with this name already exists";
        let help = "choose another name, or delete that one first";
        error_about(new, ErrorKind::InvalidName, message, help)
    };
    if old == new {
        stores.read_primary(old)?;
        let message = "the old and the new name are equal";
        let help = "write the new name second: secrets rename OLD NEW";
        return Err(error_about(new, ErrorKind::InvalidName, message, help).into());
    }
    let change = SecretChange::Rename { id: old.to_owned(), new_id: new.to_owned() };
    let versions = stores.apply(vec![change]).map_err(|error| match error.kind() {
        ErrorKind::InvalidName => taken(),
        _ => error.about(old, None),
    })?;
    let change = stores.change(new, versions.into_iter().next().flatten());
    reporter.changes(&format!("renamed `{old}` to `{new}` in {}", stores.kind()), &[change])
}
