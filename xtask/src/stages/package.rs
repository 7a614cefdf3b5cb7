//! The stage `package`: the published crates are packed, built from their packed files alone, and used by a program.

use std::process::Command;

use crate::{
    command::CommandLine,
    workspace::{Package, Workspace},
};

/// The workspace of the unpacked crates, with a user's program.
const TEMPLATE: &str = "tests/packages";

/// The package of the user's program.
const PROGRAM: &str = "program";

/// Returns the commands of the stage. Each run makes the folder of the unpacked crates again; the target directory stays.
pub fn commands(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let published: Vec<_> = workspace.packages.iter().filter(|package| package.published).collect();
    if published.is_empty() {
        return Err("no package is published".to_owned());
    }
    Ok(commands_for(workspace, &published, &host()?))
}

fn commands_for(workspace: &Workspace, published: &[&Package], host: &str) -> Vec<CommandLine> {
    let folder = workspace.scratch.join("package");
    let target = workspace.scratch.with_file_name("packages");
    let [at, store, key, manifest, target_text] = [
        folder.clone(),
        folder.join("store"),
        folder.join("key.jwk"),
        folder.join("Cargo.toml"),
        target.clone(),
    ]
    .map(|path| path.display().to_string());
    let shell = |program: &str, arguments: &[&str]| {
        CommandLine::new(program, arguments.iter().copied()).args([at.as_str()])
    };
    let cargo = |command: &str| {
        // The versions are those of the workspace's Cargo.lock, which are all there after the first command.
        let command = CommandLine::cargo(command).args(["--offline"]);
        command.args(["--target-dir", &target_text])
    };
    let inside = |command: &str, package: &str| {
        cargo(command).args(["--manifest-path", &manifest, "-p", package])
    };
    let run = |package: &str| {
        let command = inside("run", package);
        command.env("SECRETS_LOCAL_DIR", &store).env("SECRETS_LOCAL_KEY_FILE", &key)
    };
    let names = published.iter().flat_map(|package| ["-p", package.name.as_str()]);
    let mut commands = vec![
        CommandLine::cargo("fetch --locked").args(["--target", host]),
        shell("rm", &["-rf"]),
        shell("mkdir", &["-p"]),
        shell("cp", &["-R", &format!("{TEMPLATE}/.")]),
        shell("cp", &["Cargo.lock"]),
        cargo("package --allow-dirty --no-verify").args(names),
    ];
    for package in published {
        let archive = format!("package/{}-{}.crate", package.name, package.version);
        let archive = target.join(archive).display().to_string();
        let crates = folder.join("crates").join(&package.name).display().to_string();
        commands.push(CommandLine::new("mkdir", ["-p", &crates]));
        // Cargo dates every packed file 2006. Without `m` it would not see that a file has changed since the last build.
        let unpack = ["-xzmf", &archive, "--strip-components=1", "-C", &crates];
        commands.push(CommandLine::new("tar", unpack));
    }
    for package in published {
        // Each alone, so that no other package switches a feature of it on.
        commands.push(inside("build", &package.name));
    }
    if let Some(command) = published.iter().find(|package| package.targets_of("bin").count() > 0) {
        commands.push(run(&command.name).args(["--", "register", "prod-db", "--user=app"]));
        commands.push(run(PROGRAM));
    }
    commands
}

/// Returns the target triple of this machine.
fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc names no host".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::workspace::Target;

    fn package(name: &str, published: bool, kind: &str) -> Package {
        let target =
            Target { name: name.to_owned(), kind: kind.to_owned(), required_features: vec![] };
        Package {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            published,
            minimum_rust: None,
            features: vec![],
            targets: vec![target],
        }
    }

    fn workspace(packages: Vec<Package>) -> Workspace {
        Workspace { root: "root".into(), scratch: "t/xtask".into(), packages }
    }

    #[test]
    fn each_published_package_is_packed_unpacked_and_built_alone() {
        let workspace = workspace(vec![
            package("library", true, "lib"),
            package("command", true, "bin"),
            package("private", false, "lib"),
        ]);
        let published: Vec<_> = workspace.packages[..2].iter().collect();
        let commands = commands_for(&workspace, &published, "here");
        let shown: Vec<_> = commands.iter().map(CommandLine::to_string).collect();
        let variables = "SECRETS_LOCAL_DIR='t/xtask/package/store' SECRETS_LOCAL_KEY_FILE='t/xtask/package/key.jwk'";
        let flags = "--offline --target-dir t/packages --manifest-path t/xtask/package/Cargo.toml";
        assert_eq!(
            shown,
            [
                "cargo fetch --locked --target here".to_owned(),
                "rm -rf t/xtask/package".to_owned(),
                "mkdir -p t/xtask/package".to_owned(),
                "cp -R tests/packages/. t/xtask/package".to_owned(),
                "cp Cargo.lock t/xtask/package".to_owned(),
                "cargo package --allow-dirty --no-verify --offline --target-dir t/packages -p library -p command".to_owned(),
                "mkdir -p t/xtask/package/crates/library".to_owned(),
                "tar -xzmf t/packages/package/library-1.2.3.crate --strip-components=1 -C t/xtask/package/crates/library".to_owned(),
                "mkdir -p t/xtask/package/crates/command".to_owned(),
                "tar -xzmf t/packages/package/command-1.2.3.crate --strip-components=1 -C t/xtask/package/crates/command".to_owned(),
                format!("cargo build {flags} -p library"),
                format!("cargo build {flags} -p command"),
                format!("{variables} cargo run {flags} -p command -- register prod-db --user=app"),
                format!("{variables} cargo run {flags} -p program"),
            ]
        );
    }

    #[test]
    fn the_template_has_the_program_and_every_published_library() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(TEMPLATE);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for name in ["secrets-spec", "secrets-macros", "secrets-runtime", "secrets-flow"] {
            assert!(
                manifest.contains(&format!("{name} = {{ path = \"crates/{name}\" }}")),
                "{name}"
            );
        }
        let program = fs::read_to_string(folder.join(PROGRAM).join("Cargo.toml")).unwrap();
        assert!(program.contains(&format!("name = \"{PROGRAM}\"")));
    }
}
