//! One file's modules and what they import, from its tokens.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::Peekable,
};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The path of a module or an item, from the crate's root.
pub type Name = Vec<String>;

/// Who may use an item, a module or a `use`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Private,
    /// `pub(crate)`, `pub(super)`, `pub(in ..)`.
    Crate,
    Public,
}

/// A module that is declared here and written in a file of its own.
#[derive(Debug)]
pub struct File {
    pub module: String,
    pub visibility: Visibility,
    /// What `#[path]` says.
    pub path: Option<String>,
}

/// A module: a file's own, or one that is written inside it.
#[derive(Debug, Default)]
pub struct Module {
    pub name: Name,
    /// The module of the file that it is written in.
    pub owner: Name,
    /// The modules in it, and those of them that have files of their own.
    pub children: BTreeSet<String>,
    pub files: Vec<File>,
    /// How it is declared.
    pub visibility: Visibility,
    /// What it defines, macros aside.
    pub items: BTreeSet<String>,
    /// Its structs, enums, unions, traits and type aliases.
    pub types: Vec<(String, Visibility)>,
    pub macros: BTreeSet<String>,
    /// The names that `use` brings into it, and the `use x::*`.
    pub aliases: BTreeMap<String, Import>,
    pub globs: Vec<Import>,
    pub imports: Vec<Import>,
}

/// A path that a module writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub path: Name,
    /// The part of the path that is another crate's name unless this module has such a name.
    pub doubtful: Option<usize>,
    /// That of the `use`; private for any other path.
    pub visibility: Visibility,
    /// Whether it is `$crate::..`, which has to be a path that users of the macro may take.
    pub expands: bool,
    /// Whether it is a `use` for some operating systems alone, which chooses one of several modules.
    pub for_a_system: bool,
}

/// Reads a file that is the module `name` of the crate `own`. The first module that is returned is the file's.
pub fn scan(own: &str, name: &[String], tokens: TokenStream) -> Vec<Module> {
    let owner = name.to_owned();
    let mut scan = Scan { own, owner, modules: Vec::new(), for_a_system: false };
    scan.module(name.to_owned(), Visibility::Private, tokens);
    scan.modules
}

/// Words between `pub` and the word that says what is defined.
const QUALIFIERS: [&str; 4] = ["unsafe", "const", "async", "extern"];

struct Scan<'a> {
    own: &'a str,
    owner: Name,
    modules: Vec<Module>,
    /// Whether the attributes that were just read say so.
    for_a_system: bool,
}

