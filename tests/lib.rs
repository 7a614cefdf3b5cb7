//! The integration tests: see the programs beside this file.
