//! The rules for backends, as a test suite: the built-in backends pass it, and a test can check your own
//! backend with it.
//!
//! ```
//! use secrets_runtime::{conformance, backends::Local};
//! # let folder = tempfile::tempdir().unwrap();
//! let store = Local::new(folder.path().join("store"), folder.path().join("key.jwk"));
//! conformance::check_writing_blocking(&store);
//! ```

use std::{fmt::Write as _, ops::ControlFlow};

use crate::{
    backend::{
        Backend, Fetched, MAX_VALUE_BYTES, change::SecretChange, content::Content,
        fetch_request::FetchRequest, payload::Payload, store::Store,
    },
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::fields::Field,
    rt::block_on::block_on,
};

/// The secrets that a backend under test has, and one that it does not have.
///
/// It is not `#[non_exhaustive]`: the test of a backend writes it as a literal.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Secrets that exist. Their values should be texts that occur nowhere else.
    pub present: Vec<(String, Payload)>,
    /// The id of a secret that does not exist.
    pub missing: String,
}

/// Checks that a backend keeps the rules of reading.
///
/// # Panics
/// If the backend breaks a rule. The message lists all rules that it breaks.
pub async fn check_reading(backend: &dyn Backend, subject: &Subject) {
    let mut broken = Broken::default();
    read(backend, subject, &mut broken).await;
    broken.report(backend);
}

/// Checks that a backend with a store keeps the rules of writing and of reading. It writes and deletes
/// secrets whose names start with `conformance-`.
///
/// # Panics
/// If the backend breaks a rule. The message lists all rules that it breaks.
pub async fn check_writing(backend: &dyn Backend) {
    let mut broken = Broken::default();
    match backend.as_store() {
        None => broken.rule("a backend that is written has a store: `as_store` returns it", false),
        Some(store) => write(backend, store, &mut broken).await,
    }
    broken.report(backend);
}

/// Checks that a backend keeps the rules of leases. `id` is a secret that it returns with a lease; the leases that this
/// makes are revoked.
///
/// # Panics
/// If the backend breaks a rule. The message lists all rules that it breaks.
pub async fn check_leases(backend: &dyn Backend, id: &str) {
    let mut broken = Broken::default();
    leases(backend, id, &mut broken).await;
    broken.report(backend);
}

/// Blocking version of [`check_leases`]: parks this thread; works inside and outside any runtime.
///
/// # Panics
/// As [`check_leases`].
pub fn check_leases_blocking(backend: &dyn Backend, id: &str) {
    block_on(check_leases(backend, id));
}

/// Blocking version of [`check_reading`]: parks this thread; works inside and outside any runtime.
///
/// # Panics
/// As [`check_reading`].
pub fn check_reading_blocking(backend: &dyn Backend, subject: &Subject) {
    block_on(check_reading(backend, subject));
}

/// Blocking version of [`check_writing`]: parks this thread; works inside and outside any runtime.
///
/// # Panics
/// As [`check_writing`].
pub fn check_writing_blocking(backend: &dyn Backend) {
    block_on(check_writing(backend));
}

