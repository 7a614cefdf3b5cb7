//! Patterns of IAM, and which texts they match together.

use std::collections::{BTreeSet, HashSet, VecDeque};

/// How many states of a search are looked at. A policy that a person writes needs a few hundred.
const MAX_STATES: usize = 20_000;

/// A character that stands for all that no pattern names.
const OTHER: char = '\u{fffd}';

/// A pattern: `*` is any text, `?` any character, and every other character is itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    tokens: Vec<Token>,
    /// As it is written.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    AnyChar,
    AnyText,
}

/// A search that would take too long.
#[derive(Debug)]
pub struct TooComplex;

impl Glob {
    /// Parses a pattern. `${*}`, `${?}` and `${$}` are the characters themselves. Returns `None` if it has a variable,
    /// whose text only AWS knows.
    pub fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if rest.starts_with("${") {
                let literal =
                    ["${*}", "${?}", "${$}"].into_iter().find(|it| rest.starts_with(it))?;
                tokens.extend(literal.chars().nth(2).map(Token::Char));
                rest = &rest[literal.len()..];
                continue;
            }
            tokens.push(match c {
                '*' => Token::AnyText,
                '?' => Token::AnyChar,
                c => Token::Char(c),
            });
            rest = &rest[c.len_utf8()..];
        }
        // Several are as one.
        tokens.dedup_by(|a, b| *a == Token::AnyText && *b == Token::AnyText);
        Some(Self { tokens, text: text.to_owned() })
    }

    /// Creates the pattern of one text.
    pub fn literal(text: &str) -> Self {
        Self { tokens: text.chars().map(Token::Char).collect(), text: text.to_owned() }
    }

    /// Returns the pattern in lower case: the names of actions are the same in any case.
    pub fn in_lower_case(text: &str) -> Option<Self> {
        let glob = Self::parse(&text.to_lowercase())?;
        Some(Self { text: text.to_owned(), ..glob })
    }

    /// Returns the pattern as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the characters before the first wildcard.
    fn prefix(&self) -> impl Iterator<Item = char> {
        self.tokens.iter().map_while(|token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        })
    }

    /// Whether no text matches both, as far as their first characters tell.
    fn is_disjoint(&self, other: &Self) -> bool {
        self.prefix().zip(other.prefix()).any(|(a, b)| a != b)
    }
}

/// The places in each pattern up to which a text matches.
type Places = BTreeSet<(usize, usize)>;

/// Returns a text that matches `first` and is accepted, if there is one. `accept` gets which of the other patterns the
/// text matches. The text is one of the shortest.
///
/// # Errors
/// If the patterns are so entangled that it takes too long.
pub fn find(
    first: &Glob,
    others: &[&Glob],
    accept: impl Fn(&[bool]) -> bool,
) -> Result<Option<String>, TooComplex> {
    let mut found = None;
    search(first, others, |text, matches| {
        let is_it = accept(matches);
        if is_it {
            found = Some(text.to_owned());
        }
        !is_it
    })?;
    Ok(found)
}

/// Returns each combination of the other patterns that a text matches which matches `first`.
///
/// # Errors
/// As [`find`].
pub fn combinations(first: &Glob, others: &[&Glob]) -> Result<HashSet<Vec<bool>>, TooComplex> {
    let mut found = HashSet::new();
    search(first, others, |_, matches| {
        found.insert(matches.to_vec());
        true
    })?;
    Ok(found)
}

