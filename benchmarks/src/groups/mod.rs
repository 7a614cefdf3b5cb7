//! The groups of measurements. Each runs in a process of its own.

mod build;
mod compile;
mod concurrency;
mod flow;
mod guard;
mod masking;
mod reads;
mod resolution;
mod start;
mod steps;
mod store;

use crate::{measure::Failure, row::Row, setup::Setup};

/// A group of measurements.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    /// Variables that it runs with.
    pub variables: &'static [(&'static str, &'static str)],
    pub run: fn(&Setup) -> Result<Vec<Row>, Failure>,
}

/// Every resolution asks the backend.
const NO_CACHE: &[(&str, &str)] = &[("SECRETS_CACHE_TTL", "0")];

/// All of them, in the table's order.
pub static ALL: &[Group] = &[
    Group { name: "resolution", variables: NO_CACHE, run: resolution::run },
    Group { name: "concurrency", variables: &[], run: concurrency::run },
    Group { name: "reads", variables: &[], run: reads::run },
    Group { name: "steps", variables: &[], run: steps::run },
    Group { name: "start", variables: &[], run: start::run },
    Group { name: "flow", variables: &[], run: flow::run },
    Group { name: "store", variables: NO_CACHE, run: store::run },
    Group { name: "masking", variables: &[], run: masking::run },
    Group { name: "guard", variables: &[], run: guard::run },
    Group { name: "compile", variables: &[], run: compile::run },
    Group { name: "build", variables: &[], run: build::run },
];

/// The group of this name.
pub fn find(name: &str) -> Option<&'static Group> {
    ALL.iter().find(|group| group.name == name)
}

pub use concurrency::many;
