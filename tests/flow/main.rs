//! The program of a flow: what it runs, what it shows, and what it writes down.
#![cfg(unix)]

mod kubectl;
mod manifest;
mod masking;
mod oracles;
mod refusals;
mod runs;
mod sandbox;
mod shown;
mod steps;
