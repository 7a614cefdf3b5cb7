//! Passes on what is typed.

use std::{fs::File, io::Write, os::fd::OwnedFd, thread, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read},
    process::getpgrp,
    termios::tcgetpgrp,
};

/// Passes on what is typed to a pseudo-terminal, until one of the two ends. The thread ends with the process.
pub fn pass_on(to: OwnedFd) {
    thread::spawn(move || {
        let (keyboard, mut to) = (std::io::stdin(), File::from(to));
        let mut typed = zeroize::Zeroizing::new([0; 4096]);
        loop {
            if poll(&mut [PollFd::new(&keyboard, PollFlags::IN)], None)
                .is_err_and(|e| e != Errno::INTR)
            {
                return;
            }
            // In the background, reading would stop this command, and the keys are for another.
            if tcgetpgrp(&keyboard).is_ok_and(|group| group != getpgrp()) {
                thread::sleep(Duration::from_millis(100));
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
