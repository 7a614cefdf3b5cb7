use secrets_runtime::ErrorKind;

use crate::{
    args::Delete,
    failure::Failure,
    failure::problem,
    prompt,
    shelf::Shelf,
    words::{Kept, Words},
};

/// Deletes a secret, after asking.
pub fn run(args: &Delete, words: &Words) -> Result<(), Failure> {
    if !args.yes && !prompt::is_possible() {
        let message = "deleting is asked about first, and standard input is no terminal";
        return Err(Failure::usage(message, "write --yes"));
    }
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let (name, kind) = (args.name.as_str(), shelf.kind());
    // One that cannot be read can be deleted all the same.
    let is_missing = shelf.has(name).is_ok_and(|has| !has);
    let after = shelf.manager().map(|manager| manager.after_deletion(name));
    let question = match &after {
        None => format!("delete `{name}` from {kind}, with its previous version?"),
        Some(after) => format!("delete `{name}` from {kind}? {after}"),
    };
    if !is_missing && !args.yes && !prompt::confirmed(&question)? {
        words.say("nothing was changed");
        return Ok(());
    }
    if !shelf.delete(name)? {
        let help = "`secrets list` shows those that there are";
        let error = problem(name, ErrorKind::NotFound, "there is no such secret", help);
        return Err(error.about(name, Some(kind)).into());
    }
    let gone = Kept { name, backend: kind, version: None, detour: None };
    words.kept(&format!("deleted `{name}` from {kind}"), &[gone])?;
    after.iter().for_each(|after| words.say(after));
    Ok(())
}
