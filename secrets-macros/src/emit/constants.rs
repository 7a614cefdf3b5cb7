use proc_macro2::{Group, Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use secrets_spec::{MountType, RequestDraft, TextNode};

use crate::span::SourceSpan;

/// The constants of an expansion, for texts that only the compiler knows. Each path becomes one constant, so that a
/// path to anything but a text is one error. Each check becomes another constant, so that all invalid texts are
/// reported.
#[derive(Default)]
pub struct Constants {
    items: TokenStream,
    /// The name of each constant, by the address of its node.
    names: Vec<(usize, Ident)>,
    /// How many checks there are.
    checks: usize,
}

impl Constants {
    /// Returns the text as a literal, or the name of its constant.
    pub fn text(&mut self, text: &TextNode<SourceSpan>) -> TokenStream {
        match &text.known {
            Some(known) => {
                let literal = Literal::string(known);
                quote!(#literal)
            }
            None => self.named(std::ptr::from_ref(text).addr(), &text.at, quote!(__secrets::Text)),
        }
    }

    /// Adds the runtime's check of this name if the text is not known.
    pub fn check_unknown(&mut self, text: &TextNode<SourceSpan>, check: &str) {
        if text.known.is_none() {
            let name = self.text(text);
            self.check(&text.at, check, quote!(#name));
        }
    }

    /// Returns the name of the constant of type `Secret`, which is checked.
    pub fn secret(&mut self, request: &RequestDraft<SourceSpan>) -> TokenStream {
        let count = self.names.len();
        let key = std::ptr::from_ref(request).addr();
        let name = self.named(key, &request.at, quote!(__secrets::Secret));
        if self.names.len() > count {
            self.check(&request.at, "check_request", quote!(&#name));
        }
        name
    }

    /// Returns a request as a constant expression.
    pub fn request(&mut self, draft: &RequestDraft<SourceSpan>) -> TokenStream {
        if draft.constant {
            return self.secret(draft);
        }
        let (group, key) = (self.part(&draft.group), self.part(&draft.key));
        let mut calls = TokenStream::new();
        if let Some(version) = &draft.group_version {
            let version = self.text(version);
            calls.extend(quote!(.group_version(#version)));
        }
        if draft.mount_requirement != MountType::ANY {
            let mount = format_ident!("{}", draft.mount_requirement.as_str());
            calls.extend(quote!(.mount_requirement(__secrets::MountType::#mount)));
        }
        if let Some(env_var) = &draft.env_var {
            let env_var = self.text(env_var);
            calls.extend(quote!(.env_var(#env_var)));
        }
        quote!(__secrets::Secret::new(#group, #key) #calls)
    }

    /// Returns the text of a part of a request, which is empty if it is not written.
    pub fn part(&mut self, text: &Option<TextNode<SourceSpan>>) -> TokenStream {
        text.as_ref().map_or_else(|| quote!(""), |text| self.text(text))
    }

    /// Adds a call of a check. The compiler evaluates it and reports a failure at this span.
    pub fn check(&mut self, at: &SourceSpan, check: &str, arguments: TokenStream) {
        let check = Ident::new(check, at.start);
        let mut call = Group::new(proc_macro2::Delimiter::Parenthesis, arguments);
        call.set_span(at.end);
        let path = quote_spanned!(at.start=> __secrets::#check);
        self.checks += 1;
        self.items.extend(quote!(const _: () = #path #call;));
    }

    /// Returns how many checks there are.
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// Counts a check that is not one of these items.
    pub fn count_check(&mut self) {
        self.checks += 1;
    }

    /// Adds an item.
    pub fn add(&mut self, item: TokenStream) {
        self.items.extend(item);
    }

    /// Returns all items.
    pub fn into_tokens(self) -> TokenStream {
        self.items
    }

    /// Returns the name of the constant for the node at this address, of which there is one.
    fn named(&mut self, node: usize, at: &SourceSpan, ty: TokenStream) -> TokenStream {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| *known == node) {
            return quote!(#name);
        }
        let name = format_ident!("__SECRETS_{}", self.names.len(), span = Span::mixed_site());
        let path = at.path.clone().unwrap_or_default();
        self.items.extend(quote!(const #name: #ty = #path;));
        self.names.push((node, name.clone()));
        quote!(#name)
    }
}
