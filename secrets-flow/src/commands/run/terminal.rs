use std::{
    io::{self, Write},
    mem,
    sync::{Mutex, PoisonError},
};

use indicatif::TermLike;
use rustix::termios::tcgetwinsize;

/// Standard error as a terminal. What is written to it is lost when it is gone: an error would make indicatif panic, and
/// the steps would go on without this process.
#[derive(Debug, Default)]
pub struct Terminal {
    /// What was written since the last flush.
    written: Mutex<String>,
}

impl Terminal {
    fn add(&self, text: &str) -> io::Result<()> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }

    fn move_cursor(&self, count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.add(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        tcgetwinsize(io::stderr()).ok().map(|size| size.ws_col).filter(|it| *it > 0).unwrap_or(80)
    }

    fn height(&self) -> u16 {
        tcgetwinsize(io::stderr()).ok().map(|size| size.ws_row).filter(|it| *it > 0).unwrap_or(24)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(text)?;
        self.add("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let written = mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = io::stderr().lock().write_all(written.as_bytes());
        Ok(())
    }
}