async fn read(backend: &dyn Backend, subject: &Subject, broken: &mut Broken) {
    let shown = format!("{backend} {backend:?}");
    broken.rule("`Display` says where it looks", !backend.to_string().is_empty());
    broken
        .rule("its type is `[a-z][a-z0-9-]*`", secrets_spec::check_type(backend.kind()).is_none());

    let constant = backend.capabilities() == backend.capabilities();
    broken.rule("its capabilities are always the same", constant);
    identities(backend, subject, broken);

    let none = backend.fetch(&[]).await;
    broken.rule("no requests have no answers", none.is_empty());

    // The missing secret first, and each present one twice: there is one answer for each request, in the same
    // order.
    let mut ids = vec![subject.missing.as_str()];
    ids.extend(subject.present.iter().map(|(id, _)| id.as_str()));
    ids.extend(subject.present.iter().rev().map(|(id, _)| id.as_str()));
    let requests: Vec<_> = ids.iter().map(|id| FetchRequest::named(id)).collect();
    let answers = backend.fetch(&requests).await;
    broken.rule("each request has one answer", answers.len() == requests.len());
    for (id, answer) in ids.iter().zip(&answers) {
        match subject.present.iter().find(|(known, _)| known == id) {
            Some((_, payload)) => {
                let same = answer.as_ref().is_ok_and(|fetched| same(fetched, payload));
                broken.rule("answers come in the order of the requests, with what is there", same);
                broken.rule(
                    "`Debug` of an answer shows no value",
                    !shows(&format!("{answer:?}"), payload),
                );
                broken.rule("`Display` and `Debug` show no value", !shows(&shown, payload));
            }
            None => broken.missing("what is not there is `NotFound`", answer.as_ref().err()),
        }
    }
    let exists = backend.exists(&requests).await;
    broken.rule("`exists` has one answer for each request", exists.len() == requests.len());
    for (id, answer) in ids.iter().zip(&exists) {
        let there = *id != subject.missing;
        broken.rule("`exists` says what is there", matches!(answer, Ok(found) if *found == there));
    }
    // Without a secret, there may not even be the place in which it looks.
    let probe = backend.probe().await;
    // A policy may permit the existing secrets only, and the one of the probe does not exist.
    let is_served = probe.error().is_none_or(|error| error.kind() == ErrorKind::AccessDenied);
    let is_reachable = subject.present.is_empty() || is_served;
    broken
        .rule("`probe` says that it can serve requests, or may not read the secret", is_reachable);
}

async fn leases(backend: &dyn Backend, id: &str, broken: &mut Broken) {
    let request = [FetchRequest::named(id)];
    let exists = backend.exists(&request).await;
    broken.rule("`exists` says what is there", matches!(exists[..], [Ok(true)]));
    let answers = backend.fetch(&request).await;
    let lease = answers.first().and_then(|answer| answer.as_ref().ok()?.lease().cloned());
    let Some(lease) = lease else {
        return broken.rule("the secret is returned with a lease", false);
    };
    broken.rule("a lease has an id and a time", {
        !lease.id().is_empty() && !lease.duration().is_zero()
    });
    let renewed = backend.renew(&lease).await;
    match lease.is_renewable() {
        true => {
            let is_kept = renewed
                .is_ok_and(|renewed| renewed.id() == lease.id() && !renewed.duration().is_zero());
            broken.rule("`renew` returns the lease with its new time", is_kept);
        }
        false => {
            let is_refused = renewed.is_err_and(|error| !error.is_transient());
            broken.rule("`renew` refuses a lease that is not renewable", is_refused);
        }
    }
    broken.rule("`revoke` gives a lease back", backend.revoke(&lease).await.is_ok());
    let renewed = backend.renew(&lease).await;
    let is_gone = renewed.is_err_and(|error| !error.is_transient());
    broken.rule("a lease that was revoked is not renewed, for good", is_gone);
    let again = backend.revoke(&lease).await;
    let is_known = again.map_or_else(|error| !error.is_transient(), |()| true);
    broken.rule("a second `revoke` does not fail for a moment only", is_known);
}

/// Requests for different secrets must have different identities, or the answer to one would be returned for
/// the other.
fn identities(backend: &dyn Backend, subject: &Subject, broken: &mut Broken) {
    let identity = |id: &str| backend.identity(&FetchRequest::named(id));
    let ids = || subject.present.iter().map(|(id, _)| id).chain([&subject.missing]);
    for id in ids() {
        broken.rule("a request has one identity", identity(id) == identity(id));
        let alone = ids().all(|other| other == id || identity(other) != identity(id));
        broken.rule("requests for two secrets have two identities", alone);
    }
}

