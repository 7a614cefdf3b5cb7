//! What the attribute costs the compiler, beside `#[tracing::instrument]`.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    cpu,
    measure::{Contender, Failure, interleave},
    row::{Budget, Row},
    setup::Setup,
};

const FUNCTIONS: usize = 500;
const ROUNDS: usize = 5;

/// The crates, and what stands above each of their functions.
const CRATES: [(&str, &str); 3] = [
    ("bare", ""),
    ("secrets", "#[secrets_runtime::secrets(sources = [\"db\"])]"),
    ("instrument", "#[tracing::instrument]"),
];

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    // An argument is recorded by `instrument`, which costs it more.
    for (arguments, with, budget) in
        [("", "no arguments", Budget::AtMost(0.45)), ("n: u64", "one argument", Budget::None)]
    {
        let folder = setup.scratch.join("compile");
        generate(setup, &folder, arguments)?;
        build(setup, &folder, "bare")?;
        let contender = |name: &'static str| -> Contender<'_> {
            let folder = folder.clone();
            Box::new(move || {
                touch(&folder, name)?;
                build(setup, &folder, name)
            })
        };
        let [bare, ours, beside] = interleave(ROUNDS, CRATES.map(|(name, _)| contender(name)))?;
        rows.push(Row::ratio(
            format!("`cargo build` of {FUNCTIONS} annotated functions with {with} over the bare ones, CPU time"),
            ours - bare,
            "#[tracing::instrument]",
            beside - bare,
            budget,
        ));
    }
    rows.push(locked(setup)?);
    Ok(rows)
}

/// What it costs to compare functions with literals in their bodies with a lock.
fn locked(setup: &Setup) -> Result<Row, Failure> {
    let folder = setup.scratch.join("compile-locked");
    generate_crates(setup, &folder, &LOCKED.map(|(name, _)| (name, source_with_reads())))?;
    for (name, has_lock) in LOCKED {
        if has_lock {
            fs::write(folder.join(name).join("secrets.lock"), lock())?;
        }
    }
    build(setup, &folder, "unlocked")?;
    let contender = |(name, _): (&'static str, bool)| -> Contender<'_> {
        let folder = folder.clone();
        Box::new(move || {
            touch(&folder, name)?;
            build(setup, &folder, name)
        })
    };
    let [without, with] = interleave(ROUNDS, LOCKED.map(contender))?;
    Ok(Row::ratio(
        format!(
            "`cargo build` of {FUNCTIONS} annotated functions with literals against a lock of {SECRETS} secrets, CPU time"
        ),
        with,
        "without a lock",
        without,
        Budget::AtMost(1.10),
    ))
}

/// The crates with the same functions, and whether they have a lock.
const LOCKED: [(&str, bool); 2] = [("unlocked", false), ("locked", true)];
const SECRETS: usize = 1000;

fn lock() -> String {
    let mut text = String::from("version = 1\n\n[secrets]\n");
    for n in 0..SECRETS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\"secret-{n:04}\" = [\"host\", \"password\", \"port\", \"user\"]");
    }
    text
}

/// Functions with a source, and with reads of its fields by literals.
fn source_with_reads() -> String {
    let mut text = String::from("use secrets_runtime::{Error, current_context, secrets};\n");
    for n in 0..FUNCTIONS {
        let _ = write!(
            text,
            "\n#[secrets(sources = [\"secret-{n:04}\"])]\npub fn step_{n}() -> Result<usize, Error> {{\n    \
             let user = current_context().secrets.get(\"secret-{n:04}\", \"user\")?;\n    \
             let password = current_context().secrets.get(\"secret-{n:04}\", \"password\")?;\n    \
             Ok(user.expose_bytes().len() + password.expose_bytes().len())\n}}\n"
        );
    }
    text
}

fn generate(setup: &Setup, folder: &Path, arguments: &str) -> Result<(), Failure> {
    generate_crates(
        setup,
        folder,
        &CRATES.map(|(name, attribute)| (name, source(attribute, arguments))),
    )
}

/// Writes a workspace of these crates, each with its text.
fn generate_crates(setup: &Setup, folder: &Path, crates: &[(&str, String)]) -> Result<(), Failure> {
    let runtime = setup.root.join("secrets-runtime");
    fs::create_dir_all(folder)?;
    let names: Vec<String> = crates.iter().map(|(name, _)| format!("{name:?}")).collect();
    fs::write(
        folder.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", names.join(", ")),
    )?;
    // The versions that were built with this program: they are on this machine.
    fs::copy(setup.root.join("benchmarks/Cargo.lock"), folder.join("Cargo.lock"))?;
    for (name, text) in crates {
        let package = folder.join(name);
        fs::create_dir_all(package.join("src"))?;
        fs::write(
            package.join("Cargo.toml"),
            format!(
                "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                 secrets-runtime = {{ path = {runtime:?} }}\n\
                 tracing = {{ version = \"0.1\", default-features = false, features = [\"attributes\", \"std\"] }}\n"
            ),
        )?;
        fs::write(package.join("src/lib.rs"), text)?;
    }
    Ok(())
}

/// Half of the functions are asynchronous; those are boxed once, or their bodies would not be compiled here.
fn source(attribute: &str, arguments: &str) -> String {
    let value = if arguments.is_empty() { "1" } else { "n" };
    let mut text = String::from(
        "use std::{future::Future, pin::Pin};\nuse secrets_runtime::Error;\n\
         pub type Boxed = Pin<Box<dyn Future<Output = Result<u64, Error>>>>;\n",
    );
    for n in 0..FUNCTIONS {
        let word = if n % 2 == 0 { "fn" } else { "async fn" };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{attribute}\npub {word} step_{n}({arguments}) -> Result<u64, Error> {{\n    Ok({value} + {n})\n}}\n"
        );
        if n % 2 == 1 {
            let given = if arguments.is_empty() { "" } else { "1" };
            let _ = writeln!(text, "pub fn boxed_{n}() -> Boxed {{ Box::pin(step_{n}({given})) }}");
        }
    }
    text
}

fn touch(folder: &Path, name: &str) -> Result<(), Failure> {
    let path = folder.join(name).join("src/lib.rs");
    Ok(fs::write(&path, fs::read(&path)?)?)
}

fn build(setup: &Setup, folder: &Path, name: &str) -> Result<f64, Failure> {
    let mut command = setup.cargo();
    command.args(["build", "--quiet", "--offline", "--package", name]).current_dir(folder);
    command.env("CARGO_INCREMENTAL", "0");
    cpu::seconds(command.args(["--target-dir"]).arg(folder.join("target")))
}
