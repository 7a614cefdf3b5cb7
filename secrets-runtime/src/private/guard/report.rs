use secrets_spec::GuardMode;
use zeroize::Zeroizing;

use crate::{
    audit::event::AuditEventKind,
    context::{guarded_fields::GuardedFields, resolved::GuardChoice, secrets::Secrets},
    core::{
        error::{Error, ErrorKind, Problem},
        warning::{warn_now_and_then, warn_once},
    },
    mask::masker::Masker,
    private::guard::search::{Incompleteness, Leak, SearchOutcome},
};

/// The longest text of an error that a message contains, in characters.
const MAX_ERROR_TEXT: usize = 2000;

/// Records and reports the secrets that were found in the result of a step, and an incomplete search.
///
/// # Errors
/// The error with which the step fails instead.
pub(super) fn report(
    secrets: &Secrets,
    guarded: &GuardedFields,
    mut outcome: SearchOutcome,
) -> Result<(), Error> {
    let (step, choice) = (secrets.step(), secrets.shared().guard);
    let mut problems: Vec<Problem> =
        outcome.leaks.iter().map(|leak| problem(leak, guarded, choice)).collect();
    match outcome.incompleteness {
        Some(incompleteness)
            if incompleteness.may_hide_a_secret() && choice.mode != GuardMode::Warn =>
        {
            problems.push(incompleteness_problem(incompleteness, choice));
        }
        Some(incompleteness) => {
            let name = step.unwrap_or_default();
            warn_once(&format!(
                "what the step `{name}` returned was not searched completely for secrets: {}",
                why(incompleteness)
            ));
        }
        None => {}
    }
    if problems.is_empty() {
        return Ok(());
    }
    let recorded = record(secrets, guarded, &outcome.leaks);
    let masker = outcome.masker.get_or_insert_with(|| guarded.masker());
    if let (Some(text), Some(first)) = (&outcome.error_text, problems.first_mut()) {
        let text = shown(text, masker);
        *first = first.clone().with_suffix(&format!("(the error was: {text})"));
    }
    if choice.mode == GuardMode::Warn {
        let messages: Vec<_> = problems.iter().map(Problem::message).collect();
        let name = step.unwrap_or_default();
        warn_now_and_then(&format!("step `{name}`: {}", messages.join("; ")));
        return recorded.map_err(|error| error.in_step(step));
    }
    problems.extend(recorded.err().into_iter().flat_map(Error::into_problems));
    Err(Error::from_problems(problems).in_step(step))
}

fn why(incompleteness: Incompleteness) -> &'static str {
    match incompleteness {
        Incompleteness::Failed => "it cannot be serialized or formatted",
        Incompleteness::Panicked => "its `Serialize`, `Display` or `Debug` panicked",
        Incompleteness::TooDeep => "it is nested too deeply",
        Incompleteness::LongChain => "the error has too long a chain of sources",
    }
}

/// Records each field that was found, once.
fn record(secrets: &Secrets, guarded: &GuardedFields, leaks: &[Leak]) -> Result<(), Error> {
    let Some(call) = &secrets.shared().audit else { return Ok(()) };
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for leak in leaks {
        let field = &guarded.fields[leak.field];
        let name = (&*field.group, &*field.key);
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    let events = fields.into_iter().map(|(group, key)| {
        let mut event = call.event(AuditEventKind::Leaked);
        (event.group, event.key) = (Some(group.to_owned()), Some(key.to_owned()));
        event
    });
    call.record(&events.collect::<Vec<_>>())
}

fn problem(leak: &Leak, guarded: &GuardedFields, choice: GuardChoice) -> Problem {
    let field = &guarded.fields[leak.field];
    let (group, key) = (&field.group, &field.key);
    let name = if group.is_empty() { key.to_string() } else { format!("{group}/{key}") };
    let (path, form) = (&leak.path, leak.form);
    let (place, advice) = match leak.is_in_error {
        true => ("the error of the step", "leave the secret out of the error"),
        false => {
            ("what the step returned", "return what was done with the secret instead of the secret")
        }
    };
    let message = format!("the secret {name} is in {place}, at {path} (as {form})");
    Problem::new(ErrorKind::Leaked, message)
        .with_origin(&*field.origin)
        .with_backend(&*field.backend)
        .with_help(format!("{advice}; {}", how_to_allow(choice)))
}

/// Returns the problem of a result that cannot be searched completely.
fn incompleteness_problem(incompleteness: Incompleteness, choice: GuardChoice) -> Problem {
    let (what, advice) = match incompleteness {
        Incompleteness::LongChain => {
            ("the error of the step", "return an error with fewer sources")
        }
        _ => ("what the step returned", "return a value that is not nested so deeply"),
    };
    let message =
        format!("{what} cannot be searched completely for secrets: {}", why(incompleteness));
    Problem::new(ErrorKind::Leaked, message)
        .with_help(format!("{advice}; {}", how_to_allow(choice)))
}

/// Returns how to allow a refused result.
fn how_to_allow(choice: GuardChoice) -> &'static str {
    match (choice.is_of_step, choice.mode) {
        // `guard = "warn"` needs a value that is `Serialize`, and the value of this step may not be.
        (true, GuardMode::Errors) => "`guard = \"off\"` lets it pass",
        (true, _) => "`guard = \"warn\"` lets it pass with a warning",
        (false, _) => "`SECRETS_GUARD=warn` lets it pass with a warning",
    }
}

/// Returns a text without secrets, and not too long.
fn shown(text: &Zeroizing<String>, masker: &Masker) -> String {
    let masked = masker.mask(text);
    match masked.char_indices().nth(MAX_ERROR_TEXT) {
        Some((end, _)) => format!("{}..", &masked[..end]),
        None => masked.into_owned(),
    }
}
