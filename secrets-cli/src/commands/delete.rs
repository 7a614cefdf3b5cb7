use secrets_runtime::{Error, ErrorKind};

use crate::{
    args::{Delete, distinct},
    failure::Failure,
    failure::{self, problem},
    prompt,
    shelf::Shelf,
    words::{Kept, Words},
};

/// Deletes secrets, after asking; none unless all are there.
pub fn run(args: &Delete, words: &Words) -> Result<(), Failure> {
    if !args.yes && !prompt::is_possible() {
        let message = "deleting is asked about first, and standard input is no terminal";
        return Err(Failure::usage(message, "write --yes"));
    }
    let shelf = Shelf::open(args.common.backend.as_deref())?;
    shelf.store()?;
    let names = distinct(&args.names);
    failure::all(missing(&shelf, &names))?;
    if !args.yes && !prompt::confirmed(&question(&shelf, &names))? {
        words.say("nothing was changed");
        return Ok(());
    }
    let mut problems = Vec::new();
    for name in names {
        // One that fails keeps none of the others.
        match shelf.delete(name) {
            Ok(true) => said(&shelf, name, words)?,
            Ok(false) => problems.push(none(name, shelf.kind())),
            Err(error) => problems.push(error),
        }
    }
    failure::all(problems)
}

/// Why there is nothing to delete under some of the names.
fn missing(shelf: &Shelf, names: &[&str]) -> Vec<Error> {
    let answers = names.iter().zip(shelf.have(names));
    let problem = |(name, answer): (&&str, Result<bool, Error>)| match answer {
        Ok(true) => None,
        Ok(false) => Some(none(name, shelf.kind())),
        Err(error) => match error.kind() {
            ErrorKind::InvalidName | ErrorKind::InvalidSource | ErrorKind::Deleted => Some(error),
            // One that cannot be read can be deleted all the same.
            _ => None,
        },
    };
    answers.filter_map(problem).collect()
}

fn none(name: &str, kind: &str) -> Error {
    let help = "`secrets list` shows those that there are";
    problem(name, ErrorKind::NotFound, "there is no such secret", help).about(name, Some(kind))
}

fn question(shelf: &Shelf, names: &[&str]) -> String {
    let kind = shelf.kind();
    let all = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (shelf.manager(), names) {
        (Some(manager), [name]) => {
            format!("delete {all} from {kind}? {}", manager.after_deletion(name))
        }
        (Some(manager), _) => {
            format!("delete {all} from {kind}? {}", manager.after_deletion("NAME"))
        }
        (None, [_]) => format!("delete {all} from {kind}, with its previous version?"),
        (None, _) => format!("delete {all} from {kind}, with their previous versions?"),
    }
}

fn said(shelf: &Shelf, name: &str, words: &Words) -> Result<(), Failure> {
    let kind = shelf.kind();
    let gone = Kept { name, backend: kind, version: None, detour: None };
    words.kept(&format!("deleted `{name}` from {kind}"), &[gone])?;
    if let Some(manager) = shelf.manager() {
        words.say(&manager.after_deletion(name));
    }
    Ok(())
}
