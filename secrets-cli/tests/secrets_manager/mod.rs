//! The tests with AWS Secrets Manager.

mod aws_sandbox;
mod doctor;
mod lifecycle;
mod policies;
