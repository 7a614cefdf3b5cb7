//! The constants that compare types, and texts that only the compiler knows, with `secrets.lock`.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens as _, quote};
use secrets_spec::{BuiltIn, LockedSource, RequestDraft, SourceDraft};

use crate::{
    analyze::{declaration::StepDeclaration, field_check::FieldCheck, lock_check},
    emit::constants::Constants,
    parse::{crate_lock::CrateLock, typed_parameter::TypedParameter},
    span::SourceSpan,
};

/// The checks of one step.
pub struct LockConstants<'a> {
    pub declaration: &'a StepDeclaration,
    pub crate_lock: &'a CrateLock,
    /// The checks of the parameters' types.
    pub fields: &'a [Option<FieldCheck>],
}

impl LockConstants<'_> {
    /// Adds the checks of the texts. Returns the checks of the types, which are statements.
    pub fn add(&self, parameters: &[TypedParameter], constants: &mut Constants) -> TokenStream {
        if self.crate_lock.lock().is_none() {
            return TokenStream::new();
        }
        let before = constants.checks();
        for draft in &self.declaration.sources {
            add_source(draft, constants);
        }
        // The table of the keys is several times as long.
        let needs_keys = !self.declaration.requests.is_empty()
            || parameters.iter().any(|it| it.key.is_some())
            || self.fields.iter().any(Option::is_some);
        for draft in &self.declaration.requests {
            add_request(draft, constants);
        }
        let mut types = TokenStream::new();
        for (index, parameter) in parameters.iter().enumerate() {
            self.add_parameter(parameter, constants);
            let fields = self.fields.get(index).and_then(Option::as_ref);
            types.extend(fields.and_then(|fields| self.type_check(parameter, fields, constants)));
        }
        // Few steps name their secrets by constants.
        if constants.checks() > before {
            let names = self.crate_lock.name_table();
            let keys = match needs_keys {
                true => self.crate_lock.key_table(),
                false => Literal::byte_string(&[]),
            };
            constants.add(quote! {
                const __SECRETS_LOCK: __secrets::LockTables = __secrets::LockTables {
                    names: #names,
                    keys: #keys,
                };
            });
        }
        types
    }

    fn add_parameter(&self, parameter: &TypedParameter, constants: &mut Constants) {
        let TypedParameter { source, key, declared, .. } = parameter;
        if source.known.is_none() && declared.is_none() {
            let text = constants.text(source);
            let groups = self.declaration.sources.iter().filter(|draft| draft.with_fields);
            let groups = groups.map(|draft| draft.group.as_ref().unwrap_or(&draft.id));
            let groups: Vec<TokenStream> = groups.map(|group| constants.text(group)).collect();
            let arguments = quote!(&__SECRETS_LOCK, &[#(#groups),*], #text);
            constants.check(&source.at, "check_locked_parameter", arguments);
        }
        let Some(key) = key else { return };
        if source.known.is_some() && key.known.is_some() {
            return;
        }
        if let Some(name) = self.name_of(parameter, constants) {
            let text = constants.text(key);
            let arguments = quote!(&__SECRETS_LOCK, &[#name], #text);
            constants.check(&key.at, "check_locked_key", arguments);
        }
    }

    /// Returns the check of a parameter's type.
    fn type_check(
        &self,
        parameter: &TypedParameter,
        fields: &FieldCheck,
        constants: &mut Constants,
    ) -> Option<TokenStream> {
        if parameter.key.is_some() {
            return None;
        }
        let runtime = &self.declaration.runtime;
        let at = SourceSpan::of_tokens(parameter.ty.to_token_stream());
        if let Some(source) = lock_check::source_of(self.declaration, parameter) {
            let keys = source.keys(self.crate_lock.lock()?)?;
            return Some(fields.against(runtime, (source.name(), &keys), None, &at));
        }
        let name = self.name_of(parameter, constants)?;
        constants.count_check();
        let arguments = quote!(&__SECRETS_LOCK, &[#name]);
        Some(fields.call(runtime, ("check_locked_fields_of", arguments), None, &at))
    }

    /// Returns the name of the source that fills a parameter, as an expression; `None` if the name or the way in which
    /// the source is read is not certain.
    fn name_of(
        &self,
        parameter: &TypedParameter,
        constants: &mut Constants,
    ) -> Option<TokenStream> {
        if parameter.source.known.is_some() {
            let source = lock_check::source_of(self.declaration, parameter)?;
            let name = source.name();
            return source.is_read_as_stored().then(|| quote!(#name));
        }
        let may_be_alias = self.declaration.sources.iter().any(|draft| draft.with_fields);
        (!may_be_alias).then(|| constants.text(&parameter.source))
    }
}

fn add_source(draft: &SourceDraft<SourceSpan>, constants: &mut Constants) {
    let backend = draft.backend.as_ref();
    let is_of_process = backend
        .and_then(|backend| BuiltIn::parse(backend.known.as_deref()?))
        .is_some_and(BuiltIn::is_of_process);
    if LockedSource::of_draft(draft).is_some() || !draft.is_required() || is_of_process {
        return;
    }
    let id = constants.text(&draft.id);
    let name = match backend {
        Some(backend) => {
            let backend = constants.text(backend);
            quote!(#backend, ".", #id)
        }
        None => id,
    };
    constants.check(&draft.id.at, "check_locked_source", quote!(&__SECRETS_LOCK, &[#name]));
}

fn add_request(draft: &RequestDraft<SourceSpan>, constants: &mut Constants) {
    let unknown = [&draft.group, &draft.key].into_iter().flatten().find(|it| it.known.is_none());
    let at = match unknown {
        Some(text) => &text.at,
        None if draft.constant => &draft.at,
        None => return,
    };
    let request = constants.request(draft);
    constants.check(at, "check_locked_request", quote!(&__SECRETS_LOCK, &#request));
}
