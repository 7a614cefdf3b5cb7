//! Base64 that is wrapped, as the command `base64` does it: the lines are looked through as one text.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::mask::{
    dictionary::{Dictionary, PatternId},
    scan::Scan,
};

/// A line that is wrapped has at least so many letters.
const SHORTEST_LINE: usize = 64;

/// Looks through the wrapped lines of a text, and calls `found` with each pattern and where it stands. `run` letters
/// stand before the text. Returns the first place at which a pattern may begin once the text goes on.
pub(super) fn scan(
    dictionary: &Dictionary,
    text: &[u8],
    run: usize,
    found: &mut impl FnMut(Range<usize>, PatternId),
) -> usize {
    let mut first_open = text.len();
    let mut from = 0;
    while let Some((line, next)) = next_line_end(text, from) {
        let letters = letters_before(text, line);
        let before = if letters == line { run } else { 0 };
        from = next;
        if letters + before >= SHORTEST_LINE {
            let lines = block(text, line - letters..line, next);
            from = lines.last().map_or(next, |last| last.end.max(next));
            first_open = first_open.min(scan_block(dictionary, text, &lines, from, found));
        }
    }
    first_open
}

/// Returns how many letters stand at the end of the text, if `run` stand before it. Counts no further than matters.
pub(super) fn run_at_end(text: &[u8], run: usize) -> usize {
    let tail = &text[text.len().saturating_sub(SHORTEST_LINE)..];
    let letters = letters_before(tail, tail.len());
    if letters == text.len() { letters + run } else { letters }.min(SHORTEST_LINE)
}

/// Looks through a block of lines, which has been read up to `end`.
fn scan_block(
    dictionary: &Dictionary,
    text: &[u8],
    lines: &[Range<usize>],
    end: usize,
    found: &mut impl FnMut(Range<usize>, PatternId),
) -> usize {
    let length = lines.iter().map(Range::len).sum();
    let mut joined = Zeroizing::new(Vec::with_capacity(length));
    lines.iter().for_each(|line| joined.extend_from_slice(&text[line.clone()]));
    let mut scan = Scan::default();
    scan.advance(dictionary, &joined, &mut |find: Range<usize>, id| {
        found(place(lines, find.start)..place(lines, find.end - 1) + 1, id);
    });
    let open = scan.first_open(length);
    if end == text.len() && open < length { place(lines, open) } else { text.len() }
}

/// Returns the lines of a block, of which the first is known, and where the second begins.
fn block(text: &[u8], first: Range<usize>, mut start: usize) -> Vec<Range<usize>> {
    let mut lines = vec![first];
    loop {
        let letters = text[start..].iter().take_while(|byte| is_letter(**byte)).count();
        let end = start + letters;
        lines.push(start..end);
        match line_break(text, end) {
            Some(next) if letters >= SHORTEST_LINE => start = next,
            _ => return lines,
        }
    }
}

/// Returns the next end of a line, and where the line after it begins.
fn next_line_end(text: &[u8], from: usize) -> Option<(usize, usize)> {
    match memchr::memchr(b'\n', &text[from..]) {
        Some(at) => {
            let at = from + at;
            let has_return = at > from && text[at - 1] == b'\r';
            Some((at - usize::from(has_return), at + 1))
        }
        // The line feed may follow.
        None if text.len() > from && text.last() == Some(&b'\r') => {
            Some((text.len() - 1, text.len()))
        }
        None => None,
    }
}

/// Returns where the next line begins, if a line ends here.
fn line_break(text: &[u8], at: usize) -> Option<usize> {
    match &text[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        [b'\r'] => Some(at + 1),
        _ => None,
    }
}

/// Returns the place in the text of a place in the joined lines.
fn place(lines: &[Range<usize>], mut at: usize) -> usize {
    for line in lines {
        match at.checked_sub(line.len()) {
            Some(rest) => at = rest,
            None => return line.start + at,
        }
    }
    lines.last().map_or(0, |last| last.end)
}

/// Returns how many letters stand before a place.
fn letters_before(text: &[u8], at: usize) -> usize {
    text[..at].iter().rev().take_while(|byte| is_letter(**byte)).count()
}

/// Whether this is a letter of base64, in the standard or the URL alphabet.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
