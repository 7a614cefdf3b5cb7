//! Edit distance between words, for suggestions.

use alloc::{vec, vec::Vec};

/// Returns the candidate nearest to `word`, if `word` may be a typo of it: at most one edit in words of up to five
/// letters, at most two in longer ones.
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
        // A greater difference in length needs more edits, and skipping it here makes long texts cheap.
        .filter(|candidate| candidate.chars().count().abs_diff(folded.len()) <= near)
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(edits, _)| *edits <= near)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Maps to lower case and hyphens to underscores, so that these differences do not count as edits.
fn fold(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Counts the insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
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

/// Whether at most one insertion, deletion, replacement or swap of neighbours turns `a[..a_end]`, in lower case,
/// into `b`. Works in const evaluation.
pub(crate) const fn within_one_edit(a: &[u8], a_end: usize, b: &[u8]) -> bool {
    let (longer, shorter) = if a_end > b.len() { (a_end, b.len()) } else { (b.len(), a_end) };
    if longer - shorter > 1 {
        return false;
    }
    let mut head = 0;
    while head < shorter && a[head].to_ascii_lowercase() == b[head] {
        head += 1;
    }
    let mut tail = 0;
    while tail < shorter - head && a[a_end - 1 - tail].to_ascii_lowercase() == b[b.len() - 1 - tail]
    {
        tail += 1;
    }
    let (left_a, left_b) = (a_end - head - tail, b.len() - head - tail);
    if left_a <= 1 && left_b <= 1 {
        return true;
    }
    left_a == 2
        && left_b == 2
        && a[head].to_ascii_lowercase() == b[head + 1]
        && a[head + 1].to_ascii_lowercase() == b[head]
}
