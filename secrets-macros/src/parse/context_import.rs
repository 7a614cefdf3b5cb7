//! Where a source file has the name `current_context` from.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{ItemUse, UseTree};

use crate::runtime_crate::RuntimeCrate;

const NAME: &str = "current_context";

/// Whether the text of a file imports the runtime's function `current_context`, and no other one. The compiler alone
/// knows what comes by way of another module.
pub fn is_of_runtime(file: &str) -> bool {
    let mut found = Imports::default();
    if let Ok(tokens) = file.parse() {
        found.search(tokens);
    }
    found.of_runtime && !found.other
}

#[derive(Default)]
struct Imports {
    of_runtime: bool,
    other: bool,
}

impl Imports {
    fn search(&mut self, tokens: TokenStream) {
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Group(group) => self.search(group.stream()),
                TokenTree::Ident(word) if word == "fn" => {
                    let next = trees.peek();
                    self.other |= matches!(next, Some(TokenTree::Ident(name)) if name == NAME);
                }
                // `use<'a>` is another thing.
                TokenTree::Ident(word) if word == "use" && !is_punct(trees.peek(), '<') => {
                    let path = std::iter::from_fn(|| trees.next_if(|it| !is_punct(Some(it), ';')));
                    let item = syn::parse2(quote!(use #(#path)*;));
                    if let Ok(ItemUse { tree, .. }) = item {
                        self.add(&tree, None);
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds the names of a tree. `parent` says whether it stands directly in the runtime, and is `None` at the root.
    fn add(&mut self, tree: &UseTree, parent: Option<bool>) {
        let is_direct = parent == Some(true);
        match tree {
            UseTree::Path(path) => {
                let is_runtime = RuntimeCrate::of_compiler().is_name(&path.ident);
                self.add(&path.tree, Some(parent.is_none() && is_runtime));
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, parent)),
            UseTree::Glob(_) => self.of_runtime |= is_direct,
            UseTree::Name(name) if name.ident == NAME => self.add_name(is_direct),
            UseTree::Rename(rename) if rename.rename == NAME => {
                self.add_name(is_direct && rename.ident == NAME);
            }
            UseTree::Name(_) | UseTree::Rename(_) => {}
        }
    }

    fn add_name(&mut self, is_of_runtime: bool) {
        match is_of_runtime {
            true => self.of_runtime = true,
            false => self.other = true,
        }
    }
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_runtimes_own_function_is_certain() {
        for file in [
            "use secrets_runtime::current_context;",
            "mod tests { fn f() { use ::secrets_runtime::{Error, current_context, secrets}; } }",
            "use {std::fmt, secrets_runtime::{testing, current_context}};",
            "use secrets_runtime::*;",
            "fn f<'a>() -> impl Sized + use<'a> { x } use secrets_runtime::current_context as current_context;",
        ] {
            assert!(is_of_runtime(file), "{file}");
        }
        for file in [
            "",
            "use mine::current_context;",
            "use secrets_runtime::current_context; mod a { use mine::current_context; }",
            "use secrets_runtime::current_context; mod a { fn current_context() {} }",
            "use secrets_runtime::current_context; use mine::context as current_context;",
            "use secrets_runtime::current_context as other;",
            "use secrets_runtime::testing::current_context;",
            "use secrets_runtime::testing::*;",
            "use mine::secrets_runtime::current_context;",
            "use super::*;",
            "use crate::prelude::current_context;",
            "use secrets_runtime::Error;",
            "no rust ' at all \"",
        ] {
            assert!(!is_of_runtime(file), "{file}");
        }
    }
}
