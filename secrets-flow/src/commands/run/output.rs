//! The output of a step: each line after the step's name.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
    sync::{Mutex, PoisonError},
};

use secrets_runtime::__flow::WARNING_START;

use crate::commands::run::progress::Progress;

/// A line that is longer is passed on in parts.
const MAX_LINE: usize = 1 << 16;

/// Where an output goes.
#[derive(Debug, Clone, Copy)]
pub enum OutputTarget {
    Output,
    Errors,
}

/// The warnings of the library that a run has printed. Each process prints one of them once, so without this every step
/// would repeat those about the secrets and settings that the steps share.
#[derive(Debug, Default)]
pub struct PrintedWarnings(Mutex<BTreeSet<Vec<u8>>>);

/// Passes an output on, to its end.
pub fn pass_on(
    mut source: impl Read,
    step: &str,
    target: OutputTarget,
    progress: &Progress,
    warnings: &PrintedWarnings,
) {
    let mut lines = Lines::new(step, warnings);
    let mut chunk = vec![0; MAX_LINE];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => write(&lines.add(&chunk[..count]), target, progress),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    write(&lines.finish(), target, progress);
}

fn write(bytes: &[u8], target: OutputTarget, progress: &Progress) {
    if bytes.is_empty() {
        return;
    }
    // The steps go on if nobody reads their output any more, or the terminal is gone.
    progress.around(|| match target {
        OutputTarget::Output => {
            let mut output = io::stdout().lock();
            let _ = output.write_all(bytes).and_then(|()| output.flush());
        }
        OutputTarget::Errors => drop(io::stderr().lock().write_all(bytes)),
    });
}

/// Puts a prefix before each line, and leaves out the warnings that another process has printed.
struct Lines<'a> {
    prefix: String,
    /// A line without its end.
    rest: Vec<u8>,
    warnings: &'a PrintedWarnings,
    /// Those that this process was the first to print. It decides itself how often.
    own_warnings: BTreeSet<Vec<u8>>,
}

impl<'a> Lines<'a> {
    fn new(step: &str, warnings: &'a PrintedWarnings) -> Self {
        let (rest, own_warnings) = (Vec::new(), BTreeSet::new());
        Self { prefix: format!("{step} | "), rest, warnings, own_warnings }
    }

    /// Adds bytes, and returns the lines that are complete.
    fn add(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut complete = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.rest.len() >= MAX_LINE {
                complete.append(&mut self.finish());
            }
        }
        complete
    }

    /// Returns the line that has no end, with one.
    fn finish(&mut self) -> Vec<u8> {
        if self.rest.is_empty() || self.is_repeated_warning() {
            self.rest.clear();
            return Vec::new();
        }
        let mut line = self.prefix.clone().into_bytes();
        line.append(&mut self.rest);
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        line
    }

    fn is_repeated_warning(&mut self) -> bool {
        if !self.rest.starts_with(WARNING_START.as_bytes())
            || self.own_warnings.contains(&self.rest)
        {
            return false;
        }
        let mut printed = self.warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = printed.insert(self.rest.clone());
        if is_new {
            self.own_warnings.insert(self.rest.clone());
        }
        !is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_the_prefix_however_it_is_cut() {
        let text = b"one\n\ntwo \xff\nthree";
        for size in 1..text.len() {
            let warnings = PrintedWarnings::default();
            let mut lines = Lines::new("load", &warnings);
            let mut all: Vec<u8> = text.chunks(size).flat_map(|piece| lines.add(piece)).collect();
            all.extend(lines.finish());
            assert_eq!(all, b"load | one\nload | \nload | two \xff\nload | three\n", "{size}");
        }
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let warnings = PrintedWarnings::default();
        let mut lines = Lines::new("a", &warnings);
        for _ in 0..100 {
            lines.add(&[b'x'; 10_000]);
            assert!(lines.rest.len() < MAX_LINE);
        }
    }

    #[test]
    fn a_warning_of_several_processes_is_printed_once() {
        let warnings = PrintedWarnings::default();
        let (mut a, mut b) = (Lines::new("a", &warnings), Lines::new("b", &warnings));
        let warning = format!("{WARNING_START}it is odd\n").into_bytes();
        let of_a = [b"a | ".as_slice(), &warning].concat();
        assert_eq!(a.add(&warning), of_a);
        assert_eq!(b.add(&warning), b"");
        assert_eq!(a.add(&warning), of_a, "a process decides itself how often it warns");
        let other = format!("{WARNING_START}it is odd too").into_bytes();
        assert_eq!(b.add(&other), b"");
        assert_eq!(b.finish(), [b"b | ".as_slice(), &other, b"\n"].concat());
        for lines in [&mut a, &mut b] {
            assert!(lines.add(b"it is odd\n").ends_with(b" | it is odd\n"));
        }
    }
}
