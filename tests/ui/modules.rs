//! The build script of the packages that compile the programs of `ui/pass` in an edition or with a feature of their own. It
//! makes them the modules of one crate, which takes seconds; a program each takes a minute.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "Cargo reads what a build script prints, and reports its panic"
)]

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let package = env::var("CARGO_MANIFEST_DIR").unwrap();
    let programs = Path::new(&package).join("../ui/pass").canonicalize().unwrap();
    println!("cargo::rerun-if-changed={}", programs.display());
    let mut modules = String::new();
    for folder in fs::read_dir(&programs).unwrap() {
        let folder = folder.unwrap();
        let topic = folder.file_name().into_string().unwrap();
        if topic == "crate" {
            // These have paths that begin at the root of a crate, lints for a whole crate, or tests of their own.
            continue;
        }
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            writeln!(modules, "#[path = {path:?}]\nmod {topic}_{name};").unwrap();
        }
    }
    assert!(!modules.is_empty());
    let output = env::var("OUT_DIR").unwrap();
    fs::write(Path::new(&output).join("programs.rs"), modules).unwrap();
}
