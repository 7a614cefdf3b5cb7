use std::{collections::HashSet, ffi::OsString};

use secrets_spec::LockedFields;

use crate::{
    context::{env_vars::EnvVars, export_rules::ExportRules, secrets::Secrets},
    core::{error::Error, secret_value::SecretValue},
};

/// One value of a step's secrets, with its group and key.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    group: &'a str,
    key: &'a str,
    value: &'a SecretValue,
    is_binary: bool,
}

impl<'a> Entry<'a> {
    /// Returns the group to pass to [`Secrets::get`].
    #[must_use]
    pub fn group(&self) -> &'a str {
        self.group
    }

    /// Returns the key to pass to [`Secrets::get`].
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> &'a SecretValue {
        self.value
    }

    /// Returns whether the value is binary. Binary values are base64 wherever they are written as text.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }
}

impl Secrets {
    /// Returns all values, in declared order. A key with several versions has one entry: the version that
    /// [`Secrets::get`] returns, or the first if `get` returns none. An entry is left out if the audit log is required
    /// (`SECRETS_AUDIT_REQUIRED`) and the read cannot be recorded.
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
        entries.retain(|entry| self.record_read(entry.group, entry.key).is_ok());
        entries.into_iter()
    }

    /// Returns the groups, in declared order. A group whose secret is empty has no [`Entry`].
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.shared.order.iter().map(|name| &**name)
    }

    /// Returns the keys of a source, or that it is one plain value, as a `secrets.lock` contains them. This does not
    /// count as a read. Returns `None` for a group without a source, and for an optional source that was not found.
    ///
    /// ```
    /// # use secrets_runtime::{admin::LockedFields, current_context, testing};
    /// let fields = testing::with_secrets([("db", "user", "app"), ("db", "password", "x")], || {
    ///     current_context().secrets.locked_fields("db")
    /// });
    /// assert_eq!(fields, Some(LockedFields::keys(["password", "user"])));
    /// ```
    #[must_use]
    pub fn locked_fields(&self, group: &str) -> Option<LockedFields> {
        let source = self.0.shared.group(group)?.source.as_ref()?;
        if source.absent_because.is_some() {
            return None;
        }
        Some(match source.fields.as_plain() {
            Some((_, field)) if field.binary => LockedFields::Binary,
            Some(_) => LockedFields::Text,
            None => LockedFields::keys(source.fields.iter().map(|(key, _)| key)),
        })
    }

    /// Returns the variables and their values, sorted by name. `present` looks up the variables that the environment
    /// has already. Binary values are standard base64. A request for a `FILE` has its value here and not a path, since
    /// the file would be removed together with these secrets; but if its variable is already set to the path of the
    /// file that the platform has mounted, it has that path.
    ///
    /// # Errors
    /// As [`Secrets::apply_to`]: all reasons why variables cannot be set.
    pub fn exports(
        &self,
        present: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(&str, &SecretValue)>, Error> {
        let shared = &self.0.shared;
        let audit = shared.audit.as_deref();
        let exports = self.variables().exports(&present, None, shared.allow_override, audit);
        exports.map_err(|error| error.in_step(self.step()))
    }

    /// Returns the variables that these rules choose. [`exports`](Self::exports) returns all of them.
    ///
    /// # Errors
    /// As [`Secrets::exports`]; [`ErrorKind::KeyNotFound`](crate::ErrorKind::KeyNotFound) for each name of
    /// [`ExportRules::only`] that no field has.
    pub fn exports_by(
        &self,
        rules: &ExportRules,
        present: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(String, SecretValue)>, Error> {
        let variables = EnvVars::by(self.0.shared.in_order(), rules);
        let files = rules.has_files().then(|| self.files());
        let shared = &self.0.shared;
        let audit = shared.audit.as_deref();
        let exports = variables.exports(&present, files, shared.allow_override, audit);
        let mut problems = rules.unknown(&self.exported_names());
        match exports {
            Ok(exports) if problems.is_empty() => {
                let owned = |(name, value): (&str, &SecretValue)| (name.to_owned(), value.clone());
                return Ok(exports.into_iter().map(owned).collect());
            }
            Ok(_) => {}
            Err(error) => problems.extend(error.into_problems()),
        }
        Err(Error::from_problems(problems).in_step(self.step()))
    }

    /// Returns the keys of all fields, and the variables that requests name.
    fn exported_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (_, group) in self.0.shared.in_order() {
            let fields = group.source.iter().flat_map(|source| source.fields.iter());
            names.extend(fields.map(|(name, _)| name));
            names.extend(group.requests.iter().filter_map(|asked| asked.variable.as_deref()));
        }
        names
    }

    /// Keeps the files of these secrets for the program that is about to replace this process. The next process that
    /// creates such files after that program has ended removes them.
    ///
    /// # Errors
    /// [`ErrorKind::Other`](crate::ErrorKind::Other) if the system refuses to keep them.
    pub fn keep_files_for_exec(&self) -> Result<(), Error> {
        self.files().keep_for_exec()
    }
}
