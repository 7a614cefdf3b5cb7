use super::Step;
use crate::{
    BoxFuture, Context, Secrets,
    fields::{Field, Fields},
    group::Group,
    warning::warn,
};

impl Step {
    /// The step's secrets, fetched anew, if they are others than those of `old`.
    ///
    /// `None` if they are the same, and if they cannot be fetched, which a warning tells.
    pub(crate) fn refreshed(&'static self, old: &Context) -> BoxFuture<'static, Option<Context>> {
        let old = old.clone();
        Box::pin(async move {
            match self.resolve().await {
                Ok(fresh) => (!are_same(&old.secrets, &fresh.secrets)).then_some(fresh),
                Err(error) => {
                    // The error names the step.
                    warn(&format!(
                        "the secrets of a step that has failed cannot be fetched anew, so its own error stays: {error}"
                    ));
                    None
                }
            }
        })
    }
}

/// Whether two resolutions of one step gave the same values under the same names.
fn are_same(old: &Secrets, fresh: &Secrets) -> bool {
    let (old, fresh) = (old.inner(), fresh.inner());
    old.order == fresh.order
        && old.order.iter().all(|name| match (old.groups.get(name), fresh.groups.get(name)) {
            (Some(old), Some(fresh)) => are_same_group(old, fresh),
            (old, fresh) => old.is_none() && fresh.is_none(),
        })
}

fn are_same_group(old: &Group, fresh: &Group) -> bool {
    let sources = match (&old.source, &fresh.source) {
        (Some(old), Some(fresh)) => {
            old.absent.is_some() == fresh.absent.is_some()
                && are_same_fields(&old.fields, &fresh.fields)
        }
        (old, fresh) => old.is_none() && fresh.is_none(),
    };
    // The requests are those that the step declares, in its order.
    sources
        && old.requests.len() == fresh.requests.len()
        && old.requests.iter().zip(&fresh.requests).all(|(o, f)| is_same_field(&o.field, &f.field))
}

fn are_same_fields(old: &Fields, fresh: &Fields) -> bool {
    old.iter().count() == fresh.iter().count()
        && old
            .iter()
            .all(|(name, field)| fresh.get(name).is_some_and(|fresh| is_same_field(field, fresh)))
}

fn is_same_field(old: &Field, fresh: &Field) -> bool {
    old.binary == fresh.binary && old.value.ct_eq(&fresh.value)
}
