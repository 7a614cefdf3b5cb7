use proc_macro2::{Literal, TokenStream};
use quote::quote;
use secrets_spec::{OptionDraftValue, RecordPart, RequestDraft, SourceDraft, StepDraft, TextNode};
use syn::{Pat, ext::IdentExt as _};

use crate::{
    analyze::declaration::{StepDeclaration, has_unknown_group},
    call_site::CallSite,
    emit::{constants::Constants, lock_constants::LockConstants},
    parse::typed_parameter::TypedParameter,
    span::SourceSpan,
    tokens::to_source,
};

/// What describes a step.
pub struct Descriptor {
    /// The constants and checks.
    pub items: TokenStream,
    /// The reference to the step's `static`. This is one macro call, so that a wrong path to the runtime is one error.
    pub step: TokenStream,
}

/// Returns the `static` that describes a step, and the constants that it needs: the step's record, and the values of
/// its `inline` sources.
pub fn descriptor(
    name: &str,
    location: &CallSite,
    declaration: &StepDeclaration,
    parameters: &[TypedParameter],
    lock_constants: &LockConstants<'_>,
) -> Descriptor {
    let mut constants = Constants::default();
    check_sources(&declaration.sources, &mut constants);
    check_requests(&declaration.requests, &mut constants);
    for TypedParameter { source, key, .. } in parameters {
        constants.check_unknown(source, "check_parameter");
        key.iter().for_each(|key| constants.check_unknown(key, "check_key"));
    }
    if let Some(role) = &declaration.role {
        constants.check_unknown(role, declaration.role_check());
    }
    let tracking = lock_constants.crate_lock.take_tracking();
    let type_checks = lock_constants.add(parameters, &mut constants);
    let draft = StepDraft {
        name,
        file: &location.file,
        line: location.line,
        sources: &declaration.sources,
        requests: &declaration.requests,
        parameters: parameters.iter().map(|it| (&it.source, it.key.as_ref())).collect(),
        role: declaration.role.as_ref(),
        allow_override: declaration.allow_override,
        export_process: declaration.export_process.is_some(),
        serialize: declaration.serialize.is_some(),
        guard: declaration.guard,
    };
    let record = record(&draft.encode(), &mut constants);
    let inline = inline_values(&declaration.sources, &mut constants);
    let names = parameter_names(parameters);
    let constants = constants.into_tokens();
    Descriptor {
        items: quote!(#tracking #constants #type_checks),
        step: quote!(__secrets::step!(__SECRETS_STEP = #record #inline #names)),
    }
}

/// Returns the record as one text, which the compiler joins. `concat!` is the fast way, and takes literals only.
fn record(parts: &[RecordPart<'_, SourceSpan>], constants: &mut Constants) -> TokenStream {
    let is_literal =
        |part: &RecordPart<'_, _>| matches!(part, RecordPart::Text(_) | RecordPart::Module);
    if parts.iter().all(is_literal) {
        let parts = parts.iter().map(|part| match part {
            RecordPart::Text(text) => {
                let text = Literal::string(text);
                quote!(#text)
            }
            _ => quote!(__secrets::module_path!()),
        });
        let parts: Vec<TokenStream> = parts.collect();
        return quote!(__secrets::concat!(#(#parts),*));
    }
    let pieces = parts.iter().map(|part| match part {
        RecordPart::Text(text) => {
            let text = Literal::string(text);
            quote!(__secrets::RecordPiece::Raw(#text))
        }
        RecordPart::Module => quote!(__secrets::RecordPiece::Raw(__secrets::module_path!())),
        RecordPart::Constant(text) => {
            let text = constants.text(text);
            quote!(__secrets::RecordPiece::Text(#text))
        }
        RecordPart::Request(request) => {
            let request = constants.secret(request);
            quote!(__secrets::RecordPiece::Request(#request))
        }
    });
    let pieces: Vec<TokenStream> = pieces.collect();
    constants.add(quote! {
        const __SECRETS_PIECES: &[__secrets::RecordPiece] = &[#(#pieces),*];
        const __SECRETS_RECORD: [__secrets::Byte; __secrets::record_len(__SECRETS_PIECES)] =
            __secrets::record_bytes(__SECRETS_PIECES);
    });
    quote!(__secrets::record_text(&__SECRETS_RECORD))
}

/// Returns the call that adds the values of the `inline` sources, which the record does not hold. Secret values in the
/// program are for tests, and the runtime warns outside of them.
fn inline_values(
    sources: &[SourceDraft<SourceSpan>],
    constants: &mut Constants,
) -> Option<TokenStream> {
    let mut lists: Vec<TokenStream> = Vec::new();
    for source in sources {
        let Some(option) = source.options.get("env_vars") else { continue };
        let OptionDraftValue::Texts(values) = &option.value else { continue };
        let values = values.iter().map(|(name, value)| {
            let value = constants.text(value);
            quote!((#name, #value))
        });
        let values: Vec<TokenStream> = values.collect();
        lists.push(quote!(&[#(#values),*]));
    }
    (!lists.is_empty()).then(|| quote!(, inline(__secrets::cfg!(test), &[#(#lists),*])))
}

/// Returns the call that adds the names of the typed parameters, for `step!`. A pattern without a name has its tokens as name.
fn parameter_names(parameters: &[TypedParameter]) -> Option<TokenStream> {
    let names = parameters.iter().map(|TypedParameter { pat, .. }| match pat {
        Pat::Ident(name) => name.ident.unraw().to_string(),
        pat => to_source(&quote!(#pat)),
    });
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| quote!(, parameters(&[#(#names),*])))
}

/// Adds the checks of all texts of the sources that only the compiler knows, and that no two sources have one group if
/// it is not known of one.
fn check_sources(drafts: &[SourceDraft<SourceSpan>], constants: &mut Constants) {
    drafts.iter().for_each(|draft| check_source(draft, constants));
    if drafts.len() < 2 || !drafts.iter().any(has_unknown_group) {
        return;
    }
    let groups = drafts.iter().map(|draft| {
        // The group of a source that is one text is its id, after the type.
        let is_text = draft.group.is_none() && !draft.with_fields;
        let text = constants.text(draft.group.as_ref().unwrap_or(&draft.id));
        quote!((#is_text, #text))
    });
    let groups: Vec<TokenStream> = groups.collect();
    constants.add(quote!(const __SECRETS_GROUPS: &[__secrets::SourceGroup] = &[#(#groups),*];));
    for (index, draft) in drafts.iter().enumerate() {
        let earlier = &drafts[..index];
        if !earlier.is_empty()
            && (has_unknown_group(draft) || earlier.iter().any(has_unknown_group))
        {
            let at = draft.group.as_ref().map_or(&draft.at, |group| &group.at);
            constants.check(at, "check_distinct_source", quote!(__SECRETS_GROUPS, #index));
        }
    }
}

fn check_source(draft: &SourceDraft<SourceSpan>, constants: &mut Constants) {
    if !draft.with_fields {
        return constants.check_unknown(&draft.id, "check_source");
    }
    match &draft.backend {
        None => constants.check_unknown(&draft.id, "check_id"),
        Some(backend) => {
            constants.check_unknown(backend, "check_type");
            check_of_type(backend, &draft.id, "check_typed_id", constants);
        }
    }
    if let Some(group) = &draft.group {
        constants.check_unknown(group, "check_alias");
    }
    match (&draft.backend, &draft.role) {
        (_, None) => {}
        (None, Some(role)) => constants.check_unknown(role, "check_role"),
        (Some(backend), Some(role)) => {
            check_of_type(backend, role, "check_typed_role", constants);
        }
    }
    for option in draft.options.iter() {
        if let OptionDraftValue::Text(text) = &option.value
            && text.known.is_none()
        {
            let (name, value) = (&option.name, constants.text(text));
            constants.check(&text.at, "check_option", quote!(#name, #value));
        }
    }
}

/// Adds a check that depends on the type, if one of the two texts is not known.
fn check_of_type(
    backend: &TextNode<SourceSpan>,
    text: &TextNode<SourceSpan>,
    check: &str,
    constants: &mut Constants,
) {
    if text.known.is_none() || backend.known.is_none() {
        let arguments = [constants.text(backend), constants.text(text)];
        constants.check(&text.at, check, quote!(#(#arguments),*));
    }
}

/// Adds the checks of all parts of the requests that only the compiler knows, and of the requests beside each other if
/// one is not known.
fn check_requests(drafts: &[RequestDraft<SourceSpan>], constants: &mut Constants) {
    drafts.iter().for_each(|draft| check_request(draft, constants));
    let is_unknown = |draft: &RequestDraft<SourceSpan>| draft.view().is_none();
    if drafts.len() < 2 || !drafts.iter().any(is_unknown) {
        return;
    }
    let list: Vec<TokenStream> = drafts.iter().map(|draft| constants.request(draft)).collect();
    constants.add(quote!(const __SECRETS_REQUESTS: &[__secrets::Secret] = &[#(#list),*];));
    for (index, draft) in drafts.iter().enumerate() {
        let earlier = &drafts[..index];
        if !earlier.is_empty() && (is_unknown(draft) || earlier.iter().any(is_unknown)) {
            constants.check(
                &draft.at,
                "check_distinct_request",
                quote!(__SECRETS_REQUESTS, #index),
            );
        }
    }
}

fn check_request(draft: &RequestDraft<SourceSpan>, constants: &mut Constants) {
    if draft.constant {
        constants.secret(draft);
        return;
    }
    let is_unknown = |text: &Option<TextNode<SourceSpan>>| {
        text.as_ref().is_some_and(|text| text.known.is_none())
    };
    if is_unknown(&draft.group) || is_unknown(&draft.key) {
        let parts = [constants.part(&draft.group), constants.part(&draft.key)];
        for (text, check) in [(&draft.group, "check_group"), (&draft.key, "check_key_of_group")] {
            let at = text.as_ref().map_or(&draft.at, |text| &text.at);
            constants.check(at, check, quote!(#(#parts),*));
        }
    }
    for (text, check) in
        [(&draft.group_version, "check_version"), (&draft.env_var, "check_env_var")]
    {
        text.iter().for_each(|text| constants.check_unknown(text, check));
    }
}
