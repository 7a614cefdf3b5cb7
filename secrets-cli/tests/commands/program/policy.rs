//! `policy`.
