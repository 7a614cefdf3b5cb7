use proc_macro2::{Group, Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use secrets_spec::TextNode;

use crate::span::SourceSpan;

/// The texts that only the compiler knows. Each becomes a constant of its own, so that a path that does not
/// lead to a text is one error, and each check becomes another one, so that all bad texts are reported.
#[derive(Default)]
pub struct Constants {
    items: TokenStream,
    count: usize,
}

impl Constants {
    /// The text, or the name of the constant that stands for it.
    pub fn text(&mut self, text: &TextNode<SourceSpan>) -> TokenStream {
        match &text.known {
            Some(known) => {
                let literal = Literal::string(known);
                quote!(#literal)
            }
            None => self.named(&text.at, quote!(__secrets::Text)),
        }
    }

    /// The same; what is no literal is checked by the function `check` of the runtime.
    pub fn checked(&mut self, text: &TextNode<SourceSpan>, check: &str) -> TokenStream {
        let name = self.text(text);
        if text.known.is_none() {
            self.check(&text.at, check, quote!(#name));
        }
        name
    }

    /// A constant of type `Secret`.
    pub fn secret(&mut self, at: &SourceSpan) -> TokenStream {
        let name = self.named(at, quote!(__secrets::Secret));
        self.check(at, "check_request", quote!(&#name));
        name
    }

    /// Calls a check, which the compiler evaluates and whose failure it shows at this place.
    pub fn check(&mut self, at: &SourceSpan, check: &str, arguments: TokenStream) {
        let check = Ident::new(check, at.start);
        let mut call = Group::new(proc_macro2::Delimiter::Parenthesis, arguments);
        call.set_span(at.end);
        let path = quote_spanned!(at.start=> __secrets::#check);
        self.items.extend(quote!(const _: () = #path #call;));
    }

    /// Adds an item.
    pub fn add(&mut self, item: TokenStream) {
        self.items.extend(item);
    }

    pub fn into_tokens(self) -> TokenStream {
        self.items
    }

    fn named(&mut self, at: &SourceSpan, ty: TokenStream) -> TokenStream {
        let name = format_ident!("__SECRETS_{}", self.count, span = Span::mixed_site());
        self.count += 1;
        let path = at.path.clone().unwrap_or_default();
        self.items.extend(quote!(const #name: #ty = #path;));
        quote!(#name)
    }
}
