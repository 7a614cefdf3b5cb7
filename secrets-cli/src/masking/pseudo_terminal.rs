use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    },
};

use rustix::{
    fs::OFlags,
    io::{FdFlags, fcntl_setfd},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, Winsize, tcsetattr, tcsetwinsize},
};

use crate::masking::outer_terminal::OuterTerminal;

/// A pseudo-terminal: the side of this command. The program is on the other.
pub struct PseudoTerminal {
    side: OwnedFd,
}

impl PseudoTerminal {
    /// Opens a pseudo-terminal with the size and the modes of another. Returns it and the side of the program.
    pub fn like(outer: &OuterTerminal) -> io::Result<(Self, File)> {
        let side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        fcntl_setfd(&side, FdFlags::CLOEXEC)?;
        grantpt(&side)?;
        unlockpt(&side)?;
        let name = ptsname(&side, Vec::new())?;
        let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or(0);
        let mut options = File::options();
        let program = options
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(OsStr::from_bytes(name.as_bytes()))?;
        tcsetattr(&program, OptionalActions::Now, &outer.inner_modes()?)?;
        let terminal = Self { side };
        terminal.resize(outer.size()?);
        Ok((terminal, program))
    }

    /// Sets the size, which the program is told by a signal.
    pub fn resize(&self, size: Winsize) {
        let _ = tcsetwinsize(&self.side, size);
    }

    /// Returns this command's side: what the program writes is read from it, and what is written to it, the program
    /// reads.
    pub fn side(&self) -> io::Result<OwnedFd> {
        self.side.try_clone()
    }
}
