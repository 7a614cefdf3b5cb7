use std::{
    io::{self, Write},
    os::fd::OwnedFd,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
};
use secrets_runtime::mask::MaskingWriter;

/// After so long without output, what is held back is flushed: it may be a prompt.
const FLUSH_AFTER: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The most that is read after the program has ended: more than a pipe holds. The rest is that of a program which it
/// has started and which still runs.
const MAX_AFTER_END: usize = 1 << 20;

/// Passes output on, masked, until it ends, or until there is nothing to read and `end` is closed. The caller finishes the
/// writer.
pub fn pump<W: Write>(
    source: &OwnedFd,
    writer: &mut MaskingWriter<W>,
    end: Option<&OwnedFd>,
) -> io::Result<()> {
    let mut buffer = zeroize::Zeroizing::new(vec![0; 64 * 1024]);
    let mut is_flushed = true;
    let mut left = None;
    loop {
        let mut watched = vec![PollFd::new(source, PollFlags::IN)];
        watched.extend(end.filter(|_| left.is_none()).map(|end| PollFd::new(end, PollFlags::IN)));
        let timeout = match left {
            Some(_) => Some(Timespec { tv_sec: 0, tv_nsec: 0 }),
            None => (!is_flushed && writer.is_holding()).then_some(FLUSH_AFTER),
        };
        match poll(&mut watched, timeout.as_ref()) {
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) if left.is_some() => return Ok(()),
            Ok(0) => {
                writer.flush()?;
                is_flushed = true;
                continue;
            }
            Ok(_) => {}
        }
        let has_ended = watched.get(1).is_some_and(|end| !end.revents().is_empty());
        let is_ready = !watched[0].revents().is_empty();
        if has_ended {
            left = Some(MAX_AFTER_END);
        }
        if !is_ready {
            continue;
        }
        let count = match read(source, buffer.as_mut_slice()) {
            Err(Errno::INTR | Errno::AGAIN) => continue,
            // A pseudo-terminal reports its end in this way.
            Ok(0) | Err(Errno::IO) => return Ok(()),
            Err(error) => return Err(error.into()),
            Ok(count) => count,
        };
        writer.write_all(&buffer[..count])?;
        is_flushed = false;
        if let Some(left) = &mut left {
            *left = left.saturating_sub(count);
            if *left == 0 {
                return Ok(());
            }
        }
    }
}
