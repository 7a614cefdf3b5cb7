//! Names on their way out, one after another: what is printed before it is known how many there are.

use std::{
    io::{BufWriter, Stdout, Write},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::{
    args::Format,
    failure::Failure,
    page::{json_string, plainly, print_failure},
};

/// Lines, or one list in JSON, on standard output. It holds no values, so nothing is wiped.
pub struct Feed<W: Write = BufWriter<Stdout>> {
    out: W,
    format: Format,
    is_empty: bool,
    /// When something was written that a reader has.
    flushed: Option<Instant>,
    written: std::io::Result<()>,
}

/// Nobody waits longer than this for a name that is known, and what comes faster is written in large pieces.
const PATIENCE: Duration = Duration::from_millis(20);

impl Feed {
    pub fn new(format: Format) -> Self {
        Self::to(BufWriter::new(std::io::stdout()), format)
    }
}

impl<W: Write> Feed<W> {
    fn to(out: W, format: Format) -> Self {
        Self { out, format, is_empty: true, flushed: None, written: Ok(()) }
    }

    /// Prints a name; breaks once nothing more can be written.
    pub fn push(&mut self, name: &str) -> ControlFlow<()> {
        let text = match (self.format, self.is_empty) {
            (Format::Text, _) => format!("{}\n", plainly(name)),
            // The list is opened by its first name: a command that fails before it prints nothing.
            (Format::Json, true) => format!("[{}", json_string(name)),
            (Format::Json, false) => format!(",{}", json_string(name)),
        };
        self.is_empty = false;
        self.write(&text)?;
        match self.flushed {
            Some(last) if last.elapsed() < PATIENCE => ControlFlow::Continue(()),
            _ => self.flush(),
        }
    }

    /// Gives the reader all that was printed: while the next name is waited for.
    pub fn flush(&mut self) -> ControlFlow<()> {
        self.flushed = Some(Instant::now());
        let done = self.out.flush();
        self.note(done)
    }

    /// The end of the list. One that is not ended, since something failed, is no JSON.
    pub fn end(mut self) -> Result<(), Failure> {
        let end = match (self.format, self.is_empty) {
            (Format::Text, _) => "",
            (Format::Json, true) => "[]\n",
            (Format::Json, false) => "]\n",
        };
        if self.write(end).is_continue() {
            let _ = self.flush();
        }
        self.written.map_err(print_failure)
    }

    fn write(&mut self, text: &str) -> ControlFlow<()> {
        // Whoever goes on all the same is told the first failure.
        if self.written.is_err() {
            return ControlFlow::Break(());
        }
        let done = self.out.write_all(text.as_bytes());
        self.note(done)
    }

    fn note(&mut self, done: std::io::Result<()>) -> ControlFlow<()> {
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

    /// What a reader has, and after how many writes it goes away.
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

    fn feed(reader: &Reader, format: Format) -> Feed<BufWriter<Reader>> {
        Feed::to(BufWriter::new(reader.clone()), format)
    }

    fn has(reader: &Reader) -> String {
        String::from_utf8(reader.0.borrow().clone()).unwrap()
    }

    #[test]
    fn the_first_name_and_what_is_there_while_one_is_waited_for_reach_the_reader() {
        for (format, first, both, all) in [
            (Format::Text, "a\n", "a\nb\n", "a\nb\nc\n"),
            (Format::Json, "[\"a\"", "[\"a\",\"b\"", "[\"a\",\"b\",\"c\"]\n"),
        ] {
            let reader = Reader(Rc::default(), usize::MAX);
            let mut feed = feed(&reader, format);
            assert!(feed.push("a").is_continue());
            assert_eq!(has(&reader), first);
            assert!(feed.push("b").is_continue() && feed.flush().is_continue());
            assert_eq!(has(&reader), both);
            assert!(feed.push("c").is_continue() && feed.end().is_ok());
            assert_eq!(has(&reader), all);
        }
    }

    #[test]
    fn nothing_is_pushed_to_a_reader_that_is_gone() {
        let mut feed = feed(&Reader(Rc::default(), 1), Format::Json);
        assert!(feed.push("a").is_continue());
        let _ = feed.push("b");
        assert!(feed.flush().is_break());
        assert!(feed.push("c").is_break());
        assert!(matches!(feed.end(), Err(Failure::ReaderGone)));
    }
}
