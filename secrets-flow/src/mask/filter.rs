//! The process that masks the output of a step.

use std::{
    fs::File,
    io::{self, IoSliceMut, Write},
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    process::ExitCode,
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
};
use secrets_runtime::{
    mask::{Masker, MaskingWriter},
    process::no_core_dumps,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
};
use zeroize::Zeroizing;

use crate::mask::frames::Frames;

/// The name under which the program starts itself to mask an output.
pub const NAME: &str = "secrets-flow-mask";

/// Two outputs, each with its source.
pub const MAX_FDS: usize = 4;

/// The most that is read from an output after the end of the step: more than a pipe holds. The rest is that of a process
/// which the step has left, and which may never stop to write.
const MAX_AFTER_END: usize = 1 << 20;

/// After so many milliseconds without output, what may be the start of a secret is passed on if it is short, so that a
/// prompt is seen.
const QUIET: i64 = 50;

/// Masks an output to its end, if this process was started for that.
pub fn run_if_started() -> Option<ExitCode> {
    if std::env::args_os().next()? != NAME {
        return None;
    }
    // A core dump would have the values. The system refuses it to no process.
    let _ = no_core_dumps();
    // The end of the step is the end of this process. A signal to both leaves the step's last words to be written.
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        let _ = flag::register(signal, Arc::default());
    }
    Some(match filter() {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to whom it could be reported; the step sees that its outputs are closed.
        Err(_) => ExitCode::FAILURE,
    })
}

fn filter() -> io::Result<()> {
    let control = rustix::io::dup(io::stdin())?;
    let mut fds = receive(&control)?.into_iter();
    let masker = Masker::new();
    let mut streams = Vec::new();
    while let (Some(source), Some(target)) = (fds.next(), fds.next()) {
        streams.push(Stream { source, writer: masker.writer(File::from(target)) });
    }
    let mut values = Values { control, frames: Frames::default(), masker, is_open: true };
    while values.is_open && !streams.is_empty() {
        let is_quiet = values.wait(&streams, QUIET)?;
        streams.retain_mut(|stream| stream.pass_on(is_quiet, &mut values));
    }
    // The step has ended, or has closed its outputs. What it has written before is in the pipes; what a process that it
    // has left writes later is not waited for.
    for mut stream in streams {
        let mut left = MAX_AFTER_END;
        while left > 0 && is_readable(&stream.source, 0)? {
            let Some(count) = stream.pass_on_chunk(&mut values) else { break };
            left = left.saturating_sub(count);
        }
        // Its end is what could be the start of a secret.
        let _ = stream.writer.finish_cut();
    }
    Ok(())
}

/// An output of the step.
struct Stream {
    source: OwnedFd,
    writer: MaskingWriter<File>,
}

impl Stream {
    /// Passes on what is there, and returns whether there may be more.
    fn pass_on(&mut self, is_quiet: bool, values: &mut Values) -> bool {
        match is_readable(&self.source, 0) {
            Ok(true) => self.pass_on_chunk(values).is_some(),
            Ok(false) => !is_quiet || self.writer.flush().is_ok(),
            Err(_) => false,
        }
    }

    /// Passes on one piece, and returns its length, or `None` if it was the last one.
    fn pass_on_chunk(&mut self, values: &mut Values) -> Option<usize> {
        let mut chunk = Zeroizing::new([0; 1 << 16]);
        loop {
            return match read(&self.source, chunk.as_mut_slice()) {
                Ok(0) => None,
                Ok(count) => {
                    // The step has sent a value before it could write it.
                    values.receive_all();
                    self.writer.write_all(&chunk[..count]).ok().map(|()| count)
                }
                Err(Errno::INTR) => continue,
                Err(_) => None,
            };
        }
    }
}

/// The values that the step sends.
struct Values {
    control: OwnedFd,
    frames: Frames,
    masker: Masker,
    /// Whether the step runs. Its end closes the stream.
    is_open: bool,
}

impl Values {
    /// Waits until there is something to read, or for this many milliseconds. Returns whether there was nothing.
    fn wait(&mut self, streams: &[Stream], milliseconds: i64) -> io::Result<bool> {
        let sources = streams.iter().map(|stream| stream.source.as_fd());
        let fds = sources.chain([self.control.as_fd()]);
        let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let count = match poll(&mut fds, Some(&timeout(milliseconds))) {
            Ok(count) => count,
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let is_ready = fds.last().is_some_and(|control| !control.revents().is_empty());
        drop(fds);
        if is_ready {
            self.receive_all();
        }
        Ok(count == 0)
    }

    /// Receives all values that have been sent.
    fn receive_all(&mut self) {
        let mut bytes = Zeroizing::new([0; 1 << 14]);
        // The rest of a value is on its way.
        while self.is_open
            && (self.frames.is_partial() || is_readable(&self.control, 0) == Ok(true))
        {
            match read(&self.control, bytes.as_mut_slice()) {
                Ok(0) => self.is_open = false,
                Ok(count) => {
                    for value in self.frames.add(&bytes[..count]) {
                        self.masker.add(&value);
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => self.is_open = false,
            }
        }
    }
}

fn is_readable(fd: impl AsFd, milliseconds: i64) -> Result<bool, Errno> {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    match poll(&mut fds, Some(&timeout(milliseconds))) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error),
    }
}

fn timeout(milliseconds: i64) -> Timespec {
    Timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 }
}

/// Receives the outputs and their sources.
fn receive(control: &OwnedFd) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    recvmsg(control, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, flags)?;
    let mut fds = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    Ok(fds)
}
