use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use secrets_spec::Diagnostic;

use crate::span::SourceSpan;

/// The mistakes found in one attribute. Each becomes one compile error at its own span.
#[derive(Default)]
pub struct Mistakes {
    mistakes: Vec<(SourceSpan, String)>,
}

impl Mistakes {
    /// Adds a mistake: what is wrong, and what to write instead.
    pub fn add(&mut self, at: SourceSpan, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.mistakes.push((at, text_of(message.as_ref(), help.as_ref())));
    }

    /// Calls a reader of the grammar, and adds the diagnostics that it reports.
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

    /// Returns the number of mistakes.
    pub fn len(&self) -> usize {
        self.mistakes.len()
    }

    /// Whether no mistake was found.
    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    fn tokens(&self) -> impl Iterator<Item = TokenStream> {
        self.mistakes.iter().map(|(at, text)| compile_error(at, text))
    }
}

impl ToTokens for Mistakes {
    /// Writes one `compile_error!` for each mistake.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.tokens());
    }
}

/// Returns a `compile_error!` with this message and help, for a mistake that stays at its place in a body.
pub fn error_at(at: &SourceSpan, message: &str, help: &str) -> TokenStream {
    compile_error(at, &text_of(message, help))
}

/// Returns the text of a mistake.
pub fn text_of(message: &str, help: &str) -> String {
    format!("{message}\nhelp: {help}")
}

/// Returns a `compile_error!` with this text. The compiler underlines a macro call from its first to its last
/// token, so these tokens have the spans of the mistake.
fn compile_error(at: &SourceSpan, text: &str) -> TokenStream {
    let mut literal = Literal::string(text);
    literal.set_span(at.end);
    let mut group = Group::new(proc_macro2::Delimiter::Brace, TokenTree::from(literal).into());
    group.set_span(at.end);
    let path = quote_spanned!(at.start=> ::core::compile_error!);
    quote!(#path #group)
}
