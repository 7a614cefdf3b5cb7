use std::ops::Range;

use crate::mask::{
    dictionary::Dictionary,
    gram_filter::MIN_PATTERN,
    scan::{self, Scan},
    wiped_bytes::{self, WipedBytes},
    wrapped_base64::WrappedScan,
};

/// The text that replaces a find.
pub(super) const MASK: &[u8] = b"***";

/// A text in pieces, each of which is passed on masked. Bytes that may be the start of a find are held back.
#[derive(Default)]
pub(super) struct Stream {
    /// The bytes that are held back. Behind its end, the buffer has the bytes that were held back before.
    text: WipedBytes,
    scan: Scan,
    wrapped: WrappedScan,
    /// The places of patterns in the text.
    finds: Vec<Range<usize>>,
    /// The number of bytes of the text that have been passed on already. They may still be the start of a find.
    passed: usize,
    /// Whether the last byte that was passed on was part of a find.
    is_masked: bool,
    /// The number of values in the dictionary when the text was searched.
    version: u64,
}

/// How much of a text is passed on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FlushMode {
    /// The bytes that cannot be the start of a find.
    Open,
    /// These, and an end of fewer than four bytes.
    Flush,
    /// Everything.
    End,
    /// Everything. If the text ends inside a find, its beginning is masked, unless it is so short that it may be
    /// chance.
    Cut,
}

impl Stream {
    /// Whether bytes are held back that were not passed on.
    pub(super) fn is_holding(&self) -> bool {
        self.passed < self.text.len()
    }

    /// Adds a piece, and writes to `out` the bytes that can be passed on.
    pub(super) fn push(
        &mut self,
        (dictionary, version): (&Dictionary, u64),
        piece: &[u8],
        mode: FlushMode,
        out: &mut Vec<u8>,
    ) {
        wiped_bytes::append(&mut self.text, piece);
        if self.version != version {
            self.version = version;
            self.scan.restart();
            self.wrapped.restart();
        }
        let Self { text, scan, wrapped, finds, .. } = self;
        let mut found = |find, _| scan::push(finds, find);
        scan.advance(dictionary, text, &mut found);
        wrapped.advance(dictionary, text, &mut found);
        if mode == FlushMode::Cut {
            let start = scan.cut_start(dictionary, text);
            finds.extend(start.map(|start| start..text.len()));
            finds.extend(wrapped.cut_part(dictionary));
        }
        scan::join(finds);
        let open = scan.first_open(text.len()).min(wrapped.first_open(text.len()));
        let end = self.end(open, mode).max(self.passed);
        self.pass_on(end, out);
        let done =
            if matches!(mode, FlushMode::End | FlushMode::Cut) { end } else { open.min(end) };
        self.forget(done);
        self.passed = end - done;
    }

    /// Returns the place up to which the text is passed on.
    fn end(&self, open: usize, mode: FlushMode) -> usize {
        let length = self.text.len();
        match mode {
            FlushMode::Open => open,
            FlushMode::End | FlushMode::Cut => length,
            FlushMode::Flush => {
                // Bytes of a find are masked in any case.
                let find = self.finds.iter().find(|find| find.contains(&open));
                let end = find.map_or(open, |find| find.end);
                if length - end < MIN_PATTERN { length } else { end }
            }
        }
    }

    fn pass_on(&mut self, end: usize, out: &mut Vec<u8>) {
        let text = &self.text;
        self.is_masked = write_masked(text, self.passed..end, &self.finds, self.is_masked, out);
    }

    /// Removes this many decided bytes from the beginning.
    fn forget(&mut self, count: usize) {
        self.scan.forget(count);
        self.wrapped.forget(&self.text[..count]);
        self.text.drain(..count);
        self.finds.retain(|find| find.end > count);
        for find in &mut self.finds {
            *find = find.start.saturating_sub(count)..find.end - count;
        }
    }
}

/// Writes a part of a text without the finds, which are sorted and joined. Returns whether the last byte was part of a
/// find. If the byte before the part was in a find, a find that continues has its mask already.
pub(super) fn write_masked(
    text: &[u8],
    part: Range<usize>,
    finds: &[Range<usize>],
    mut is_masked: bool,
    out: &mut Vec<u8>,
) -> bool {
    let mut at = part.start;
    for find in finds {
        let (start, end) = (find.start.max(at), find.end.min(part.end));
        if start >= end {
            continue;
        }
        if start > at || !is_masked {
            out.extend_from_slice(&text[at..start]);
            out.extend_from_slice(MASK);
        }
        (at, is_masked) = (end, true);
    }
    if at < part.end {
        out.extend_from_slice(&text[at..part.end]);
        is_masked = false;
    }
    is_masked
}
