//! Whether a lock has what programs declare, and whether it is still true.

use std::collections::{BTreeMap, BTreeSet};

use secrets_runtime::{Error, ErrorKind};
use secrets_spec::{
    LockGap, LockedFields, LockedSource, SecretsLock, Source, StepSpec, locked_request_gap,
    quoted_list,
};

use crate::failure::error_about;

/// Returns an error for each thing that the lock lacks, once.
pub fn gaps(lock: &SecretsLock, sources: &[Source], steps: &[StepSpec]) -> Vec<Error> {
    let mut gaps = Gaps::default();
    for source in sources {
        if lock.get(LockedSource::of(source).name()).is_none() {
            gaps.add(LockedSource::of(source).gap(lock), "");
        }
    }
    for step in steps {
        let place = format!(
            "; the step {}::{} declares it ({}:{})",
            step.module, step.name, step.file, step.line
        );
        for declared in step.declared_sources().unwrap_or_default() {
            let source = LockedSource::of(&declared.source);
            gaps.add(source.gap(lock), &place);
            for key in &declared.keys {
                gaps.add(source.key_gap(key, lock), &place);
            }
        }
        for request in &step.requests {
            gaps.add(locked_request_gap(&request.view(), lock), &place);
        }
    }
    gaps.errors
}

#[derive(Default)]
struct Gaps {
    seen: BTreeSet<String>,
    errors: Vec<Error>,
}

impl Gaps {
    fn add(&mut self, gap: Option<LockGap>, place: &str) {
        let Some(gap) = gap else { return };
        let message = gap.message();
        if !self.seen.insert(message.clone()) {
            return;
        }
        let kind = match gap {
            LockGap::Secret { .. } => ErrorKind::NotFound,
            LockGap::Key { .. } => ErrorKind::KeyNotFound,
        };
        let message = format!("{message}{place}");
        self.errors.push(error_about(gap.name(), kind, message, gap.help()));
    }
}

/// Returns an error for each secret of which the backends say something else than the lock.
pub fn differences(
    lock: &SecretsLock,
    answers: BTreeMap<String, Result<LockedFields, Error>>,
) -> Vec<Error> {
    let mut errors = Vec::new();
    for (name, answer) in answers {
        match (answer, lock.get(&name)) {
            (Err(error), _) => errors.push(error),
            (Ok(fields), Some(locked)) if fields != *locked => {
                errors.push(difference(&name, locked, &fields));
            }
            // What the lock lacks is reported with the step that declares it.
            _ => {}
        }
    }
    errors
}

fn difference(name: &str, locked: &LockedFields, stored: &LockedFields) -> Error {
    let empty = Vec::new();
    let keys = |fields: &LockedFields| match fields {
        LockedFields::Keys(keys) => keys.clone(),
        LockedFields::Text | LockedFields::Binary => empty.clone(),
    };
    let (before, now) = (keys(locked), keys(stored));
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(|key| !others.contains(key)).cloned().collect()
    };
    let (gone, new) = (only(&before, &now), only(&now, &before));
    let is_set = |fields: &LockedFields| matches!(fields, LockedFields::Keys(_));
    let (kind, message) = if !is_set(locked) || !is_set(stored) {
        let message =
            format!("secrets.lock says {}, and it is {}", describe(locked), describe(stored));
        (ErrorKind::InvalidConfig, message)
    } else if gone.is_empty() {
        let message = format!("it has keys that secrets.lock lacks: {}", quoted_list(&new));
        (ErrorKind::InvalidConfig, message)
    } else {
        let more = match new.is_empty() {
            true => String::new(),
            false => format!(", and has {} besides", quoted_list(&new)),
        };
        let message = format!("it lacks keys of secrets.lock: {}{more}", quoted_list(&gone));
        (ErrorKind::KeyNotFound, message)
    };
    error_about(name, kind, message, "run `secrets lock` if the backend is right")
}

fn describe(fields: &LockedFields) -> &'static str {
    match fields {
        LockedFields::Text => "one text",
        LockedFields::Binary => "one binary value",
        LockedFields::Keys(_) => "a set of keys",
    }
}
