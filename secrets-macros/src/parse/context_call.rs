//! The calls of a body that read a secret by literals: `current_context().secrets.get("prod-db", "password")`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::Lit;

use crate::{runtime_crate::RuntimeCrate, span::SourceSpan};

/// A call of `get`, `get_as` or `var` on the secrets of the current context.
pub struct ContextCall {
    /// The name `current_context`, if it stands alone. Only the compiler knows which function it is.
    pub name: Option<Ident>,
    pub method: ReadMethod,
    /// The arguments; `None` for one that is not a literal text.
    pub arguments: Vec<Option<LiteralText>>,
    /// The type of `get_as::<T>`, if it is written.
    pub ty: Option<TokenStream>,
}

/// The methods whose literals are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMethod {
    Get,
    GetAs,
    Var,
}

/// A literal text.
pub struct LiteralText {
    pub text: String,
    pub at: SourceSpan,
}

impl ContextCall {
    /// Returns an argument that is a literal text.
    pub fn literal(&self, index: usize) -> Option<&LiteralText> {
        self.arguments.get(index)?.as_ref()
    }
}

/// What to put before the literals of a call: the index of an argument, and statements.
pub type Insertions = Vec<(usize, TokenStream)>;

/// Calls `check` for each such call in the body itself, and puts the statements that it returns into a block around the
/// literal: `{ compile_error! { .. } "prod-db" }`. So what `cfg` removes is not reported. Returns `None` if nothing
/// changes.
///
/// Arguments of macros and nested items are left alone, since only the compiler knows what they are.
pub fn rewrite(
    tokens: TokenStream,
    check: &mut dyn FnMut(&ContextCall) -> Insertions,
) -> Option<TokenStream> {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut is_changed = false;
    let mut at = 0;
    while at < trees.len() {
        if let Some(after) = after_unread(&trees, at) {
            at = after;
            continue;
        }
        if let Some((call, arguments)) = read_call(&trees, at) {
            let insertions = check(&call);
            if !insertions.is_empty()
                && let Some(TokenTree::Group(group)) = trees.get_mut(arguments)
            {
                *group = with_content(group, insert(group.stream(), insertions));
                is_changed = true;
            }
            at = arguments + 1;
            continue;
        }
        if let Some(TokenTree::Group(group)) = trees.get_mut(at)
            && let Some(content) = rewrite(group.stream(), check)
        {
            *group = with_content(group, content);
            is_changed = true;
        }
        at += 1;
    }
    is_changed.then(|| trees.into_iter().collect())
}

/// Returns the index after a nested item, a macro call or an attribute that starts here.
fn after_unread(trees: &[TokenTree], at: usize) -> Option<usize> {
    if is_punct(trees.get(at), '#') {
        let bracket = at + 1 + usize::from(is_punct(trees.get(at + 1), '!'));
        return is_group(trees.get(bracket), Delimiter::Bracket).then_some(bracket + 1);
    }
    let word = ident(trees.get(at))?.to_string();
    let before = at.checked_sub(1).and_then(|at| trees.get(at));
    let named = ident(trees.get(at + 1));
    match word.as_str() {
        "fn" | "mod" | "trait" | "struct" | "enum" | "union" if named.is_some() => {
            Some(after_item(trees, at, true))
        }
        "impl" if starts_statement(before) => Some(after_item(trees, at, true)),
        "const" | "static"
            if !(is_punct(before, '*') || is_punct(before, '\''))
                && named.is_some_and(|next| !FUNCTION_WORDS.iter().any(|word| next == word)) =>
        {
            Some(after_item(trees, at, false))
        }
        _ => after_macro(trees, at, &word),
    }
}

/// The words between `const` and the name of a function.
const FUNCTION_WORDS: [&str; 4] = ["fn", "async", "unsafe", "extern"];

/// The words that can stand before `!` without being the name of a macro.
const KEYWORDS: [&str; 16] = [
    "if", "while", "match", "return", "in", "else", "break", "as", "await", "yield", "move",
    "unsafe", "loop", "async", "mut", "ref",
];

