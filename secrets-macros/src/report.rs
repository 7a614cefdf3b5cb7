use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use secrets_spec::Diagnostic;

use crate::span::SourceSpan;

/// The mistakes of one attribute: each becomes one error of the compiler, at its own place.
#[derive(Default)]
pub struct Report {
    mistakes: Vec<(SourceSpan, String)>,
}

impl Report {
    /// Adds a mistake: what is wrong, and what to write instead.
    pub fn add(&mut self, at: SourceSpan, message: impl AsRef<str>, help: impl AsRef<str>) {
        let text = format!("{}\nhelp: {}", message.as_ref(), help.as_ref());
        self.mistakes.push((at, text));
    }

    /// Lets the grammar read something, and takes over what it complains about.
    pub fn collect<T>(&mut self, read: impl FnOnce(&mut Vec<Diagnostic<SourceSpan>>) -> T) -> T {
        let mut diagnostics = Vec::new();
        let result = read(&mut diagnostics);
        for diagnostic in diagnostics {
            match diagnostic.help {
                Some(help) => self.add(diagnostic.at, diagnostic.message, help),
                None => self.mistakes.push((diagnostic.at, diagnostic.message)),
            }
        }
        result
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.mistakes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    fn tokens(&self) -> impl Iterator<Item = TokenStream> {
        self.mistakes.iter().map(|(at, text)| compile_error(at, text))
    }
}

impl ToTokens for Report {
    /// One `compile_error!` for each mistake.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.tokens());
    }
}

/// The compiler underlines a macro call from its first token to its last.
fn compile_error(at: &SourceSpan, text: &str) -> TokenStream {
    let mut literal = Literal::string(text);
    literal.set_span(at.end);
    let mut group = Group::new(proc_macro2::Delimiter::Brace, TokenTree::from(literal).into());
    group.set_span(at.end);
    let path = quote_spanned!(at.start=> ::core::compile_error!);
    quote!(#path #group)
}
