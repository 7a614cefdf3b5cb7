//! "Did you mean": the nearest word of a list, and the text somebody probably wanted to write.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{BuiltIn, Flaw, FlawKind, check_source};

/// The word of `candidates` that is nearest to `word`, if it is near enough to be a slip: one edit for up to
/// five letters, two beyond.
///
/// ```
/// assert_eq!(secrets_spec::closest("sorces", ["sources", "role"]), Some("sources"));
/// assert_eq!(secrets_spec::closest("nonsense", ["sources", "role"]), None);
/// ```
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = if word.chars().count() <= 5 { 1 } else { 2 };
    let folded = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(edits, _)| *edits <= near)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// What to write instead of a text with this flaw, where that can be told.
pub(crate) fn instead(text: &str, flaw: Flaw) -> Option<String> {
    let better = match flaw.kind {
        FlawKind::NameCharacter | FlawKind::ArnCase => {
            let trimmed = text.trim();
            if trimmed.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("arn:")) {
                format!("arn:{}", &trimmed[4..])
            } else {
                String::from(trimmed)
            }
        }
        FlawKind::TypeNearly | FlawKind::PrefixNearly => {
            let name = BuiltIn::near(&text[..flaw.end])?.name();
            return Some(format!("{name}{}", &text[flaw.end..]));
        }
        FlawKind::RoleArn => String::from(text.trim()),
        FlawKind::EnvVarShape => {
            let upper = text.to_ascii_uppercase().replace(['-', '.', '/', ' '], "_");
            return crate::check_env_var(&upper).is_none().then_some(upper);
        }
        _ => return None,
    };
    let good = match flaw.kind {
        FlawKind::RoleArn => crate::check_role_arn(&better).is_none(),
        _ => check_source(&better).is_ok(),
    };
    (better != text && good).then_some(better)
}

/// Case, hyphens and underscores do not make another word.
fn fold(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours from one word to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
