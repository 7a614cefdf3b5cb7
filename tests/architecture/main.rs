//! The source tree, held to the rules of ARCHITECTURE.md.
//!
//! A rule is a function that returns the flaws it finds, in words; here each is run on the tree itself, and
//! beside each are small bad inputs that it must find. Where a rule has exceptions they are a table beside
//! it, with the reason, and an exception that is not needed is a flaw too.

mod comments;
mod crates;
mod decisions;
mod files;
mod folders;
mod guarantees;
mod imports;
mod layers;
mod lock_files;
mod manifest;
mod module_tree;
mod reexports;
mod scan;
mod sizes;
mod text;
mod third_party;
mod type_names;
mod words;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crates::{Member, RootKind};
use files::Files;
use module_tree::Crate;

/// The crates that users depend on, and the command.
const LIBRARY: [&str; 5] =
    ["secrets-spec", "secrets-macros", "secrets-runtime", "secrets-flow", "secrets-cli"];

/// Where the workspace is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

/// The module trees of these libraries, programs and tests, with the name under which flaws are reported.
fn module_trees(wanted: impl Fn(&Member, RootKind) -> bool) -> Vec<Crate> {
    let members = crates::read(&root());
    let roots =
        members.iter().flat_map(|member| member.roots.iter().map(move |file| (member, file)));
    // In a program or a test the package's name means its library, another crate.
    let name = |package: &str, file: &Path, kind| match kind {
        RootKind::Library => package.replace('-', "_"),
        RootKind::Program | RootKind::Test => format!("{package}, {}", file.display()),
    };
    roots
        .filter(|(member, file)| wanted(member, file.kind))
        .map(|(member, file)| Crate::read(&name(&member.name, &file.path, file.kind), &file.path))
        .collect()
}

fn all_module_trees() -> Vec<Crate> {
    module_trees(|_, _| true)
}

/// Those of the libraries and programs; a test's modules are nobody's to import.
fn module_trees_of_code() -> Vec<Crate> {
    module_trees(|_, kind| kind != RootKind::Test)
}

fn sources() -> Files {
    files::sources(&root())
}

#[track_caller]
fn none(flaws: Vec<String>) {
    let here = format!("{}/", root().display());
    let flaws = flaws.join("\n").replace(&here, "");
    assert!(flaws.is_empty(), "{} flaws:\n{flaws}\n", flaws.lines().count());
}

#[test]
fn crates_depend_downwards_only() {
    let members = crates::read(&root());
    none([crates::direction(&members), crates::dead_rows(&members)].concat());
}

#[test]
fn cargo_can_read_the_lock_of_each_workspace() {
    let folders = ["", "benchmarks", "examples/engines", "examples/pools"];
    let flaws = folders.into_iter().flat_map(|folder| {
        let path = root().join(folder).join("Cargo.lock");
        let text = std::fs::read_to_string(&path).expect("a workspace has a lock");
        lock_files::flaws(&path.display().to_string(), &text)
    });
    none(flaws.collect());
}

