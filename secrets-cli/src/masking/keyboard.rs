//! Passes on what is typed.

use std::{
    fs::File,
    io::Write,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read},
    process::{Signal, getpgrp, getpid, kill_process},
    termios::tcgetpgrp,
};

/// How long to wait before looking again whether this command has the terminal.
const PAUSE: Duration = Duration::from_millis(20);

/// Passes on what is typed to a pseudo-terminal while `is_taken`, until one of the two ends. The thread ends with the
/// process.
///
/// What is typed before stays in the terminal: a line that is read in the terminal's own modes would be echoed twice.
pub fn pass_on(to: OwnedFd, is_taken: Arc<AtomicBool>) {
    thread::spawn(move || {
        let (keyboard, mut to) = (std::io::stdin(), File::from(to));
        let mut typed = zeroize::Zeroizing::new([0; 4096]);
        loop {
            let mut watched = [PollFd::new(&keyboard, PollFlags::IN)];
            match poll(&mut watched, None) {
                Err(Errno::INTR) => continue,
                Err(_) => return,
                Ok(_) => {}
            }
            let has_ended = watched[0].revents().contains(PollFlags::HUP);
            if !has_ended && !is_taken.load(Ordering::SeqCst) {
                // In the background, reading would stop this command, and the keys are for another.
                if tcgetpgrp(&keyboard).is_ok_and(|group| group == getpgrp()) {
                    // A shell that brings a running job to the foreground sends no signal. At this one the
                    // terminal is taken.
                    let _ = kill_process(getpid(), Signal::WINCH);
                }
                thread::sleep(PAUSE);
                continue;
            }
            match read(&keyboard, typed.as_mut_slice()) {
                Ok(0) => return,
                Ok(count) => {
                    if to.write_all(&typed[..count]).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return,
            }
        }
    });
}