async fn write(backend: &dyn Backend, store: &dyn Store, broken: &mut Broken) {
    let value = |text: &str| SecretValue::from(text);
    let long = "x".repeat(MAX_VALUE_BYTES);
    let present = [
        (
            "conformance-json",
            Payload::Json(value(r#"{"password": "SeNtInEl-json", "port": 1.50}"#)),
        ),
        (
            "conformance-text",
            Payload::Text(value("SeNtInEl-text with spaces, \"quotes\" and a newline\n")),
        ),
        (
            "conformance-binary",
            Payload::Binary(SecretValue::from(b"SeNtInEl-\xff\x00\x01".to_vec())),
        ),
        ("conformance-long", Payload::Text(SecretValue::from(long))),
    ];
    for (id, payload) in &present {
        let put = store.put(id, payload.clone()).await;
        broken.rule("`put` returns a version", put.is_ok_and(|version| !version.is_empty()));
    }
    let missing = "conformance-missing".to_owned();
    let present: Vec<_> = present.map(|(id, payload)| (id.to_owned(), payload)).into();
    let subject = Subject { present, missing };
    read(backend, &subject, broken).await;

    let too_long = SecretValue::from("x".repeat(MAX_VALUE_BYTES + 1));
    let refused = store.put("conformance-long", Payload::Text(too_long)).await;
    let kind = refused.err().map(|error| error.kind());
    broken.rule("a value of 65,537 bytes is `InvalidValue`", kind == Some(ErrorKind::InvalidValue));

    let first = store.versions("conformance-text").await;
    let again = store.put("conformance-text", Payload::Text(value("SeNtInEl-again"))).await;
    let versions = store.versions("conformance-text").await.unwrap_or_default();
    broken.rule("a secret that was written has a version", first.is_ok_and(|all| !all.is_empty()));
    let newest = again.as_ref().ok() == versions.first();
    broken.rule("`versions` returns the newest first", newest);
    let answers = backend.fetch(&[FetchRequest::named("conformance-text")]).await;
    let overwritten =
        matches!(answers.first(), Some(Ok(f)) if same(f, &Payload::Text(value("SeNtInEl-again"))));
    broken.rule("what is overwritten is read at once", overwritten);

    update(store, "conformance-text", broken).await;

    let listed = store.list().await.unwrap_or_default();
    broken.rule("`list` is sorted", listed.is_sorted());
    list_each(store, &subject, broken).await;
    for (id, _) in &subject.present {
        broken.rule("`list` names what was written", listed.contains(id));
        let deleted = store.delete(id).await;
        broken.rule("`delete` returns true for what was there", deleted.is_ok_and(|there| there));
        let answers = backend.fetch(&[FetchRequest::named(id)]).await;
        let gone = answers.first().and_then(|answer| answer.as_ref().err());
        let gone =
            gone.is_some_and(|e| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::Deleted));
        broken.rule("what was deleted is not there", gone);
    }
    let absent = store.delete("conformance-missing").await;
    broken.rule("`delete` returns false for what was not there", absent.is_ok_and(|there| !there));
}

/// Creates what exists, and changes a secret from what it was.
async fn update(store: &dyn Store, id: &str, broken: &mut Broken) {
    let payload = || Payload::Text(SecretValue::from("SeNtInEl-update"));
    let kind = |error: Option<Error>| error.map(|error| error.kind());
    let created = store.create(id, payload()).await;
    let refused = kind(created.err()) == Some(ErrorKind::InvalidName);
    broken.rule("`create` refuses a secret that exists with `InvalidName`", refused);

    let version = store.version(id).await.ok().flatten().unwrap_or_default();
    let newest = store.versions(id).await.is_ok_and(|all| all.first() == Some(&version));
    broken.rule("`version` returns the first of the versions", newest);
    let missing = store.version("conformance-missing").await;
    broken.rule("`version` returns `None` for what is not there", matches!(missing, Ok(None)));

    let replace = |version: &str| {
        vec![SecretChange::Replace {
            id: id.to_owned(),
            version: version.to_owned(),
            payload: payload(),
        }]
    };
    let changed = store.update(replace(&version)).await;
    let changed = changed.ok().and_then(|versions| versions.into_iter().next()).flatten();
    let is_new = changed.as_ref().is_some_and(|new| *new != version);
    broken.rule("`update` returns the new version", is_new);
    let refused = kind(store.update(replace(&version)).await.err());
    broken.rule(
        "`update` refuses an old version with `Conflict`",
        refused == Some(ErrorKind::Conflict),
    );
    let current = store.version(id).await.ok().flatten();
    broken.rule("what `update` refuses changes nothing", current == changed);
}

async fn list_each(store: &dyn Store, subject: &Subject, broken: &mut Broken) {
    let mut given = Vec::new();
    let mut keep = |id: String| {
        given.push(id);
        ControlFlow::Continue(())
    };
    let done = store.list_each(&mut keep).await;
    // Other secrets may be written and deleted in the meantime.
    let mut present = subject.present.iter().map(|(known, _)| known);
    let once = |known: &String| given.iter().filter(|id| *id == known).count() == 1;
    broken
        .rule("`list_each` passes what was written, each once", done.is_ok() && present.all(once));
    let mut count = 0;
    let mut first = |_| {
        count += 1;
        ControlFlow::Break(())
    };
    let done = store.list_each(&mut first).await;
    broken.rule("`list_each` ends well once it breaks", done.is_ok() && count == 1);
}

fn same(fetched: &Fetched, payload: &Payload) -> bool {
    let equals = |content: &SecretValue, expected: &SecretValue| {
        let field = Field::text(content.clone());
        let field = match &fetched.mount {
            Some(mount) => field.into_mounted(mount),
            None => field,
        };
        field.value.ct_eq(expected)
    };
    match (&fetched.content, payload) {
        (Content::Json(a), Payload::Json(b))
        | (Content::Text(a), Payload::Text(b))
        | (Content::Binary(a), Payload::Binary(b)) => equals(a, b),
        // A manager that stores one kind of text returns every text as JSON that has to be decoded.
        (Content::Json(a), Payload::Text(b)) => equals(a, b),
        // A set of fields equals the object with these members.
        (Content::Fields(fields), Payload::Json(b)) => {
            crate::payload::json::members(b).is_ok_and(|members| {
                members.len() == fields.len()
                    && members.iter().all(|(name, json)| {
                        fields.iter().any(|(other, own)| other == name && equals(own, &json.value))
                    })
            })
        }
        _ => false,
    }
}

/// Returns whether a text shows a value. Short values are not looked for, since they may occur by chance.
fn shows(text: &str, payload: &Payload) -> bool {
    // Exposed to search for it in a text that must not contain it.
    payload.value().expose_str().is_ok_and(|value| value.len() >= 8 && text.contains(value))
}

/// The rules that a backend breaks, each listed once.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn rule(&mut self, rule: &str, kept: bool) {
        if !kept && !self.0.iter().any(|known| known == rule) {
            self.0.push(rule.to_owned());
        }
    }

    fn missing(&mut self, rule: &str, error: Option<&Error>) {
        self.rule(rule, error.is_some_and(|error| error.kind() == ErrorKind::NotFound));
        let helped = error.is_some_and(|e| e.problems().iter().all(|p| p.help().is_some()));
        self.rule("an error says what to do (`with_help`)", helped);
    }

    #[track_caller]
    fn report(self, backend: &dyn Backend) {
        if self.0.is_empty() {
            return;
        }
        let mut text = format!("the backend `{}` breaks {} rules:", backend.kind(), self.0.len());
        for rule in self.0 {
            let _ = write!(text, "\n  - {rule}");
        }
        panic!("{text}");
    }
}
