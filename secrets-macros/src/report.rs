use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use secrets_spec::Complaint;

use crate::place::Place;

/// The mistakes of one attribute: each becomes one error of the compiler, at its own place.
#[derive(Default)]
pub struct Report {
    mistakes: Vec<(Place, String)>,
}

impl Report {
    /// Adds a mistake: what is wrong, and what to write instead.
    pub fn add(&mut self, at: Place, message: impl AsRef<str>, help: impl AsRef<str>) {
        let text = format!("{}\nhelp: {}", message.as_ref(), help.as_ref());
        self.mistakes.push((at, text));
    }

    /// Lets the grammar read something, and takes over what it complains about.
    pub fn hear<T>(&mut self, read: impl FnOnce(&mut Vec<Complaint<Place>>) -> T) -> T {
        let mut complaints = Vec::new();
        let result = read(&mut complaints);
        for complaint in complaints {
            match complaint.help {
                Some(help) => self.add(complaint.at, complaint.message, help),
                None => self.mistakes.push((complaint.at, complaint.message)),
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
fn compile_error(at: &Place, text: &str) -> TokenStream {
    let mut literal = Literal::string(text);
    literal.set_span(at.end);
    let mut group = Group::new(proc_macro2::Delimiter::Brace, TokenTree::from(literal).into());
    group.set_span(at.end);
    let path = quote_spanned!(at.start=> ::core::compile_error!);
    quote!(#path #group)
}
