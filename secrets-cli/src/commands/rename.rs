use secrets_runtime::ErrorKind;

use crate::{args::Rename, failure::Failure, shelf::Shelf, words::Words};

/// Gives a secret another name: written under the new one first, then deleted under the old one, so that it is
/// never gone.
pub fn run(args: &Rename, words: &Words) -> Result<(), Failure> {
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let (old, new) = (args.old.as_str(), args.new.as_str());
    if let Some(manager) = shelf.manager() {
        return Err(manager.no_rename(old, new).into());
    }
    let secret = shelf.read_own(old)?;
    if shelf.has(new)? {
        let message = "there is a secret of this name already";
        let help = "choose another name, or delete that one first";
        return Err(Failure::about(new, ErrorKind::InvalidName, message, help));
    }
    let kept = shelf.keep(new, &secret)?;
    shelf.delete(old)?;
    words.kept(&format!("renamed `{old}` to `{new}` in {}", shelf.kind()), &[kept])
}
