//! The checks of texts that only the compiler knows: each runs in a `const _` whose span is the path's.

use secrets_spec::{Flaw, Secret, clash, same_text};

const fn report(flaw: Option<Flaw>) {
    if let Some(flaw) = flaw {
        panic!("{}", flaw.kind.sentence());
    }
}

macro_rules! checks {
    ($( $(#[$doc:meta])* $name:ident; )*) => { $(
        $(#[$doc])*
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
    /// Panics unless `text` is a region.
    check_region;
    /// Panics unless `text` is a version's id or stage.
    check_selector;
    /// Panics unless `text` is a group's version.
    check_version;
    /// Panics unless `text` is `^[A-Z_][A-Z0-9_]*$` and not reserved.
    check_env_var;
    /// Panics unless `text` can be the key of a field.
    check_key;
}

/// Panics unless `text` is empty or becomes a variable's name.
pub const fn check_variable_name(text: &str) {
    if !text.is_empty() {
        report(secrets_spec::check_variable_name(text));
    }
}

/// Panics unless `text` is a source.
pub const fn check_source(text: &str) {
    if let Err(flaw) = secrets_spec::check_source(text) {
        report(Some(flaw));
    }
}

/// Panics unless `text` is the id of a source without a type.
pub const fn check_id(text: &str) {
    report(secrets_spec::check_id(None, text));
}

/// Panics unless `id` is an id of the type `backend`.
pub const fn check_typed_id(backend: &str, id: &str) {
    report(secrets_spec::check_id(Some(backend), id));
}

/// Panics unless `text` can be the source of a typed parameter: a source, or a group of `sources`.
pub const fn check_parameter(text: &str) {
    if let Err(flaw) = secrets_spec::check_source(text)
        && secrets_spec::check_alias(text).is_some()
    {
        report(Some(flaw));
    }
}

/// Panics unless the two are the parts of a request.
pub const fn check_group_and_key(group: &str, key: &str) {
    report(secrets_spec::check_group_and_key(group, key));
}

/// Panics unless the request's parts are good.
pub const fn check_request(request: &Secret) {
    report(request.view().check());
}

/// Panics if one of the sources' texts comes twice.
pub const fn check_distinct_sources(texts: &[&str]) {
    let mut i = 0;
    while i < texts.len() {
        let mut j = 0;
        while j < i {
            if same_text(texts[i], texts[j]) {
                panic!(
                    "two sources have one group: remove one of the two, or give one a `group` of its own"
                );
            }
            j += 1;
        }
        i += 1;
    }
}

/// Panics if two of the requests cannot stand beside each other.
pub const fn check_distinct_requests(requests: &[Secret]) {
    let mut i = 0;
    while i < requests.len() {
        let mut j = 0;
        while j < i {
            if let Some(clash) = clash(requests[j].view(), requests[i].view()) {
                panic!("{}", clash.sentence());
            }
            j += 1;
        }
        i += 1;
    }
}