/// Returns the index after a macro call that starts with this word.
fn after_macro(trees: &[TokenTree], at: usize, word: &str) -> Option<usize> {
    if !is_punct(trees.get(at + 1), '!') || KEYWORDS.contains(&word) {
        return None;
    }
    // `macro_rules! name { .. }` has a name.
    let group = at + 2 + usize::from(ident(trees.get(at + 2)).is_some());
    matches!(trees.get(group), Some(TokenTree::Group(_))).then_some(group + 1)
}

/// Returns the index after an item, which ends with a semicolon, or with braces if it may have a body.
fn after_item(trees: &[TokenTree], at: usize, has_body: bool) -> usize {
    let ends = |tree: &TokenTree| {
        is_punct(Some(tree), ';') || has_body && is_group(Some(tree), Delimiter::Brace)
    };
    trees[at..].iter().position(ends).map_or(trees.len(), |end| at + end + 1)
}

fn starts_statement(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ';',
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        Some(TokenTree::Ident(word)) => word == "unsafe" || word == "default",
        Some(TokenTree::Literal(_)) => false,
    }
}

/// Reads a call that starts here. Returns it with the index of its arguments.
fn read_call(trees: &[TokenTree], at: usize) -> Option<(ContextCall, usize)> {
    let name = ident(trees.get(at))?;
    if name != "current_context" || !is_ours(trees, at) {
        return None;
    }
    let is_colon =
        |distance| at.checked_sub(distance).is_some_and(|at| is_punct(trees.get(at), ':'));
    let name = (!(is_colon(1) && is_colon(2))).then(|| name.clone());
    let empty = matches!(trees.get(at + 1), Some(TokenTree::Group(group))
        if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty());
    if !empty || !is_field(trees, at + 2, "secrets") || !is_punct(trees.get(at + 4), '.') {
        return None;
    }
    let method = match ident(trees.get(at + 5))?.to_string().as_str() {
        "get" => ReadMethod::Get,
        "get_as" => ReadMethod::GetAs,
        "var" => ReadMethod::Var,
        _ => return None,
    };
    let (ty, place) = turbofish(trees, at + 6)?;
    let Some(TokenTree::Group(group)) = trees.get(place) else { return None };
    if group.delimiter() != Delimiter::Parenthesis
        || expects_failure(trees, place + 1)
        || is_matched(trees, at)
    {
        return None;
    }
    let arguments = arguments(group.stream());
    let arguments = arguments.iter().map(|argument| literal(argument)).collect();
    Some((ContextCall { name, method, arguments, ty }, place))
}

/// Whether the function is called by its name alone, or by its path in the runtime.
fn is_ours(trees: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| trees.get(at));
    if is_punct(before(1), '.') || ident(before(1)).is_some_and(|word| word == "fn") {
        return false;
    }
    if !is_punct(before(1), ':') || !is_punct(before(2), ':') {
        return true;
    }
    let Some(krate) = ident(before(3)) else { return false };
    let is_runtime = RuntimeCrate::of_compiler().is_name(krate);
    let is_inner = is_punct(before(4), ':')
        && is_punct(before(5), ':')
        && ident(before(6)).is_some_and(|word| !is_keyword(word));
    is_runtime && !is_inner
}

/// Returns the type in `::<T>`, if there is one, and the index after it.
fn turbofish(trees: &[TokenTree], at: usize) -> Option<(Option<TokenStream>, usize)> {
    if !is_punct(trees.get(at), ':') {
        return Some((None, at));
    }
    if !is_punct(trees.get(at + 1), ':') || !is_punct(trees.get(at + 2), '<') {
        return None;
    }
    let (mut depth, mut end) = (1_usize, at + 3);
    loop {
        match trees.get(end)? {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            // The arrow of `fn() -> T` closes nothing.
            TokenTree::Punct(punct)
                if punct.as_char() == '>' && !is_punct(trees.get(end - 1), '-') =>
            {
                depth -= 1;
            }
            _ => {}
        }
        if depth == 0 {
            return Some((Some(trees[at + 3..end].iter().cloned().collect()), end + 1));
        }
        end += 1;
    }
}

