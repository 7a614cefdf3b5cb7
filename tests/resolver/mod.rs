//! From a declaration to a context: what a resolver asks its backends, and how it treats their answers.

mod backend_parts;
mod hostile_backends;
mod hostile_input;
mod misordered_answers;
mod omitted_answers;
mod provenance;
mod replaced_backends;
mod rotating;
mod tokio_backends;
mod user_backends;
mod written_names;
