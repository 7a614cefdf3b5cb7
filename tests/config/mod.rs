//! References to secrets in configurations, and the settings of the library itself.

mod guide;
mod readme_table;
mod references;
