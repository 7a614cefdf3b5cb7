use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    process::getpgrp,
    termios::{
        OptionalActions, OutputModes, Termios, Winsize, isatty, tcgetattr, tcgetpgrp, tcgetwinsize,
        tcsetattr,
    },
};

/// The terminal of the person, on which this command runs.
pub struct OuterTerminal {
    terminal: OwnedFd,
    /// Whether the program reads from it. Then it passes on every key, and the pseudo-terminal has its modes.
    is_input: bool,
    /// The modes to set back.
    before: Option<Termios>,
    is_taken: Arc<AtomicBool>,
}

impl OuterTerminal {
    /// Opens the terminal, if standard output or standard error is one.
    pub fn open() -> io::Result<Option<Self>> {
        let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
        let is_input = isatty(&input);
        let terminal = match (isatty(&output), isatty(&errors)) {
            (false, false) => return Ok(None),
            _ if is_input => input.as_fd(),
            (true, _) => output.as_fd(),
            (false, true) => errors.as_fd(),
        };
        // It is closed in the program, which could write to it past the mask.
        let terminal = terminal.try_clone_to_owned()?;
        Ok(Some(Self { terminal, is_input, before: None, is_taken: Arc::default() }))
    }

    pub fn is_input(&self) -> bool {
        self.is_input
    }

    /// Returns whether this command has the keys, from now on: between [`take`](Self::take) and
    /// [`give_back`](Self::give_back).
    pub fn is_taken(&self) -> Arc<AtomicBool> {
        self.is_taken.clone()
    }

    pub fn size(&self) -> io::Result<Winsize> {
        Ok(tcgetwinsize(&self.terminal)?)
    }

    /// Returns the modes for the pseudo-terminal. Where this one ends lines itself, the other does not.
    pub fn inner_modes(&self) -> io::Result<Termios> {
        let mut modes = tcgetattr(&self.terminal)?;
        if !self.is_input || !self.is_in_foreground() {
            modes.output_modes -= OutputModes::OPOST;
        }
        Ok(modes)
    }

    /// Returns whether what a person types is for this command.
    pub fn is_in_foreground(&self) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|group| group == getpgrp())
    }

    /// Passes every key on, if the program reads from the terminal and this command is in the foreground.
    pub fn take(&mut self) {
        if !self.is_input || self.before.is_some() || !self.is_in_foreground() {
            return;
        }
        let Ok(before) = tcgetattr(&self.terminal) else { return };
        let mut raw = before.clone();
        raw.make_raw();
        if tcsetattr(&self.terminal, OptionalActions::Now, &raw).is_ok() {
            self.before = Some(before);
            self.is_taken.store(true, Ordering::SeqCst);
        }
    }

    /// Sets the modes back.
    pub fn give_back(&mut self) {
        self.is_taken.store(false, Ordering::SeqCst);
        if let Some(before) = self.before.take()
            && self.is_in_foreground()
        {
            let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &before);
        }
    }
}

impl Drop for OuterTerminal {
    fn drop(&mut self) {
        self.give_back();
    }
}
