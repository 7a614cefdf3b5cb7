use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use secrets_spec::{MountType, RequestDraft, SourceDraft, TextNode};
use syn::ext::IdentExt as _;

use crate::{
    analyze::declaration::{Declaration, has_unknown_group},
    emit::constants::Constants,
    parse::typed_parameter::TypedParameter,
    span::SourceSpan,
};

/// Returns the `static` that describes a step, after the constants that it needs. Default values are left out.
pub fn descriptor(
    name: &Ident,
    declaration: &Declaration,
    parameters: &[TypedParameter],
) -> TokenStream {
    let mut constants = Constants::default();
    let name = Literal::string(&name.unraw().to_string());
    let mut calls = match plain_texts(&declaration.sources) {
        Some(none) if none.is_empty() => quote!(new(#name)),
        Some(texts) => {
            let texts = texts.into_iter().map(|text| constants.checked(text, "check_source"));
            let texts: Vec<TokenStream> = texts.collect();
            quote!(of(#name, &[#(#texts),*]))
        }
        None => {
            let sources = sources(&declaration.sources, &mut constants);
            quote!(new(#name).sources(#sources))
        }
    };
    if !declaration.requests.is_empty() {
        let requests = requests(&declaration.requests, &mut constants);
        calls.extend(quote!(.requests(#requests)));
    }
    if !parameters.is_empty() {
        let parameters = parameters.iter().map(|given| parameter(given, &mut constants));
        let parameters: Vec<TokenStream> = parameters.collect();
        calls.extend(quote!(.parameters(&[#(#parameters),*])));
    }
    if let Some(role) = &declaration.role {
        let role = constants.checked(role, "check_role");
        calls.extend(quote!(.role(#role)));
    }
    if declaration.allow_override {
        calls.extend(quote!(.allow_override()));
    }
    if declaration.export_process.is_some() {
        calls.extend(quote!(.export_process()));
    }
    if declaration.sources.iter().any(|source| source.options.env_vars.is_some()) {
        // Secret values in the program are for tests; the runtime warns outside of them.
        calls.extend(quote!(.in_test(__secrets::cfg!(test))));
    }
    let constants = constants.into_tokens();
    quote! {
        #constants
        static __SECRETS_STEP: __secrets::Step = __secrets::Step::#calls;
        __secrets::register!(__SECRETS_STEP);
    }
}

/// Whether the macro itself can compare the groups of all sources, so that no const check is needed.
fn are_groups_known(drafts: &[SourceDraft<SourceSpan>]) -> bool {
    drafts.len() < 2 || !drafts.iter().any(has_unknown_group)
}

/// Returns the sources if all of them are plain texts, for which the expansion has a form that compiles faster.
fn plain_texts(drafts: &[SourceDraft<SourceSpan>]) -> Option<Vec<&TextNode<SourceSpan>>> {
    let text = |draft: &'_ SourceDraft<SourceSpan>| !draft.with_fields;
    (are_groups_known(drafts) && drafts.iter().all(text))
        .then(|| drafts.iter().map(|draft| &draft.id).collect())
}

/// Returns the list of sources. If only the compiler knows the group of one, adds checks that no two groups are
/// equal.
fn sources(drafts: &[SourceDraft<SourceSpan>], constants: &mut Constants) -> TokenStream {
    let list: Vec<TokenStream> = drafts.iter().map(|draft| source(draft, constants)).collect();
    if are_groups_known(drafts) {
        return quote!(&[#(#list),*]);
    }
    constants.add(quote!(const __SECRETS_SOURCES: &[__secrets::Src] = &[#(#list),*];));
    for (index, draft) in drafts.iter().enumerate() {
        let earlier = &drafts[..index];
        if !earlier.is_empty()
            && (has_unknown_group(draft) || earlier.iter().any(has_unknown_group))
        {
            let at = draft.group.as_ref().map_or(&draft.at, |group| &group.at);
            constants.check(at, "check_distinct_source", quote!(__SECRETS_SOURCES, #index));
        }
    }
    quote!(__SECRETS_SOURCES)
}

fn source(draft: &SourceDraft<SourceSpan>, constants: &mut Constants) -> TokenStream {
    if !draft.with_fields {
        let text = constants.checked(&draft.id, "check_source");
        return quote!(__secrets::Src::text(#text));
    }
    let id = constants.text(&draft.id);
    let mut calls = TokenStream::new();
    match &draft.backend {
        None if draft.id.known.is_none() => constants.check(&draft.id.at, "check_id", quote!(#id)),
        None => {}
        Some(backend) => {
            let text = constants.checked(backend, "check_type");
            if draft.id.known.is_none() || backend.known.is_none() {
                constants.check(&draft.id.at, "check_typed_id", quote!(#text, #id));
            }
            calls.extend(quote!(.backend(#text)));
        }
    }
    let options = &draft.options;
    let mut text = |given: &Option<TextNode<SourceSpan>>, method: TokenStream, check: &str| {
        if let Some(given) = given {
            let text = constants.checked(given, check);
            calls.extend(quote!(.#method(#text)));
        }
    };
    text(&draft.group, quote!(group), "check_alias");
    text(&draft.role, quote!(role), "check_role");
    text(&options.env_var_name, quote!(env_var_name), "check_variable_name");
    text(&options.region, quote!(region), "check_region");
    text(&options.version_id, quote!(version_id), "check_selector");
    text(&options.version_stage, quote!(version_stage), "check_selector");
    if let Some(json) = options.json {
        calls.extend(quote!(.json(#json)));
    }
    if let Some(required) = options.required {
        calls.extend(quote!(.required(#required)));
    }
    if let Some(vars) = &options.env_vars {
        let vars = vars.iter().map(|(name, value)| {
            let value = constants.text(value);
            quote!((#name, #value))
        });
        let vars: Vec<TokenStream> = vars.collect();
        calls.extend(quote!(.env_vars(&[#(#vars),*])));
    }
    quote!(__secrets::Src::with_fields(#id) #calls)
}

/// Returns the list of requests. If only the compiler knows a part of one, adds checks that no two are in conflict.
fn requests(drafts: &[RequestDraft<SourceSpan>], constants: &mut Constants) -> TokenStream {
    let list: Vec<TokenStream> = drafts.iter().map(|draft| request(draft, constants)).collect();
    let unknown = |draft: &RequestDraft<SourceSpan>| draft.view().is_none();
    if drafts.len() < 2 || !drafts.iter().any(unknown) {
        return quote!(&[#(#list),*]);
    }
    constants.add(quote!(const __SECRETS_REQUESTS: &[__secrets::Secret] = &[#(#list),*];));
    for (index, draft) in drafts.iter().enumerate() {
        let earlier = &drafts[..index];
        if !earlier.is_empty() && (unknown(draft) || earlier.iter().any(unknown)) {
            constants.check(
                &draft.at,
                "check_distinct_request",
                quote!(__SECRETS_REQUESTS, #index),
            );
        }
    }
    quote!(__SECRETS_REQUESTS)
}

fn request(draft: &RequestDraft<SourceSpan>, constants: &mut Constants) -> TokenStream {
    if draft.constant {
        return constants.secret(&draft.at);
    }
    let mut part = |text: &Option<TextNode<SourceSpan>>| match text {
        Some(text) => constants.text(text),
        None => quote!(""),
    };
    let (group, key) = (part(&draft.group), part(&draft.key));
    let unknown = |text: &Option<TextNode<SourceSpan>>| {
        text.as_ref().is_some_and(|text| text.known.is_none())
    };
    if unknown(&draft.group) || unknown(&draft.key) {
        for (text, check) in [(&draft.group, "check_group"), (&draft.key, "check_key_of_group")] {
            let at = text.as_ref().map_or(&draft.at, |text| &text.at);
            constants.check(at, check, quote!(#group, #key));
        }
    }
    let mut calls = TokenStream::new();
    if let Some(version) = &draft.group_version {
        let version = constants.checked(version, "check_version");
        calls.extend(quote!(.group_version(#version)));
    }
    if draft.mount_requirement != MountType::ANY {
        let mount = quote::format_ident!("{}", draft.mount_requirement.as_str());
        calls.extend(quote!(.mount_requirement(__secrets::MountType::#mount)));
    }
    if let Some(env_var) = &draft.env_var {
        let env_var = constants.checked(env_var, "check_env_var");
        calls.extend(quote!(.env_var(#env_var)));
    }
    quote!(__secrets::Secret::new(#group, #key) #calls)
}

fn parameter(given: &TypedParameter, constants: &mut Constants) -> TokenStream {
    let source = constants.checked(&given.source, "check_parameter");
    let key = given.key.as_ref().map(|key| {
        let key = constants.checked(key, "check_key");
        quote!(.key(#key))
    });
    quote!(__secrets::Parameter::new(#source) #key)
}
