//! References to secrets in configurations, and the settings of the library itself.

mod readme_table;
mod references;
