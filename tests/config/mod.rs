//! References to secrets in configurations, and the settings of the library itself.

mod comparison_table;
mod guide;
mod readme_table;
mod references;
