//! The secrets for which the guard searches the result of a call.

use std::sync::{Arc, PoisonError};

use secrets_spec::GuardMode;

use crate::{
    context::{
        guarded_fields::{GuardedField, GuardedFields},
        resolved::ResolvedSecrets,
        secrets::Secrets,
    },
    mask::{forms, patterns::Patterns, process},
};

/// Returns the fields of these secrets that the guard can find, each once. A warning names each other field.
fn fields_of<'s>(all: impl Iterator<Item = &'s ResolvedSecrets>) -> GuardedFields {
    let mut fields: Vec<GuardedField> = Vec::new();
    for (group, found) in all.flat_map(ResolvedSecrets::in_order) {
        let source = found.source.iter().flat_map(|source| {
            let fields = source.fields.iter();
            fields.map(|(key, field)| (key, field, source.origin.to_string(), &source.provenance))
        });
        let requests = found
            .requests
            .iter()
            .map(|it| (it.request.view().key, &it.field, it.request.to_string(), &it.provenance));
        for (key, field, origin, provenance) in source.chain(requests) {
            let is_known = fields.iter().any(|known| {
                *known.group == *group && *known.key == *key && known.value.ct_eq(&field.value)
            });
            if let Some(reason) = forms::unmaskable_reason(field) {
                if !field.value.is_empty() {
                    process::warn_of_unmaskable(group, key, reason);
                }
            } else if !is_known {
                fields.push(GuardedField {
                    group: group.into(),
                    key: key.into(),
                    origin: origin.into(),
                    backend: provenance.backend().into(),
                    value: field.value.clone(),
                });
            }
        }
    }
    let patterns = Patterns::of(fields.iter().map(|field| &field.value));
    GuardedFields { fields, patterns }
}

impl Secrets {
    /// Whether the result of the step is searched.
    #[inline]
    pub(crate) fn is_guarded(&self) -> bool {
        self.shared().guard.mode != GuardMode::Off
    }

    /// Returns the fields of this call of the step, also those from before and after a refresh.
    pub(crate) fn guarded_fields(&self) -> Arc<GuardedFields> {
        let others = self.others();
        if others.is_empty() {
            let shared = self.shared();
            let of_this = || Arc::new(fields_of(std::iter::once(&**shared)));
            return shared.guarded.get_or_init(of_this).clone();
        }
        let all = std::iter::once(self.shared()).chain(&others);
        Arc::new(fields_of(all.map(|shared| &**shared)))
    }

    /// Adds secrets for which the guard also searches the result of the step.
    pub(super) fn add_guarded(&self, others: impl IntoIterator<Item = Arc<ResolvedSecrets>>) {
        if self.is_guarded() {
            self.0.others.lock().unwrap_or_else(PoisonError::into_inner).extend(others);
        }
    }

    /// Adds the secrets of an earlier run of the step.
    pub(crate) fn add_guarded_of(&self, earlier: &Self) {
        self.add_guarded([earlier.shared().clone()]);
        self.add_guarded(earlier.others());
    }

    fn others(&self) -> Vec<Arc<ResolvedSecrets>> {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