/// Passes texts that match `first`, with which of the others they match, until the closure returns false. Of texts that
/// the patterns cannot tell apart it passes one.
fn search(
    first: &Glob,
    others: &[&Glob],
    mut each: impl FnMut(&str, &[bool]) -> bool,
) -> Result<(), TooComplex> {
    let near = others.iter().enumerate().filter(|(_, glob)| !glob.is_disjoint(first));
    let near: Vec<(usize, &Glob)> = near.map(|(index, glob)| (index + 1, *glob)).collect();
    let glob_of = |index: usize| match index {
        0 => first,
        index => others[index - 1],
    };
    let start = std::iter::once(0).chain(near.iter().map(|(index, _)| *index));
    let start: Places = start.flat_map(|index| reach(glob_of(index), index, 0)).collect();
    let mut known = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, String::new())]);
    while let Some((places, text)) = queue.pop_front() {
        let is_at_end = |index: usize| places.contains(&(index, glob_of(index).tokens.len()));
        if is_at_end(0) {
            let matches: Vec<bool> = (1..=others.len()).map(is_at_end).collect();
            if !each(&text, &matches) {
                return Ok(());
            }
        }
        let chars = places.iter().filter_map(|(index, place)| {
            match glob_of(*index).tokens.get(*place)? {
                Token::Char(c) => Some(*c),
                _ => None,
            }
        });
        let chars: BTreeSet<char> = chars.chain(std::iter::once(OTHER)).collect();
        for c in chars {
            let next: Places = places
                .iter()
                .flat_map(|(index, place)| step(glob_of(*index), *index, *place, c))
                .collect();
            let matches_first = next.range((0, 0)..(1, 0)).next().is_some();
            if !matches_first || known.contains(&next) {
                continue;
            }
            if known.len() == MAX_STATES {
                return Err(TooComplex);
            }
            known.insert(next.clone());
            queue.push_back((next, format!("{text}{c}")));
        }
    }
    Ok(())
}

/// Returns the places after a character.
fn step(glob: &Glob, index: usize, place: usize, c: char) -> Vec<(usize, usize)> {
    match glob.tokens.get(place) {
        Some(Token::Char(wanted)) if *wanted == c => reach(glob, index, place + 1),
        Some(Token::AnyChar) => reach(glob, index, place + 1),
        Some(Token::AnyText) => reach(glob, index, place),
        _ => Vec::new(),
    }
}

/// Returns the place, and those behind it that need no character.
fn reach(glob: &Glob, index: usize, place: usize) -> Vec<(usize, usize)> {
    match glob.tokens.get(place) {
        Some(Token::AnyText) => vec![(index, place), (index, place + 1)],
        _ => vec![(index, place)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::parse(text).unwrap()
    }

    /// Whether every text of the first pattern matches one of the others.
    fn is_within(first: &str, others: &[&str]) -> bool {
        let others: Vec<Glob> = others.iter().map(|text| glob(text)).collect();
        let others: Vec<&Glob> = others.iter().collect();
        find(&glob(first), &others, |matches| !matches.contains(&true)).unwrap().is_none()
    }

    #[test]
    fn a_pattern_is_within_others_or_not() {
        for (first, others, expected) in [
            ("a", &["a"][..], true),
            ("a", &["b"], false),
            ("a?", &["a*"], true),
            ("a*", &["a?"], false),
            ("a*", &["a", "a?*"], true),
            ("a*", &["ab*", "ac*"], false),
            ("db-??????", &["db-*"], true),
            ("db-*", &["db-??????"], false),
            ("*", &["*a*", "b*"], false),
            ("?", &["a", "b"], false),
            ("a*b", &["a*"], true),
            ("a*b", &["*b"], true),
            ("a**b", &["a*b"], true),
            ("${*}", &["?"], true),
            ("${*}", &["a"], false),
            ("", &["*"], true),
            ("é?", &["é*"], true),
        ] {
            assert_eq!(is_within(first, others), expected, "{first} in {others:?}");
        }
        assert!(Glob::parse("${aws:username}").is_none());
    }

    #[test]
    fn each_combination_is_found_once() {
        let (a, b) = (glob("a*"), glob("*b"));
        let found = combinations(&glob("*"), &[&a, &b]).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(combinations(&glob("a"), &[&a, &b]).unwrap().len(), 1);
    }

    #[test]
    fn a_search_that_never_ends_is_given_up() {
        let entangled: Vec<Glob> =
            ('a'..='t').map(|c| glob(&format!("*{c}??????????????????????x"))).collect();
        let others: Vec<&Glob> = entangled.iter().collect();
        assert!(combinations(&glob("*"), &others).is_err());
    }
}
