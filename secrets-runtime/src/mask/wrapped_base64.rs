//! Base64 that is wrapped, as the command `base64` writes it: the lines are searched as one text.

use std::ops::Range;

use crate::mask::{
    dictionary::Dictionary,
    long_pattern::PatternId,
    scan::Scan,
    wiped_bytes::{self, WipedBytes},
};

/// The least letters of a wrapped line.
const MIN_LINE: usize = 64;

/// How far the wrapped lines of a text have been searched. The text may become longer between two calls.
#[derive(Default)]
pub(super) struct WrappedScan {
    /// The place up to which the text has been read.
    read: usize,
    /// The number of letters of base64 before the text, counted up to the least letters of a line.
    run: usize,
    block: Option<Block>,
}

/// Lines that may be a wrapped text. All but the last have the letters of a wrapped line.
#[derive(Default)]
struct Block {
    lines: JoinedLines,
    /// The number of letters of the last line so far.
    letters: usize,
    scan: Scan,
}

/// The letters of lines as one text.
#[derive(Default)]
struct JoinedLines {
    letters: WipedBytes,
    /// The beginning of each line: in the letters, and in the text.
    starts: Vec<(usize, usize)>,
}

impl WrappedScan {
    /// Searches the new part of the text. Calls `found` with each pattern and its place.
    pub(super) fn advance(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        loop {
            if let Some(block) = &mut self.block {
                let has_ended = block.read(text, &mut self.read);
                block.search(dictionary, found);
                if !has_ended {
                    return;
                }
                self.block = None;
            }
            let Some(end) = line_end(text, self.read) else {
                self.read = text.len();
                return;
            };
            let letters = letters_before(text, end);
            let run = if letters == end { self.run } else { 0 };
            self.read = end;
            if letters + run >= MIN_LINE {
                let mut block = Block { letters: letters + run, ..Block::default() };
                block.lines.push(text, end - letters..end);
                self.block = Some(block);
            } else if let Some(next) = line_break(text, end) {
                self.read = next;
            } else {
                return;
            }
        }
    }

    /// Returns the first place at which a pattern may be once the text of this length continues.
    pub(super) fn first_open(&self, length: usize) -> usize {
        self.block.as_ref().and_then(Block::first_open).unwrap_or(length)
    }

    /// Returns the place of the letters of the pattern inside which the text ends, if there is one.
    pub(super) fn cut_part(&self, dictionary: &Dictionary) -> Option<Range<usize>> {
        let Block { lines, scan, .. } = self.block.as_ref()?;
        let start = scan.cut_start(dictionary, &lines.letters)?;
        Some(lines.place(start)..lines.place(lines.letters.len() - 1) + 1)
    }

    /// Decides everything again, since the dictionary has other patterns now.
    pub(super) fn restart(&mut self) {
        *self = Self { run: self.run, ..Self::default() };
    }

    /// Prepares for the removal of this beginning of the text.
    pub(super) fn forget(&mut self, beginning: &[u8]) {
        let count = beginning.len();
        self.run = run_at_end(beginning, self.run);
        if count > self.read {
            // A line break, before which nothing is open.
            (self.read, self.block) = (0, None);
            return;
        }
        self.read -= count;
        if let Some(block) = &mut self.block {
            block.scan.forget(block.lines.forget(count));
        }
    }
}

impl Block {
    /// Reads the new part. Returns whether the block has ended.
    fn read(&mut self, text: &[u8], read: &mut usize) -> bool {
        loop {
            let rest = &text[*read..];
            let count = rest.iter().take_while(|byte| is_letter(**byte)).count();
            if count > 0 {
                self.lines.push(text, *read..*read + count);
                self.letters += count;
                *read += count;
            }
            match line_break(text, *read) {
                Some(next) if self.letters >= MIN_LINE => (*read, self.letters) = (next, 0),
                // The text ends here, or may continue with a line feed.
                None if matches!(&text[*read..], [] | [b'\r']) => return false,
                _ => return true,
            }
        }
    }

    fn search(&mut self, dictionary: &Dictionary, found: &mut impl FnMut(Range<usize>, PatternId)) {
        let Self { lines, scan, .. } = self;
        scan.advance(dictionary, &lines.letters, &mut |find: Range<usize>, id| {
            found(lines.place(find.start)..lines.place(find.end - 1) + 1, id);
        });
    }

    fn first_open(&self) -> Option<usize> {
        let length = self.lines.letters.len();
        let open = self.scan.first_open(length);
        (open < length).then(|| self.lines.place(open))
    }
}

impl JoinedLines {
    /// Appends a part of the text: a line, or its next part.
    fn push(&mut self, text: &[u8], part: Range<usize>) {
        let goes_on = self
            .starts
            .last()
            .is_some_and(|(start, place)| place + (self.letters.len() - start) == part.start);
        if !goes_on {
            self.starts.push((self.letters.len(), part.start));
        }
        wiped_bytes::append(&mut self.letters, &text[part]);
    }

    /// Returns the place in the text of one of the letters.
    fn place(&self, letter: usize) -> usize {
        let after = self.starts.partition_point(|(start, _)| *start <= letter);
        let (start, place) = self.starts[after - 1];
        place + (letter - start)
    }

    /// Removes this many bytes from the beginning of the text. Returns the number of letters among them.
    fn forget(&mut self, count: usize) -> usize {
        if count == 0 {
            return 0;
        }
        let after = self.starts.partition_point(|(_, place)| *place <= count);
        let lost = match after.checked_sub(1).map(|last| self.starts[last]) {
            None => 0,
            Some((start, place)) => {
                let end = self.starts.get(after).map_or(self.letters.len(), |(start, _)| *start);
                (start + (count - place)).min(end)
            }
        };
        // The line of the first remaining letter begins at the place of its letters.
        self.starts.drain(..after.saturating_sub(1));
        self.letters.drain(..lost);
        for (start, place) in &mut self.starts {
            *place = (*place).max(count) - count;
            *start = start.saturating_sub(lost);
        }
        if self.starts.len() > 1 && self.starts[1].0 == 0 {
            self.starts.remove(0);
        }
        lost
    }
}

/// Returns the number of letters at the end of the text, if `run` letters are before it, counted only as far as
/// needed.
fn run_at_end(text: &[u8], run: usize) -> usize {
    let tail = &text[text.len().saturating_sub(MIN_LINE)..];
    let letters = letters_before(tail, tail.len());
    if letters == text.len() { letters + run } else { letters }.min(MIN_LINE)
}

/// Returns the next end of a line. A carriage return at the end of the text is one: the line feed may follow.
fn line_end(text: &[u8], from: usize) -> Option<usize> {
    match memchr::memchr(b'\n', &text[from..]) {
        Some(at) => {
            let at = from + at;
            let has_return = at > from && text[at - 1] == b'\r';
            Some(at - usize::from(has_return))
        }
        None if text.len() > from && text.last() == Some(&b'\r') => Some(text.len() - 1),
        None => None,
    }
}

/// Returns the beginning of the next line, if a line ends here.
fn line_break(text: &[u8], at: usize) -> Option<usize> {
    match &text[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    }
}

/// Returns the number of letters before a place.
fn letters_before(text: &[u8], at: usize) -> usize {
    text[..at].iter().rev().take_while(|byte| is_letter(**byte)).count()
}

/// Whether this is a letter of base64, in the standard or the URL alphabet.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
