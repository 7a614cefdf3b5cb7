use secrets_runtime::ErrorKind;

use crate::{args::Rename, failure::Failure, output::reporter::Reporter, stores::Stores};

/// Renames a secret. It is written under the new name before it is deleted under the old one, so that it always
/// exists.
pub fn run(args: &Rename, reporter: &Reporter) -> Result<(), Failure> {
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let (old, new) = (args.old.as_str(), args.new.as_str());
    if let Some(manager) = stores.secrets_manager() {
        return Err(manager.rename_error(old, new).into());
    }
    let secret = stores.read_primary(old)?;
    if stores.has(new)? {
        let message = "a secret with this name already exists";
        let help = "choose another name, or delete that one first";
        return Err(Failure::about(new, ErrorKind::InvalidName, message, help));
    }
    let change = stores.write(new, &secret)?;
    stores.delete(old)?;
    reporter.changes(&format!("renamed `{old}` to `{new}` in {}", stores.kind()), &[change])
}
