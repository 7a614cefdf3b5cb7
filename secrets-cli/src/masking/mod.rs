//! `run --mask`: a program whose output is masked, on pipes or on a pseudo-terminal.
//!
//! A program on a pseudo-terminal has a [`monitor`] above it: this command again, as the leader of the terminal's
//! session. Without it, Ctrl-Z would have no effect on the program.

mod child_events;
mod job;
mod keyboard;
pub mod monitor;
mod outer_terminal;
pub mod program;
mod pseudo_terminal;
pub mod pump;
