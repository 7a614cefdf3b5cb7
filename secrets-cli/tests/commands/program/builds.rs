//! `inspect`, of one program in every kind of build.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::support::{CliOutput, Sandbox};

/// The kinds of builds: their names and the settings of their profiles.
const BUILDS: [(&str, &str); 6] = [
    ("debug", "inherits = \"dev\""),
    ("release", "inherits = \"release\""),
    ("stripped", "inherits = \"release\"\nstrip = true"),
    ("lto", "inherits = \"release\"\nlto = \"fat\"\ncodegen-units = 1\nstrip = true"),
    ("small", "inherits = \"release\"\nopt-level = \"z\"\nlto = true\nstrip = true"),
    (
        "aborting",
        "inherits = \"release\"\nopt-level = \"z\"\npanic = \"abort\"\nlto = \"thin\"\nstrip = true",
    ),
];

const MAIN: &str = r##"#![forbid(unsafe_code)]

use secrets_runtime::{Error, current_context, secrets, task};

const API: &str = "api";

#[secrets(sources = ["prod-db", API, { id = "values", type = "inline", options = { env_vars = { NAME = "SeNtInEl" } } }])]
fn load() -> Result<(), Error> {
    current_context().secrets.get("prod-db", "password").map(drop)
}

#[task(secret_requests = [Secret(group = "db", key = "password")])]
async fn store() -> Result<(), Error> {
    Ok(())
}

fn main() {
    let stored = store();
    let results = [load(), jobs::report()];
    std::process::exit(results.iter().filter(|it| it.is_err()).count() as i32 + size_of_val(&stored) as i32);
}
"##;

/// A dependency, in a folder of its own.
const JOBS: &str = r##"#![forbid(unsafe_code)]

use secrets_runtime::{Error, secrets};

#[secrets(sources = ["aws-secrets-manager.reports"])]
pub fn report() -> Result<(), Error> {
    Ok(())
}
"##;

/// Creates the program and its dependency, and builds it with all profiles. Returns the programs by profile.
fn build(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let runtime = root.join("secrets-runtime");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let package = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nsecrets-runtime = {{ path = {runtime:?} }}\n{more}"
        )
    };
    let profiles = BUILDS.map(|(name, settings)| format!("\n[profile.build-{name}]\n{settings}\n"));
    let more = format!("jobs = {{ path = \"../jobs\" }}\n\n[workspace]\n{}", profiles.concat());
    write("program/Cargo.toml", &package("program", &more));
    write("program/src/main.rs", MAIN);
    write("jobs/Cargo.toml", &package("jobs", ""));
    write("jobs/src/lib.rs", JOBS);
    // The versions of the dependencies are those of this workspace, which are here already.
    std::fs::copy(root.join("Cargo.lock"), folder.join("program/Cargo.lock")).unwrap();
    let target = folder.join("target");
    let of = |(name, _): (&'static str, &str)| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--offline", "--profile", &format!("build-{name}")]);
        command.current_dir(folder.join("program")).env("CARGO_TARGET_DIR", &target);
        assert!(command.status().unwrap().success(), "{name}");
        (name, target.join(format!("build-{name}/program")))
    };
    BUILDS.map(of).into()
}

#[test]
#[ignore = "it builds a program with six profiles, which takes minutes"]
fn every_build_of_a_program_has_its_steps() {
    let programs = build(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds"));
    let sandbox = Sandbox::new();
    let inspect = |path: &Path| {
        let arguments = ["inspect".as_ref(), path.as_os_str(), "--format=json".as_ref()];
        CliOutput::new(sandbox.command(arguments).output().unwrap())
    };
    let mut first = None;
    for (name, path) in &programs {
        let result = inspect(path);
        assert_eq!((result.code, &*result.stderr), (Some(0), ""), "{name}: {result:?}");
        let json: Value = serde_json::from_str(&result.text()).unwrap();
        let steps: Vec<_> = json["steps"].as_array().unwrap().iter().collect();
        let named: Vec<_> = steps
            .iter()
            .map(|step| [&step["module"], &step["step"], &step["file"], &step["line"]])
            .collect();
        let expected = [
            [json!("jobs"), json!("report"), json!("src/lib.rs"), json!(5)],
            [json!("program"), json!("load"), json!("src/main.rs"), json!(7)],
            [json!("program"), json!("store"), json!("src/main.rs"), json!(12)],
        ];
        assert_eq!(named, expected.iter().map(|it| it.each_ref()).collect::<Vec<_>>(), "{name}");
        assert_eq!(steps[1]["sources"][1]["id"], "api", "{name}");
        assert!(!result.text().contains("SeNtInEl"), "{name}");
        // Two builds of one program are inspected alike.
        assert_eq!(*first.get_or_insert_with(|| result.text()), result.text(), "{name}");
    }
    // A program that is cut at any kilobyte is read as far as it goes.
    let (_, small) = &programs[4];
    let bytes = std::fs::read(small).unwrap();
    let cut = sandbox.path().join("cut");
    let mut known = 0;
    for length in (0..bytes.len()).step_by(1024) {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let result = inspect(&cut);
        let count = result.text().matches("\"step\":").count();
        assert_eq!(result.code, Some(if count == 0 { 3 } else { 0 }), "{length}: {result:?}");
        assert!(count >= known, "{length}");
        known = count;
    }
    assert_eq!(known, 3);
}
