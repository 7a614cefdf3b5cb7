//! kube-apiserver, etcd and kubectl, which are kept in the user's cache folder.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{command, report::Outcome, services::debian};

/// What the folder of the programs has.
const PROGRAMS: [&str; 3] = ["kube-apiserver", "etcd", "kubectl"];

/// Checks the signatures of Debian's packages.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Names a mirror of Debian, in the place of the one in the settings of `apt-get`.
const MIRROR: &str = "SECRETS_TEST_DEBIAN_MIRROR";

/// Releases whose mirror has the one that is used too, which is bookworm.
const RELEASES: [&str; 9] = [
    "bookworm",
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "sid",
    "trixie",
    "forky",
];

const SCRIPT: &str = include_str!("build.sh");

/// Returns the folder of the programs, which are built the first time.
///
/// The outcome is a skip that says what to type if this is not a Debian or Ubuntu with the tools that it takes, and a failure
/// if the build fails. It does not need root.
pub fn programs() -> Result<PathBuf, Outcome> {
    let cache = cache().map_err(Outcome::Skipped)?;
    if has_programs(&cache.join("bin")) {
        return Ok(cache.join("bin"));
    }
    for (program, package) in [("apt-get", "apt"), ("dpkg-deb", "dpkg")] {
        if debian::on_path(program).is_none() {
            return Err(Outcome::Skipped(format!(
                "kube-apiserver is built from Debian's source with `{program}` of the package {package}, which is not here"
            )));
        }
    }
    if !Path::new(KEYRING).exists() {
        debian::install(KEYRING, "debian-archive-keyring")?;
    }
    build(&cache, &mirror()?).map_err(Outcome::Failed)
}

/// Returns the address of Debian's packages, which the machine's own settings have.
fn mirror() -> Result<String, Outcome> {
    if let Ok(mirror) = env::var(MIRROR) {
        return Ok(mirror);
    }
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let mut command = command::clean("apt-get");
    command.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let listed = command.output().map(|output| output.stdout).unwrap_or_default();
    mirror_of(&String::from_utf8_lossy(&listed)).map(str::to_owned).ok_or_else(|| {
        Outcome::Skipped(format!(
            "apt-get has no source of Debian's packages here: {MIRROR}=URL names a mirror"
        ))
    })
}

/// A line is an address, a release and a component.
fn mirror_of(listed: &str) -> Option<&str> {
    listed.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        [mirror, release, "main"] if RELEASES.contains(&release) => Some(mirror),
        _ => None,
    })
}

fn build(cache: &Path, mirror: &str) -> Result<PathBuf, String> {
    let text = |error: std::io::Error| format!("{}: {error}", cache.display());
    fs::create_dir_all(cache).map_err(text)?;
    // Of two runs at once, one builds.
    let guard = File::create(cache.join("lock")).map_err(text)?;
    guard.lock().map_err(text)?;
    let programs = cache.join("bin");
    if has_programs(&programs) {
        return Ok(programs);
    }
    println!("kube-apiserver is built in {}, once, which takes about 15 minutes", cache.display());
    let mut command = command::clean("sh");
    command.args(["-c", SCRIPT, "build"]).arg(&programs).arg(mirror).stdin(Stdio::null());
    let status = command.status().map_err(|error| format!("sh: {error}"))?;
    match status.success() && has_programs(&programs) {
        true => Ok(programs),
        false => Err(format!("the build of kube-apiserver ended with {status}")),
    }
}

fn has_programs(folder: &Path) -> bool {
    PROGRAMS.iter().all(|name| folder.join(name).is_file())
}

/// Returns the folder of what is kept from run to run.
fn cache() -> Result<PathBuf, String> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let folder = folder.ok_or("HOME is not set: kube-apiserver is kept in its .cache")?;
    Ok(folder.join("secrets-tests/kubernetes-1.20.2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_there_if_all_are() {
        let folder = env::temp_dir().join(format!("xtask-{}-programs", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(!has_programs(&folder));
        for name in PROGRAMS {
            assert!(!has_programs(&folder));
            fs::write(folder.join(name), "").unwrap();
        }
        assert!(has_programs(&folder));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_mirror_of_debian_is_one_with_a_release_of_debian() {
        let listed = "http://other/ jammy main\nhttp://security/ bookworm-security main\n\
            http://mirror/debian/ trixie contrib\nhttp://mirror/debian/ trixie main\n";
        assert_eq!(mirror_of(listed), Some("http://mirror/debian/"));
        assert_eq!(mirror_of("http://other/ jammy main\n"), None);
        assert_eq!(mirror_of(""), None);
    }

    #[test]
    fn the_script_puts_each_program_into_the_folder() {
        for name in PROGRAMS {
            assert!(SCRIPT.contains(name), "{name}");
        }
    }
}
