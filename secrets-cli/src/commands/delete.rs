use secrets_runtime::{Error, ErrorKind, backend};

use crate::{
    args::{Delete, distinct},
    failure::{Failure, error_about, fail_on_any},
    input::prompt,
    output::reporter::Reporter,
    stores::Stores,
};

/// Deletes secrets, after a confirmation. Deletes none unless all of them exist.
pub fn run(args: &Delete, reporter: &Reporter) -> Result<(), Failure> {
    if !args.yes && !prompt::is_interactive() {
        let message = "deleting needs a confirmation, and standard input is not a terminal";
        return Err(Failure::usage(message, "write --yes"));
    }
    let stores = Stores::open(args.common.backend.as_deref())?;
    stores.store()?;
    let names = distinct(&args.names);
    fail_on_any(missing(&stores, &names)?)?;
    // A person deletes what there is now, and not what somebody writes while the question waits.
    let version = |name: &&str| if args.yes { None } else { stores.version(name) };
    let versions: Vec<_> = names.iter().map(version).collect();
    if !args.yes && !prompt::confirm(&question(&stores, &names))? {
        reporter.info("nothing was deleted");
        return Ok(());
    }
    let change = |(name, version): (&&str, _)| backend::SecretChange::Delete {
        id: (*name).to_owned(),
        version,
    };
    stores.apply(names.iter().zip(versions).map(change).collect())?;
    names.iter().try_for_each(|name| report(&stores, name, reporter))
}

/// Returns an error for each name without a secret that can be deleted.
fn missing(stores: &Stores, names: &[&str]) -> Result<Vec<Error>, Error> {
    let answers = names.iter().zip(stores.has_each(names)?);
    let to_error = |(name, answer): (&&str, Result<bool, Error>)| match answer {
        Ok(true) => None,
        Ok(false) => Some(not_found(name, stores.kind())),
        Err(error) => match error.kind() {
            ErrorKind::InvalidName | ErrorKind::InvalidSource | ErrorKind::Deleted => Some(error),
            // A secret that cannot be read can still be deleted.
            _ => None,
        },
    };
    Ok(answers.filter_map(to_error).collect())
}

fn not_found(name: &str, kind: &str) -> Error {
    let help = "`secrets list` shows the secrets that exist";
    error_about(name, ErrorKind::NotFound, "there is no such secret", help).about(name, Some(kind))
}

fn question(stores: &Stores, names: &[&str]) -> String {
    let kind = stores.kind();
    let all = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (stores.secrets_manager(), names) {
        (Some(manager), [name]) => {
            format!("delete {all} from {kind}? {}", manager.recovery_note(name))
        }
        (Some(manager), _) => {
            format!("delete {all} from {kind}? {}", manager.recovery_note("NAME"))
        }
        (None, [_]) => format!("delete {all} from {kind}, with its previous version?"),
        (None, _) => format!("delete {all} from {kind}, with their previous versions?"),
    }
}

fn report(stores: &Stores, name: &str, reporter: &Reporter) -> Result<(), Failure> {
    let kind = stores.kind();
    reporter.changes(&format!("deleted `{name}` from {kind}"), &[stores.change(name, None)])?;
    if let Some(manager) = stores.secrets_manager() {
        reporter.info(&manager.recovery_note(name));
    }
    Ok(())
}