/// Whether the call goes on with a method that is there for failures: the program may ask for what is not there.
fn expects_failure(trees: &[TokenTree], at: usize) -> bool {
    const METHODS: [&str; 10] = [
        "unwrap_err",
        "expect_err",
        "is_err",
        "is_ok",
        "is_err_and",
        "is_ok_and",
        "err",
        "ok",
        "or",
        "or_else",
    ];
    let Some(method) = ident(trees.get(at + 1)).filter(|_| is_punct(trees.get(at), '.')) else {
        return false;
    };
    let method = method.to_string();
    let is_of_failures = METHODS.contains(&method.as_str())
        || method.starts_with("unwrap_or")
        || method.starts_with("map_or");
    is_of_failures && is_group(trees.get(at + 2), Delimiter::Parenthesis)
}

/// Whether `let Ok(..) =` or `let Err(..) =` stands before the call: the program looks whether the secret is there.
fn is_matched(trees: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| trees.get(at));
    // The path before the name: `secrets_runtime::` or `::secrets_runtime::`.
    let mut path = 0;
    while is_punct(before(path + 1), ':') && is_punct(before(path + 2), ':') {
        path += 2;
        let is_segment = ident(before(path + 1)).is_some_and(|word| !is_keyword(word));
        path += usize::from(is_segment);
    }
    is_punct(before(path + 1), '=')
        && is_group(before(path + 2), Delimiter::Parenthesis)
        && ident(before(path + 3)).is_some_and(|word| word == "Ok" || word == "Err")
        && ident(before(path + 4)).is_some_and(|word| word == "let")
}

/// Whether a body may read another context than that of its step, since it enters one.
pub fn changes_context(tokens: TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_call = |at: usize, method: &str| {
        is_field(&trees, at, method) && is_group(trees.get(at + 2), Delimiter::Parenthesis)
    };
    (0..trees.len()).any(|at| {
        is_call(at, "enter")
            || is_call(at, "scope")
            || matches!(&trees[at], TokenTree::Group(group) if changes_context(group.stream()))
    })
}

fn is_keyword(word: &Ident) -> bool {
    KEYWORDS.iter().any(|keyword| word == keyword)
}

/// Whether `.name` starts here.
fn is_field(trees: &[TokenTree], at: usize, name: &str) -> bool {
    is_punct(trees.get(at), '.') && ident(trees.get(at + 1)).is_some_and(|found| found == name)
}

/// Splits at the commas.
fn arguments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut arguments = vec![Vec::new()];
    for tree in tokens {
        match (is_punct(Some(&tree), ','), arguments.last_mut()) {
            (false, Some(last)) => last.push(tree),
            _ => arguments.push(Vec::new()),
        }
    }
    arguments
}

/// Returns the text, if this is one literal. A literal that `macro_rules` has passed on is in an invisible group.
fn literal(argument: &[TokenTree]) -> Option<LiteralText> {
    match argument {
        [TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Str(text) => {
                Some(LiteralText { text: text.value(), at: SourceSpan::of(literal.span()) })
            }
            _ => None,
        },
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            literal(&inside)
        }
        _ => None,
    }
}

/// Puts statements into blocks around these arguments.
fn insert(tokens: TokenStream, insertions: Insertions) -> TokenStream {
    let mut content = TokenStream::new();
    for (index, argument) in arguments(tokens.clone()).into_iter().enumerate() {
        if index > 0 {
            content.extend([TokenTree::from(proc_macro2::Punct::new(
                ',',
                proc_macro2::Spacing::Alone,
            ))]);
        }
        let mut statements: TokenStream = insertions
            .iter()
            .filter(|(place, _)| *place == index)
            .map(|(_, statements)| statements.clone())
            .collect();
        if statements.is_empty() {
            content.extend(argument);
            continue;
        }
        let span = argument.first().map(TokenTree::span);
        statements.extend(argument);
        let mut block = Group::new(Delimiter::Brace, statements);
        if let Some(span) = span {
            block.set_span(span);
        }
        content.extend([TokenTree::from(block)]);
    }
    content
}

fn with_content(group: &Group, content: TokenStream) -> Group {
    let mut new = Group::new(group.delimiter(), content);
    new.set_span(group.span());
    new
}

fn ident(tree: Option<&TokenTree>) -> Option<&Ident> {
    match tree {
        Some(TokenTree::Ident(ident)) => Some(ident),
        _ => None,
    }
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_group(tree: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(tree, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}
