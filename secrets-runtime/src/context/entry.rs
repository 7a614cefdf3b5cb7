use std::{collections::HashSet, ffi::OsString};

use crate::{
    context::secrets::Secrets,
    core::{error::Error, secret_value::SecretValue},
};

/// One value of a step's secrets, and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    group: &'a str,
    key: &'a str,
    value: &'a SecretValue,
    is_binary: bool,
}

impl<'a> Entry<'a> {
    /// The group by which [`Secrets::get`] finds it.
    #[must_use]
    pub fn group(&self) -> &'a str {
        self.group
    }

    /// The key by which [`Secrets::get`] finds it.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &'a SecretValue {
        self.value
    }

    /// Whether it is bytes: base64 wherever it is written as text.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }
}

impl Secrets {
    /// Every value, in declared order. Of several versions of one key, the one that [`Secrets::get`] gives, or
    /// the first.
    ///
    /// ```
    /// # use secrets_runtime::{current_context, testing};
    /// let names = testing::with_secrets([("db", "user", "app"), ("db", "password", "x")], || {
    ///     let secrets = current_context().secrets;
    ///     secrets.entries().map(|entry| entry.key().to_owned()).collect::<Vec<_>>()
    /// });
    /// assert_eq!(names, ["user", "password"]);
    /// ```
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut entries = Vec::new();
        for (name, group) in self.0.shared.in_order() {
            let mut seen = HashSet::new();
            let fields = group.source.iter().flat_map(|source| source.fields.iter());
            let requested = group.requests.iter().map(|requested| {
                let key = requested.request.view().key;
                (key, group.find(key).unwrap_or(&requested.field))
            });
            for (key, field) in fields.chain(requested) {
                if seen.insert(key) {
                    let (value, is_binary) = (&field.value, field.binary);
                    entries.push(Entry { group: name, key, value, is_binary });
                }
            }
        }
        entries.into_iter()
    }

    /// The groups, in declared order; one whose secret is empty has no [`Entry`].
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.shared.order.iter().map(|name| &**name)
    }

    /// The variables and their values, sorted by name, as they go into an environment of which `present` tells
    /// what it has already. Binary values are standard base64. A request for a `FILE` has its value here: a
    /// file would be gone when this is.
    ///
    /// # Errors
    /// As [`Secrets::apply_to`]: every reason why not all of them can be set.
    pub fn exports(
        &self,
        present: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(&str, &SecretValue)>, Error> {
        let exports = self.variables().exports(&present, None, self.0.shared.allow_override);
        exports.map_err(|error| error.in_step(self.step()))
    }
}
