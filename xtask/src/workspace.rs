//! The workspace, as `cargo metadata` describes it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The workspace.
#[derive(Debug)]
pub struct Workspace {
    pub root: PathBuf,
    /// The folder of virtual environments and of the logs of servers: `target/xtask`.
    pub scratch: PathBuf,
    pub packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// Whether it may be published.
    pub published: bool,
    pub minimum_rust: Option<String>,
    /// Its features, without `default`.
    pub features: Vec<String>,
    pub targets: Vec<Target>,
}

/// A library, program, test or example of a member.
#[derive(Debug)]
pub struct Target {
    pub name: String,
    pub kind: String,
    pub required_features: Vec<String>,
}

impl Workspace {
    /// Reads the workspace from cargo. Fails if this program was not started by cargo, or if a manifest cannot be read.
    pub fn read() -> Result<Self, String> {
        let own = env::var_os("CARGO_MANIFEST_DIR").ok_or("start it as `cargo xtask`")?;
        let root =
            Path::new(&own).parent().ok_or("the xtask folder is not in a workspace")?.to_owned();
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&root)
            .output()
            .map_err(|error| format!("cargo metadata: {error}"))?;
        if !output.status.success() {
            return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("cargo metadata: {error}"))?;
        let target =
            metadata["target_directory"].as_str().ok_or("cargo metadata: no target_directory")?;
        let packages = list(&metadata["packages"]).map(Package::from_metadata).collect();
        Ok(Self { root, scratch: Path::new(target).join("xtask"), packages })
    }

    /// Returns the member of this name.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    fn from_metadata(package: &Value) -> Self {
        let features =
            package["features"].as_object().into_iter().flat_map(|features| features.keys());
        Self {
            name: text(&package["name"]),
            version: text(&package["version"]),
            // `publish = false` is an empty list of registries.
            published: package["publish"].is_null(),
            minimum_rust: package["rust_version"].as_str().map(str::to_owned),
            features: features.filter(|name| *name != "default").cloned().collect(),
            targets: list(&package["targets"]).map(Target::from_metadata).collect(),
        }
    }

    /// Returns the targets of one kind (`test`, `example`, ..).
    pub fn targets_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| target.kind == kind)
    }
}

impl Target {
    fn from_metadata(target: &Value) -> Self {
        Self {
            name: text(&target["name"]),
            kind: text(&target["kind"][0]),
            required_features: list(&target["required-features"]).map(text).collect(),
        }
    }
}

/// Returns the path of the cargo that started this program.
pub fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