impl Scan<'_> {
    fn module(&mut self, name: Name, visibility: Visibility, tokens: TokenStream) {
        let index = self.modules.len();
        let children = children(&tokens);
        let owner = self.owner.clone();
        self.modules.push(Module { name, owner, children, visibility, ..Module::default() });
        self.tokens(index, tokens, true);
    }

    /// Walks tokens of a module; `outermost` are those that are not inside something else.
    fn tokens(&mut self, index: usize, tokens: TokenStream, outermost: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut file = None;
        let mut visibility = Visibility::Private;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner =
                        matches!(next, Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                    let attribute = tokens.get(at + 1 + usize::from(inner));
                    let Some(TokenTree::Group(attribute)) = attribute else {
                        at += 1;
                        continue;
                    };
                    at += 2 + usize::from(inner);
                    if is_for_tests(attribute) {
                        if inner {
                            return;
                        }
                        at += item_length(&tokens[at..]);
                    }
                    file = path_attribute(attribute).or(file);
                    self.for_a_system |= is_for_a_system(attribute);
                }
                TokenTree::Ident(word) if word == "pub" => {
                    // `pub(in crate::a)` imports nothing.
                    let restricted =
                        matches!(next, Some(TokenTree::Group(group)) if restricts(group));
                    visibility = if restricted { Visibility::Crate } else { Visibility::Public };
                    at += 1 + usize::from(restricted);
                }
                TokenTree::Ident(word) if word == "use" && !is_punct(next, '<') => {
                    let end = tokens[at..].iter().position(|token| is_punct(Some(token), ';'));
                    let end = at + end.unwrap_or(tokens.len() - at);
                    self.use_tree(index, &tokens[at + 1..end], Vec::new(), visibility);
                    (visibility, self.for_a_system) = (Visibility::Private, false);
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" && outermost => {
                    if let (Some(TokenTree::Ident(name)), Some(body)) = (next, tokens.get(at + 2)) {
                        match body {
                            TokenTree::Group(body) => {
                                let name = joined(&self.modules[index].name, &[name.to_string()]);
                                self.module(name, visibility, body.stream());
                            }
                            _ => self.modules[index].files.push(File {
                                module: name.to_string(),
                                visibility,
                                path: file.take(),
                            }),
                        }
                    }
                    (visibility, self.for_a_system) = (Visibility::Private, false);
                    at += 3;
                }
                TokenTree::Ident(word) => {
                    if outermost {
                        self.define(index, &word.to_string(), next, tokens.get(at + 2), visibility);
                    }
                    let goes_on = at > 0
                        && (is_punct(tokens.get(at - 1), ':')
                            && at > 1
                            && is_punct(tokens.get(at - 2), ':'));
                    let (path, length) = path(&tokens[at..]);
                    if path.len() > 1 && !goes_on {
                        if let Some(import) = self.absolute(index, &path) {
                            let expands = at > 0 && is_punct(tokens.get(at - 1), '$');
                            self.modules[index].imports.push(Import { expands, ..import });
                        }
                        at += length;
                    } else {
                        at += 1;
                    }
                    // `pub unsafe trait`, `pub const fn`
                    if !QUALIFIERS.contains(&word.to_string().as_str()) {
                        (visibility, self.for_a_system) = (Visibility::Private, false);
                    }
                }
                TokenTree::Group(group) => {
                    self.tokens(index, group.stream(), false);
                    at += 1;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
            }
        }
    }

    /// Notes an item that this word defines.
    fn define(
        &mut self,
        index: usize,
        word: &str,
        next: Option<&TokenTree>,
        after: Option<&TokenTree>,
        visibility: Visibility,
    ) {
        let module = &mut self.modules[index];
        if let ("struct" | "enum" | "union" | "trait" | "type", Some(TokenTree::Ident(name))) =
            (word, next)
        {
            module.types.push((name.to_string(), visibility));
        }
        match (word, next, after) {
            ("macro_rules", _, Some(TokenTree::Ident(name))) => {
                module.macros.insert(name.to_string());
            }
            (
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static",
                Some(TokenTree::Ident(name)),
                _,
            ) => {
                module.items.insert(name.to_string());
            }
            _ => {}
        }
    }

    /// Reads what stands between `use` and `;`, or a part of it.
    fn use_tree(
        &mut self,
        index: usize,
        tokens: &[TokenTree],
        mut path: Name,
        visibility: Visibility,
    ) {
        let mut alias = None;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                // `use ::x` is another crate's, and `use $crate::x` stands where a macro is called.
                TokenTree::Punct(_)
                    if at == 0
                        && path.is_empty()
                        && [':', '$'].iter().any(|punct| is_punct(Some(token), *punct)) =>
                {
                    return;
                }
                TokenTree::Ident(word) if word == "as" => {
                    alias = tokens.get(at + 1).map(ToString::to_string);
                    break;
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    let parts: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in parts
                        .split(|token| is_punct(Some(token), ','))
                        .filter(|part| !part.is_empty())
                    {
                        self.use_tree(index, part, path.clone(), visibility);
                    }
                    return;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    let import = self.used(index, &path, visibility);
                    let module = &mut self.modules[index];
                    module.globs.push(import.clone());
                    module.imports.push(import);
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let import = self.used(index, &path, visibility);
        if let Some(name) = alias.or_else(|| path.last().cloned()) {
            self.modules[index].aliases.insert(name, import.clone());
        }
        self.modules[index].imports.push(import);
    }

    fn used(&self, index: usize, path: &[String], visibility: Visibility) -> Import {
        let name = &self.modules[index].name;
        let doubtful = || Import {
            path: joined(name, path),
            doubtful: Some(name.len()),
            visibility,
            expands: false,
            for_a_system: self.for_a_system,
        };
        self.absolute(index, path).map_or_else(doubtful, |import| Import {
            visibility,
            for_a_system: self.for_a_system,
            ..import
        })
    }

    /// The path from the root, if it begins with a word that says where it begins.
    fn absolute(&self, index: usize, path: &[String]) -> Option<Import> {
        let module = &self.modules[index];
        let (first, rest) = path.split_first()?;
        let path = match first.as_str() {
            "crate" => rest.to_owned(),
            "self" => joined(&module.name, rest),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                joined(&module.name[..module.name.len().saturating_sub(ups)], &path[ups..])
            }
            child if module.children.contains(child) => joined(&module.name, path),
            own if own == self.own => rest.to_owned(),
            _ => return None,
        };
        Some(Import {
            path,
            doubtful: None,
            visibility: Visibility::Private,
            expands: false,
            for_a_system: false,
        })
    }
}

