//! A list of names that is printed while it is still being read.

use std::{
    io::{BufWriter, Stdout, Write},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    output::{
        escape::{escape_controls, json_string},
        format::OutputFormat,
        wiped_output::print_failure,
    },
};

/// Prints names to standard output, one per line or as one JSON array. Names are not secret: nothing is wiped.
pub struct ListOutput<W: Write = BufWriter<Stdout>> {
    out: W,
    format: OutputFormat,
    is_empty: bool,
    /// When the last name reached the reader.
    flushed: Option<Instant>,
    written: std::io::Result<()>,
}

/// How long a known name may wait in the buffer. Names that arrive faster are written together.
const FLUSH_INTERVAL: Duration = Duration::from_millis(20);

impl ListOutput {
    pub fn new(format: OutputFormat) -> Self {
        Self::to(BufWriter::new(std::io::stdout()), format)
    }
}

impl<W: Write> ListOutput<W> {
    fn to(out: W, format: OutputFormat) -> Self {
        Self { out, format, is_empty: true, flushed: None, written: Ok(()) }
    }

    /// Prints a name. Breaks if standard output cannot be written.
    pub fn push(&mut self, name: &str) -> ControlFlow<()> {
        let text = match (self.format, self.is_empty) {
            (OutputFormat::Text, _) => format!("{}\n", escape_controls(name)),
            // The array is opened by its first name, so that a command that fails before it prints nothing.
            (OutputFormat::Json, true) => format!("[{}", json_string(name)),
            (OutputFormat::Json, false) => format!(",{}", json_string(name)),
        };
        self.is_empty = false;
        self.write(&text)?;
        match self.flushed {
            Some(last) if last.elapsed() < FLUSH_INTERVAL => ControlFlow::Continue(()),
            _ => self.flush(),
        }
    }

    /// Writes out everything that was pushed; called while the next name is not known yet.
    pub fn flush(&mut self) -> ControlFlow<()> {
        self.flushed = Some(Instant::now());
        let done = self.out.flush();
        self.record(done)
    }

    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Ends the list. Without it, as after a failure, the output is not valid JSON.
    pub fn finish(mut self) -> Result<(), Failure> {
        let end = match (self.format, self.is_empty) {
            (OutputFormat::Text, _) => "",
            (OutputFormat::Json, true) => "[]\n",
            (OutputFormat::Json, false) => "]\n",
        };
        if self.write(end).is_continue() {
            let _ = self.flush();
        }
        self.written.map_err(print_failure)
    }

    fn write(&mut self, text: &str) -> ControlFlow<()> {
        // The first failure is the one to report.
        if self.written.is_err() {
            return ControlFlow::Break(());
        }
        let done = self.out.write_all(text.as_bytes());
        self.record(done)
    }

    fn record(&mut self, done: std::io::Result<()>) -> ControlFlow<()> {
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.written = Err(error);
                ControlFlow::Break(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, io, rc::Rc};

    use super::*;

    /// What a reader received, and after how many writes it closes the pipe.
    #[derive(Clone, Default)]
    struct Reader(Rc<RefCell<Vec<u8>>>, usize);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn list(reader: &Reader, format: OutputFormat) -> ListOutput<BufWriter<Reader>> {
        ListOutput::to(BufWriter::new(reader.clone()), format)
    }

    fn received(reader: &Reader) -> String {
        String::from_utf8(reader.0.borrow().clone()).unwrap()
    }

    #[test]
    fn names_reach_the_reader_at_once_and_on_a_flush() {
        for (format, first, both, all) in [
            (OutputFormat::Text, "a\n", "a\nb\n", "a\nb\nc\n"),
            (OutputFormat::Json, "[\"a\"", "[\"a\",\"b\"", "[\"a\",\"b\",\"c\"]\n"),
        ] {
            let reader = Reader(Rc::default(), usize::MAX);
            let mut list = list(&reader, format);
            assert!(list.push("a").is_continue());
            assert_eq!(received(&reader), first);
            assert!(list.push("b").is_continue() && list.flush().is_continue());
            assert_eq!(received(&reader), both);
            assert!(list.push("c").is_continue() && list.finish().is_ok());
            assert_eq!(received(&reader), all);
        }
    }

    #[test]
    fn nothing_is_written_to_a_reader_that_closed_the_pipe() {
        let mut list = list(&Reader(Rc::default(), 1), OutputFormat::Json);
        assert!(list.push("a").is_continue());
        let _ = list.push("b");
        assert!(list.flush().is_break());
        assert!(list.push("c").is_break());
        assert!(matches!(list.finish(), Err(Failure::BrokenPipe)));
    }
}
