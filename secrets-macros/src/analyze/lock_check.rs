//! Compares what a step declares with `secrets.lock`. Texts that only the compiler knows are compared by constants
//! (`emit/lock_constants.rs`).

use secrets_spec::{
    LockGap, LockedSource, RequestDraft, RequestView, SecretsLock, TextNode, locked_request_gap,
};

use crate::{
    analyze::declaration::StepDeclaration, mistakes::Mistakes,
    parse::typed_parameter::TypedParameter, span::SourceSpan,
};

/// Reports every source, request and key that the lock does not have.
pub fn check(
    declaration: &StepDeclaration,
    parameters: &[TypedParameter],
    lock: &SecretsLock,
    report: &mut Mistakes,
) {
    for draft in &declaration.sources {
        if let Some(gap) = LockedSource::of_draft(draft).and_then(|source| source.gap(lock)) {
            add(&draft.id.at, &gap, report);
        }
    }
    for draft in &declaration.requests {
        if let Some(request) = view_of_known(draft)
            && let Some(gap) = locked_request_gap(&request, lock)
        {
            let text = match gap {
                LockGap::Secret { .. } => draft.group.as_ref().or(draft.key.as_ref()),
                LockGap::Key { .. } => draft.key.as_ref(),
            };
            add(text.map_or(&draft.at, |text| &text.at), &gap, report);
        }
    }
    for parameter in parameters {
        let Some(source) = source_of(declaration, parameter) else { continue };
        let text = parameter.source.known.as_deref().unwrap_or_default();
        if declaration.source_of_parameter(text).is_none()
            && let Some(gap) = source.gap(lock)
        {
            add(&parameter.source.at, &gap, report);
        }
        if let Some(key) = &parameter.key
            && let Some(text) = &key.known
            && let Some(gap) = source.key_gap(text, lock)
        {
            add(&key.at, &gap, report);
        }
    }
}

/// Returns the source that fills a parameter; `None` if only the compiler knows it.
pub fn source_of<'a>(
    declaration: &'a StepDeclaration,
    parameter: &'a TypedParameter,
) -> Option<LockedSource<'a>> {
    let text = parameter.source.known.as_deref()?;
    match declaration.source_of_parameter(text) {
        Some(draft) => LockedSource::of_draft(draft),
        // It may be the group of a source whose text only the compiler knows.
        None if declaration.has_unknown_group() => None,
        None => LockedSource::of_text(text),
    }
}

/// Returns a request whose group and key are known, with what matters to the lock.
fn view_of_known<'a>(draft: &'a RequestDraft<SourceSpan>) -> Option<RequestView<'a>> {
    let known =
        |text: &Option<TextNode<SourceSpan>>| text.as_ref().is_none_or(|text| text.known.is_some());
    if draft.constant || !known(&draft.group) || !known(&draft.key) {
        return None;
    }
    let text = |text: &'a Option<TextNode<SourceSpan>>| {
        text.as_ref().and_then(|text| text.known.as_deref()).unwrap_or_default()
    };
    Some(RequestView {
        group: text(&draft.group),
        key: text(&draft.key),
        group_version: None,
        mount_requirement: draft.mount_requirement,
        env_var: None,
    })
}

fn add(at: &SourceSpan, gap: &LockGap, report: &mut Mistakes) {
    report.add(at.clone(), gap.message(), gap.help());
}