/// The names of the modules that stand in these tokens.
fn children(tokens: &TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let named = |pair: &[TokenTree]| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "mod" => Some(name.to_string()),
        _ => None,
    };
    tokens.windows(2).filter_map(named).collect()
}

/// `a::b::c` at the beginning of these tokens, and how many tokens that is.
fn path(tokens: &[TokenTree]) -> (Name, usize) {
    let mut name = Vec::new();
    let mut length = 0;
    while let Some(TokenTree::Ident(word)) = tokens.get(length) {
        name.push(word.to_string());
        length += 1;
        let colons = is_punct(tokens.get(length), ':') && is_punct(tokens.get(length + 1), ':');
        if !colons || !matches!(tokens.get(length + 2), Some(TokenTree::Ident(_))) {
            break;
        }
        length += 2;
    }
    (name, length)
}

/// How many tokens the item takes that begins here: to its `;` or the end of its block.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_block = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let end = tokens.iter().position(|token| is_punct(Some(token), ';') || is_block(token));
    end.map_or(tokens.len(), |end| end + 1)
}

/// `[cfg(test)]`, `[cfg(all(test, ..))]`.
fn is_for_tests(attribute: &Group) -> bool {
    let mut words = words(attribute.stream()).into_iter().peekable();
    takes(&mut words, "cfg")
        && words.clone().any(|word| word == "test")
        && !words.any(|word| word == "not" || word == "any")
}

/// `[cfg(unix)]`, `[cfg(not(target_os = ".."))]`.
fn is_for_a_system(attribute: &Group) -> bool {
    let mut words = words(attribute.stream()).into_iter().peekable();
    let is_of_system =
        |word: String| word == "unix" || word == "windows" || word.starts_with("target_");
    takes(&mut words, "cfg") && words.any(is_of_system)
}

fn takes(words: &mut Peekable<impl Iterator<Item = String>>, word: &str) -> bool {
    words.next_if(|next| next == word).is_some()
}

fn words(tokens: TokenStream) -> Vec<String> {
    let words = |token| match token {
        TokenTree::Group(group) => words(group.stream()),
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
    };
    tokens.into_iter().flat_map(words).collect()
}

/// The text of `[path = "text"]`.
fn path_attribute(attribute: &Group) -> Option<String> {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word), _, TokenTree::Literal(text)] if word == "path" => {
            Some(text.to_string().trim_matches('"').to_owned())
        }
        _ => None,
    }
}

fn restricts(group: &Group) -> bool {
    let first = words(group.stream()).into_iter().next();
    first.is_some_and(|word| ["crate", "super", "self", "in"].contains(&word.as_str()))
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn joined(one: &[String], other: &[String]) -> Name {
    [one, other].concat()
}
