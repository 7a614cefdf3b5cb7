//! The checks of texts that only the compiler knows. Each runs in a `const _` with the span of the path, and
//! `track_caller` reports the error at that span.

use secrets_spec::{ConflictText, Flaw, LockSentence, LockTables, Secret, same_text};

#[track_caller]
const fn report(flaw: Option<Flaw>) {
    if let Some(flaw) = flaw {
        panic!("{}", flaw.kind.sentence());
    }
}

macro_rules! checks {
    ($( $(#[$doc:meta])* $name:ident; )*) => { $(
        $(#[$doc])*
        #[track_caller]
        pub const fn $name(text: &str) {
            report(secrets_spec::$name(text));
        }
    )* };
}

checks! {
    /// Panics unless `text` is a backend type.
    check_type;
    /// Panics unless `text` can be a group's name.
    check_alias;
    /// Panics unless `text` is empty or the ARN of a role.
    check_role;
    /// Panics unless `text` is a group's version.
    check_version;
    /// Panics unless `text` is `^[A-Z_][A-Z0-9_]*$` and not reserved.
    check_env_var;
    /// Panics unless `text` can be the key of a field.
    check_key;
}

/// Panics unless `text` is valid for the option `name`.
#[track_caller]
pub const fn check_option(name: &str, text: &str) {
    report(secrets_spec::check_option(name, text));
}

/// Panics unless `role` is a valid role for the type `backend`.
#[track_caller]
pub const fn check_typed_role(backend: &str, role: &str) {
    report(secrets_spec::check_role_of_type(Some(backend), role));
}

/// Panics unless `role` can be the role of a user's backend.
#[track_caller]
pub const fn check_any_role(role: &str) {
    check_typed_role("user", role);
}

/// Panics unless `text` is a valid source.
#[track_caller]
pub const fn check_source(text: &str) {
    if let Err(flaw) = secrets_spec::check_source(text) {
        report(Some(flaw));
    }
}

/// Panics unless `text` is the id of a source without a type.
#[track_caller]
pub const fn check_id(text: &str) {
    report(secrets_spec::check_id(None, text));
}

/// Panics unless `id` is an id of the type `backend`.
#[track_caller]
pub const fn check_typed_id(backend: &str, id: &str) {
    report(secrets_spec::check_id(Some(backend), id));
}

/// Panics unless `text` can be the source of a typed parameter: a source, or a group of `sources`.
#[track_caller]
pub const fn check_parameter(text: &str) {
    if let Err(flaw) = secrets_spec::check_source(text)
        && secrets_spec::check_alias(text).is_some()
    {
        report(Some(flaw));
    }
}

/// Panics if the group of a request is invalid, or its combination with the key.
#[track_caller]
pub const fn check_group(group: &str, key: &str) {
    if group.is_empty() && key.is_empty() || blames_group(group) {
        report(secrets_spec::check_group_and_key(group, key));
    }
}

/// Panics if the key of a request is invalid. Invalid groups are reported by [`check_group`].
#[track_caller]
pub const fn check_key_of_group(group: &str, key: &str) {
    if !(group.is_empty() && key.is_empty() || blames_group(group)) {
        report(secrets_spec::check_group_and_key(group, key));
    }
}

/// Returns whether no key would be valid with this group.
const fn blames_group(group: &str) -> bool {
    secrets_spec::check_group_and_key(group, "x").is_some()
}

/// Panics unless group and key of a request are valid.
#[track_caller]
pub const fn check_request(request: &Secret) {
    report(request.view().check());
}

/// The text of a source's group. If the first part is `true`, it is the text of the whole source.
pub type SourceGroup = (bool, &'static str);

/// Panics if the source at `index` has the group of an earlier one.
#[track_caller]
pub const fn check_distinct_source(sources: &[SourceGroup], index: usize) {
    let mut earlier = 0;
    while earlier < index {
        if same_text(group(sources[earlier]), group(sources[index])) {
            panic!(
                "two sources have one group: remove one of the two, or give one a `group` of its own"
            );
        }
        earlier += 1;
    }
}

/// Returns the group of a source. If the source is a text, that is its id without a type.
const fn group((is_text, text): SourceGroup) -> &'static str {
    if is_text
        && let Ok(layout) = secrets_spec::check_source(text)
        && let Some((_, id)) = text.split_at_checked(layout.id)
    {
        return id;
    }
    text
}

/// Panics if the request at `index` conflicts with an earlier one.
#[track_caller]
pub const fn check_distinct_request(requests: &[Secret], index: usize) {
    let mut earlier = 0;
    while earlier < index {
        let (one, other) = (requests[earlier].view(), requests[index].view());
        if let Some(conflict) = ConflictText::sentence(one, other) {
            panic!("{}", conflict.as_str());
        }
        earlier += 1;
    }
}

#[track_caller]
pub(super) const fn report_unlocked(sentence: Option<LockSentence>) {
    if let Some(sentence) = sentence {
        panic!("{}", sentence.as_str());
    }
}

/// Panics unless the lock has the source whose name has these parts.
#[track_caller]
pub const fn check_locked_source(lock: &LockTables, name: &[&str]) {
    report_unlocked(secrets_spec::check_locked_source(lock, name));
}

/// Panics unless the lock has the source of a typed parameter, or the step has this group.
#[track_caller]
pub const fn check_locked_parameter(lock: &LockTables, groups: &[&str], text: &str) {
    report_unlocked(secrets_spec::check_locked_parameter(lock, groups, text));
}

/// Panics unless the lock has the key of the secret whose name has these parts.
#[track_caller]
pub const fn check_locked_key(lock: &LockTables, name: &[&str], key: &str) {
    report_unlocked(secrets_spec::check_locked_key(lock, name, key));
}

/// Panics unless the lock has the secret and the key of a request.
#[track_caller]
pub const fn check_locked_request(lock: &LockTables, request: &Secret) {
    report_unlocked(secrets_spec::check_locked_request(lock, request.view()));
}
