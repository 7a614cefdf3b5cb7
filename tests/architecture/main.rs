//! The source tree, held to the law of ARCHITECTURE.md.
//!
//! A rule is a function that gives the flaws it finds, in words; here each is run on the tree itself, and
//! beside each are small bad inputs that it must find. Where a rule has exceptions they are a table beside
//! it, with the reason.

mod crates;
mod imports;
mod layers;
mod manifest;
mod scan;
mod text;
mod tree;

use std::path::{Path, PathBuf};

use crates::Member;
use imports::Crate;

/// Where the workspace is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

/// The module trees of every library and program, with the name under which flaws are told.
fn module_trees() -> Vec<Crate> {
    let members = crates::read(&root());
    let roots =
        members.iter().flat_map(|member| member.roots.iter().map(move |file| (member, file)));
    // In a program or a test the package's name means its library, another crate.
    let name = |package: &str, file: &Path| match file.ends_with("src/lib.rs") {
        true => package.replace('-', "_"),
        false => format!("{package}, {}", file.display()),
    };
    roots.map(|(member, file)| Crate::read(&name(&member.name, file), file)).collect()
}

#[track_caller]
fn none(flaws: Vec<String>) {
    assert!(flaws.is_empty(), "\n{}\n", flaws.join("\n"));
}

#[test]
fn crates_depend_downwards_only() {
    none(crates::direction(&crates::read(&root())));
}

#[test]
fn every_crate_states_its_licence_and_the_minimum_rust() {
    none(crates::facts(&crates::read(&root())));
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn every_crate_forbids_unsafe_and_asks_for_documentation() {
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("a manifest can be read");
    let members = crates::read(&root());
    let manifest = |member: &Member| {
        (member.folder.clone(), read(root().join(&member.folder).join("Cargo.toml")))
    };
    none(manifest::lints(
        &read(root().join("Cargo.toml")),
        &members.iter().map(manifest).collect::<Vec<_>>(),
    ));
}

#[test]
fn inside_the_runtime_imports_run_downwards_only() {
    let trees = module_trees();
    let runtime =
        trees.iter().find(|tree| tree.name == "secrets_runtime").expect("there is a runtime");
    none(layers::flaws(runtime));
}

#[test]
fn no_crate_has_an_import_circle() {
    none(module_trees().iter().flat_map(Crate::circles).collect());
}

#[test]
fn no_module_imports_from_the_root_what_the_root_defines() {
    none(module_trees().iter().flat_map(Crate::root_items).collect());
}

#[test]
fn unsafe_is_in_the_listed_modules_only() {
    none(
        text::sources(&root())
            .iter()
            .flat_map(|(path, text)| text::says_unsafe(path, text))
            .collect(),
    );
}

#[test]
fn no_source_file_is_longer_than_four_hundred_lines() {
    none(text::sources(&root()).iter().flat_map(|(path, text)| text::length(path, text)).collect());
}

#[test]
fn no_file_names_a_machine() {
    none(text::files(&root()).iter().flat_map(|(path, text)| text::machine(path, text)).collect());
}

#[test]
fn the_runtime_has_at_most_fifty_third_party_crates() {
    let target = "x86_64-unknown-linux-gnu";
    let arguments = ["-p", "secrets-runtime", "-e", "normal,build", "--target", target];
    let crates = tree::third_party(&tree::read(&root(), &arguments), &crates::read(&root()));
    assert!(crates.len() > 5, "this is no tree: {crates:?}");
    none(tree::too_many(&crates, 50));
}

#[test]
fn every_crate_has_one_version() {
    let crates = tree::third_party(&tree::read(&root(), &["--workspace", "-e", "normal"]), &[]);
    none(tree::twice(&crates));
}
