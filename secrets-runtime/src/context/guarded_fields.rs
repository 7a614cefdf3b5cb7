use std::sync::{Arc, PoisonError};

use secrets_spec::GuardMode;

use crate::{
    context::{resolved::ResolvedSecrets, secrets::Secrets},
    core::secret_value::SecretValue,
    mask::patterns::Patterns,
};

/// The fields for which the result of a step is looked through.
pub(crate) struct GuardedFields {
    pub fields: Vec<GuardedField>,
    /// All forms of the fields, which are known by their indices.
    pub patterns: Patterns,
}

/// A field of a step's secrets.
pub(crate) struct GuardedField {
    pub group: Box<str>,
    pub key: Box<str>,
    /// The source or request as it is written.
    pub origin: Box<str>,
    pub backend: Box<str>,
    pub value: SecretValue,
}

impl GuardedFields {
    /// Returns the fields of these secrets, each once.
    fn of<'s>(all: impl Iterator<Item = &'s ResolvedSecrets>) -> Self {
        let mut fields: Vec<GuardedField> = Vec::new();
        for (group, found) in all.flat_map(ResolvedSecrets::in_order) {
            let source = found.source.iter().flat_map(|source| {
                let fields = source.fields.iter();
                fields.map(|(key, field)| (key, field, source.origin.clone(), &source.provenance))
            });
            let requests = found.requests.iter().map(|it| {
                (it.request.view().key, &it.field, it.request.to_string(), &it.provenance)
            });
            for (key, field, origin, provenance) in source.chain(requests) {
                let is_known = fields.iter().any(|known| {
                    *known.group == *group && *known.key == *key && known.value.ct_eq(&field.value)
                });
                if !is_known {
                    fields.push(GuardedField {
                        group: group.into(),
                        key: key.into(),
                        origin: origin.into(),
                        backend: provenance.backend.as_str().into(),
                        value: field.value.clone(),
                    });
                }
            }
        }
        let patterns = Patterns::of(fields.iter().map(|field| &field.value));
        Self { fields, patterns }
    }
}

impl Secrets {
    /// Whether the result of the step is looked through.
    #[inline]
    pub(crate) fn is_guarded(&self) -> bool {
        self.shared().guard != GuardMode::Off
    }

    /// Returns the fields that this call of the step has had, also before and after they were fetched again.
    pub(crate) fn guarded_fields(&self) -> Arc<GuardedFields> {
        let others = self.others();
        if others.is_empty() {
            let shared = self.shared();
            let of_this = || Arc::new(GuardedFields::of(std::iter::once(&**shared)));
            return shared.guarded.get_or_init(of_this).clone();
        }
        let all = std::iter::once(self.shared()).chain(&others);
        Arc::new(GuardedFields::of(all.map(|shared| &**shared)))
    }

    /// Has the result of the step looked through for these secrets too.
    pub(super) fn guard_also(&self, others: impl IntoIterator<Item = Arc<ResolvedSecrets>>) {
        if self.is_guarded() {
            self.0.others.lock().unwrap_or_else(PoisonError::into_inner).extend(others);
        }
    }

    /// Has the result of the step looked through for what an earlier run of it had too.
    pub(crate) fn guard_as(&self, earlier: &Self) {
        self.guard_also([earlier.shared().clone()]);
        self.guard_also(earlier.others());
    }

    fn others(&self) -> Vec<Arc<ResolvedSecrets>> {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