#[test]
fn every_crate_states_its_licence_and_the_minimum_rust() {
    none(crates::facts(&crates::read(&root())));
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn every_crate_forbids_unsafe_and_asks_for_documentation_and_one_module_style() {
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

/// The published packages with their folders.
fn published_packages() -> Vec<(&'static str, Value)> {
    let mut packages = crates::packages(&root());
    packages.retain(|package| package["publish"].is_null());
    let folder = |package: &Value| {
        let of = |folder: &str| root().join(folder).join("Cargo.toml");
        let manifest = package["manifest_path"].as_str().map(Path::new);
        LIBRARY.into_iter().find(|folder| manifest == Some(&of(folder)))
    };
    let found: Vec<_> = packages
        .into_iter()
        .map(|package| {
            (
                folder(&package).unwrap_or_else(|| panic!("{} is published", package["name"])),
                package,
            )
        })
        .collect();
    assert_eq!(found.len(), LIBRARY.len(), "not every crate of the library is published");
    found
}

#[test]
fn the_manifest_of_a_published_crate_has_what_the_registry_asks_for() {
    let packages = published_packages();
    none(packages.iter().flat_map(|(_, package)| manifest::published(package)).collect());
}

#[test]
fn the_tables_of_features_are_those_of_the_manifests() {
    let flaws = published_packages().into_iter().flat_map(|(folder, package)| {
        let read = |path| std::fs::read_to_string(root().join(folder).join(path));
        let readme = read("README.md").expect("a published crate has a README.md");
        manifest::features(&package, &readme, &read("src/lib.rs").unwrap_or_default())
    });
    none(flaws.collect());
}

#[test]
fn a_package_contains_the_sources_the_readme_and_the_licences_alone() {
    let mut flaws = Vec::new();
    for (folder, package) in published_packages() {
        flaws.extend(manifest::contents(folder, &manifest::packed(&root(), &package)));
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let read = |path| std::fs::read_to_string(path).ok();
            if read(root().join(folder).join(licence)) != read(root().join(licence)) {
                flaws.push(format!("{folder}/{licence} is not the workspace's"));
            }
        }
    }
    none(flaws);
}

#[test]
fn inside_the_runtime_imports_run_downwards_only() {
    let trees = all_module_trees();
    let runtime =
        trees.iter().find(|tree| tree.name == "secrets_runtime").expect("there is a runtime");
    none(layers::flaws(runtime));
}

#[test]
fn no_crate_has_an_import_circle() {
    none(all_module_trees().iter().flat_map(imports::circles).collect());
}

#[test]
fn a_path_names_the_module_that_defines_the_item() {
    none(all_module_trees().iter().flat_map(reexports::detours).collect());
}

#[test]
fn a_re_export_is_seen_by_users() {
    none(all_module_trees().iter().flat_map(reexports::unseen_by_users).collect());
}

#[test]
fn unsafe_is_in_the_listed_modules_only() {
    let sources = sources();
    let said = sources.iter().filter_map(|(path, text)| text::says_unsafe(path, text));
    none(said.chain(text::unused_exceptions(&sources)).collect());
}

#[test]
fn decisions_are_numbered_one_after_another() {
    let pages = std::fs::read_dir(root().join("docs/adr")).expect("there are decisions");
    let page = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("the folder can be read");
        let text = std::fs::read_to_string(entry.path()).expect("a page can be read");
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    none(decisions::numbers(&pages.map(page).collect::<Vec<_>>()));
}

#[test]
fn no_folder_is_crowded() {
    let files = files::files(&root());
    none(folders::crowded(files.iter().map(|(path, _)| path.as_str())));
}

#[test]
fn a_module_with_modules_is_a_folder_with_a_mod_rs() {
    none(folders::module_style(&sources()));
}

#[test]
fn a_file_is_not_too_long_or_says_why() {
    let sources = sources();
    let long = sources.iter().filter_map(|(path, text)| sizes::too_long(path, text));
    let needless = sources.iter().filter_map(|(path, text)| sizes::needless_reason(path, text));
    none(long.chain(needless).collect());
}

#[test]
fn a_short_file_serves_more_than_one_neighbour() {
    none(module_trees_of_code().iter().flat_map(sizes::crumbs).collect());
}

#[test]
fn a_type_has_its_name_to_itself() {
    let trees = module_trees(|member, kind| {
        LIBRARY.contains(&member.folder.as_str()) && kind != RootKind::Test
    });
    none(type_names::shared(&trees.iter().collect::<Vec<_>>()));
}

#[test]
fn the_comments_of_the_libraries_say_it_plainly() {
    let is_of_library = |path: &str| {
        let folder = path.split("/src/").next().unwrap_or_default();
        LIBRARY.contains(&folder)
    };
    let sources: Files = sources().into_iter().filter(|(path, _)| is_of_library(path)).collect();
    let banned = sources.iter().flat_map(|(path, text)| words::banned(path, text));
    none(banned.chain(words::unused_exceptions(&sources)).collect());
}

#[test]
fn each_guarantee_names_a_test_that_exists() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    let page = read("docs/guards.md").expect("the page about guards");
    none(guarantees::flaws(&page, read));
}

#[test]
fn no_file_names_a_machine() {
    let files = files::files(&root());
    none(files.iter().flat_map(|(path, text)| text::machine(path, text)).collect());
}

#[test]
fn the_runtime_has_at_most_fifty_four_third_party_crates() {
    let target = "x86_64-unknown-linux-gnu";
    let arguments = ["-p", "secrets-runtime", "-e", "normal,build", "--target", target];
    let tree = third_party::read(&root(), &arguments);
    let crates = third_party::third_party(&tree, &crates::read(&root()));
    assert!(crates.len() > 5, "this is not a tree: {crates:?}");
    none(third_party::too_many(&crates, 54));
}

#[test]
fn every_crate_has_one_version() {
    let tree = third_party::read(&root(), &["--workspace", "-e", "normal"]);
    none(third_party::twice(&third_party::third_party(&tree, &[])));
}
