//! Values that serve later steps: how long, which steps, and what ends them.

mod circular_wait;
mod expiry;
mod hanging;
mod lease_ends;
mod leases;
mod refresh;
mod shutdown;
mod single_flight;
mod stale;
mod value_ends;
