//! The output of a step: each line after the step's name.

use std::io::{self, Read, Write};

use crate::commands::run::progress::Progress;

/// A line that is longer is passed on in parts.
const MAX_LINE: usize = 1 << 16;

/// Where an output goes.
#[derive(Debug, Clone, Copy)]
pub enum OutputTarget {
    Output,
    Errors,
}

/// Passes an output on, to its end.
pub fn pass_on(mut source: impl Read, step: &str, target: OutputTarget, progress: &Progress) {
    let mut lines = Lines { prefix: format!("{step} | "), rest: Vec::new() };
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

/// Puts a prefix before each line.
struct Lines {
    prefix: String,
    /// A line without its end.
    rest: Vec<u8>,
}

impl Lines {
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
        if self.rest.is_empty() {
            return Vec::new();
        }
        let mut line = self.prefix.clone().into_bytes();
        line.append(&mut self.rest);
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_the_prefix_however_it_is_cut() {
        let text = b"one\n\ntwo \xff\nthree";
        for size in 1..text.len() {
            let mut lines = Lines { prefix: "load | ".to_owned(), rest: Vec::new() };
            let mut all: Vec<u8> = text.chunks(size).flat_map(|piece| lines.add(piece)).collect();
            all.extend(lines.finish());
            assert_eq!(all, b"load | one\nload | \nload | two \xff\nload | three\n", "{size}");
        }
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let mut lines = Lines { prefix: "a | ".to_owned(), rest: Vec::new() };
        for _ in 0..100 {
            lines.add(&[b'x'; 10_000]);
            assert!(lines.rest.len() < MAX_LINE);
        }
    }
}
