//! From a declaration to a context: what a resolver asks of its backends, and what it makes of the answers.

mod hostile_backends;
mod hostile_input;
mod user_backends;
