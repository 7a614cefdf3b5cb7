//! What is kept between steps: for how long, for whom, and what becomes of it.

mod circular;
mod expiry;
mod flights;
mod hanging;
mod refresh;
mod stale;
