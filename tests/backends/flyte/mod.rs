//! Secrets as Flyte and Union mount them, each in a process that has what a container would have.

mod chain;
mod container;
mod flytekit;
mod lookup_order;
mod platforms;
mod recorded;
mod sources;
