//! The `secrets.lock` against which the crate that is compiled is checked.
//!
//! It is looked for and read once per crate: the compiler runs the macros of one crate in one process.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use secrets_spec::{LockFolder, SecretsLock, find_lock};

/// The lock of one crate.
#[derive(Default)]
pub struct CrateLock {
    content: Content,
    /// The file, for the compiler to watch.
    path: Option<PathBuf>,
    tables: OnceLock<[Vec<u8>; 2]>,
    is_tracked: AtomicBool,
    is_reported: AtomicBool,
}

#[derive(Default)]
enum Content {
    /// There is no file, or it is switched off.
    #[default]
    Absent,
    Read(SecretsLock),
    /// The message and the help of why the file cannot be used.
    Unusable(String, String),
}

/// The variable that names the file: a path, `off` or `require`.
const VARIABLE: &str = "SECRETS_LOCK";

/// More than any lock has. A file that is larger is a mistake.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

impl CrateLock {
    /// Returns the lock of the crate that is being compiled.
    pub fn of_compiler() -> Arc<Self> {
        static FOUND: OnceLock<Arc<CrateLock>> = OnceLock::new();
        static IS_COMPILER: OnceLock<bool> = OnceLock::new();
        // An editor's server expands many crates, and lives longer than the file stays as it is.
        let is_compiler = IS_COMPILER.get_or_init(|| {
            env::args_os().any(|argument| {
                let argument = argument.to_string_lossy();
                // A long command line is in a file.
                argument.starts_with("--crate-name") || argument.starts_with('@')
            })
        });
        if *is_compiler {
            return Arc::clone(FOUND.get_or_init(|| Arc::new(Self::open())));
        }
        let found = Self::open();
        // The compiler watches the file and reports what is wrong with it.
        found.is_tracked.store(true, Ordering::Relaxed);
        found.is_reported.store(true, Ordering::Relaxed);
        Arc::new(found)
    }

    /// Returns the lock, if there is one that can be read.
    pub fn lock(&self) -> Option<&SecretsLock> {
        match &self.content {
            Content::Read(lock) => Some(lock),
            Content::Absent | Content::Unusable(..) => None,
        }
    }

    /// Returns the message and the help of why the file cannot be used: for the first step of a crate.
    pub fn take_mistake(&self) -> Option<(&str, &str)> {
        match &self.content {
            Content::Unusable(message, help) if !self.is_reported.swap(true, Ordering::Relaxed) => {
                Some((message, help))
            }
            _ => None,
        }
    }

    /// Returns the item that makes the compiler look again when the file or the variable changes: for one step of a
    /// crate. The path does not reach the program, since nothing uses the constant.
    pub fn take_tracking(&self) -> Option<TokenStream> {
        if self.is_tracked.swap(true, Ordering::Relaxed) {
            return None;
        }
        let variable = quote!(__secrets::option_env!(#VARIABLE));
        Some(match self.path.as_deref().and_then(Path::to_str) {
            None => quote!(const _: __secrets::Option<__secrets::Text> = #variable;),
            Some(path) => quote! {
                const _: (&[__secrets::Byte], __secrets::Option<__secrets::Text>) =
                    (__secrets::include_bytes!(#path), #variable);
            },
        })
    }

    /// Returns the table of the names, for texts that only the compiler knows.
    pub fn name_table(&self) -> Literal {
        Literal::byte_string(&self.tables()[0])
    }

    /// Returns the table of the keys.
    pub fn key_table(&self) -> Literal {
        Literal::byte_string(&self.tables()[1])
    }

    fn tables(&self) -> &[Vec<u8>; 2] {
        self.tables.get_or_init(|| match self.lock() {
            Some(lock) => [lock.name_table(), lock.key_table()],
            None => Default::default(),
        })
    }

    fn open() -> Self {
        // Cargo sets this variable to the folder of the package.
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let setting = env::var_os(VARIABLE).filter(|text| !text.is_empty());
        Self::find(package.as_deref(), setting.as_deref())
    }

    fn find(package: Option<&Path>, setting: Option<&OsStr>) -> Self {
        let named = match setting.and_then(OsStr::to_str) {
            Some("off") => return Self::default(),
            Some("require") => None,
            _ => setting,
        };
        if let Some(named) = named {
            // A relative path is meant for the packages of the workspace.
            if Path::new(named).is_relative() && package.is_some_and(is_downloaded) {
                return Self::default();
            }
            let path = package.map_or_else(|| PathBuf::from(named), |package| package.join(named));
            if let Some(word) = misspelled_word(named).filter(|_| !path.exists()) {
                let message = format!("SECRETS_LOCK is {named:?}, and there is no such file");
                return Self::unusable(message, &format!("did you mean `{word}`?"));
            }
            return Self::read(path);
        }
        let is_required = setting.is_some();
        let Some(package) = package else { return Self::default() };
        match find_lock(package.ancestors().map(Folder)) {
            Some(Folder(folder)) => Self::read(folder.join(SecretsLock::FILE_NAME)),
            None if is_required && !is_downloaded(package) => Self::unusable(
                format!(
                    "there is no secrets.lock in {} or above it, and SECRETS_LOCK=require asks for one",
                    package.display()
                ),
                "run `secrets lock`, and put the file under version control",
            ),
            None => Self::default(),
        }
    }

    fn read(path: PathBuf) -> Self {
        let shown = path.display();
        let text = match read_text(&path) {
            Ok(text) => text,
            Err((message, help)) => return Self::unusable(format!("{shown} {message}"), help),
        };
        match SecretsLock::parse(&text) {
            Ok(lock) => Self { content: Content::Read(lock), path: Some(path), ..Self::default() },
            Err(error) => {
                Self::unusable(format!("{shown} cannot be used: {}", error.message()), error.help())
            }
        }
    }

    fn unusable(message: String, help: &str) -> Self {
        Self { content: Content::Unusable(message, help.to_owned()), ..Self::default() }
    }

    /// Returns the lock of this text, which the compiler does not watch.
    #[cfg(test)]
    pub fn of_text(text: &str) -> Self {
        let lock = if text.is_empty() {
            Content::Absent
        } else {
            Content::Read(SecretsLock::parse(text).expect("the test's own lock is valid"))
        };
        Self { content: lock, is_tracked: AtomicBool::new(true), ..Self::default() }
    }
}

/// Returns the word for which this may be a typo.
fn misspelled_word(setting: &OsStr) -> Option<&'static str> {
    secrets_spec::closest(setting.to_str()?, ["require", "off"])
}

/// Reads a whole file, or returns why it cannot be read and what to do.
fn read_text(path: &Path) -> Result<String, (String, &'static str)> {
    let cannot = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => (
            "does not exist, and SECRETS_LOCK names it".to_owned(),
            "run `secrets lock --file` with this path, or set another one; a relative path begins at the package's folder",
        ),
        kind => (format!("cannot be read: {kind}"), "check who may read the file"),
    };
    let metadata = fs::metadata(path).map_err(cannot)?;
    // Another kind of file might never end.
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "is a folder" } else { "is not a regular file" };
        return Err((kind.to_owned(), "remove it or rename it, and run `secrets lock`"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(cannot)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(("is larger than 64 MiB".to_owned(), RESTORE));
    }
    String::from_utf8(bytes).map_err(|_| ("is not UTF-8".to_owned(), RESTORE))
}

const RESTORE: &str = "restore the file from version control, or delete it and run `secrets lock`";

/// Whether Cargo has downloaded this package. Its users cannot add a lock.
fn is_downloaded(package: &Path) -> bool {
    secrets_spec::is_downloaded(&package.ancestors().map(Folder).collect::<Vec<_>>())
}

struct Folder<'a>(&'a Path);

impl LockFolder for Folder<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 1\n[secrets]\n\"prod-db\" = []\n";

    /// Returns a folder of this test, with these files.
    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = env::temp_dir().join(format!("secrets-macros-{}-{name}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().expect("the path has a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn found(package: &Path, setting: Option<&str>) -> CrateLock {
        CrateLock::find(Some(package), setting.map(OsStr::new))
    }

    #[test]
    fn the_variable_switches_names_and_requires() {
        let root = folder(
            "variable",
            &[
                (".git/HEAD", ""),
                ("secrets.lock", "no lock"),
                ("a/own", LOCK),
                ("b/Cargo.toml", ""),
            ],
        );
        let package = root.join("a");
        assert!(matches!(found(&package, None).content, Content::Unusable(..)));
        assert!(matches!(found(&package, Some("require")).content, Content::Unusable(..)));
        assert!(matches!(found(&package, Some("off")).content, Content::Absent));
        assert!(found(&package, Some("own")).lock().is_some(), "relative to the package");
        let absolute = package.join("own");
        assert!(found(&root.join("b"), absolute.to_str()).lock().is_some());
        let named = found(&package, Some("other"));
        let (message, help) = named.take_mistake().expect("there is no such file");
        assert!(message.contains("other does not exist"), "{message}");
        assert!(help.contains("secrets lock --file"), "{help}");
        assert!(named.take_mistake().is_none(), "once per crate");
        for (word, meant) in [("reqiure", "require"), ("required", "require"), ("Off", "off")] {
            let misspelled = found(&package, Some(word));
            let (message, help) = misspelled.take_mistake().expect("there is no such file");
            assert_eq!(help, format!("did you mean `{meant}`?"));
            assert!(message.contains(word), "{message}");
        }
        fs::remove_dir_all(root).expect("the folder is this test's");
    }

    #[test]
    fn a_downloaded_package_is_its_own_root() {
        let files = [(".git/HEAD", ""), ("secrets.lock", LOCK), ("a/.cargo-ok", ""), ("b/x", "")];
        let root = folder("downloaded", &files);
        for setting in [None, Some("require"), Some("own")] {
            assert!(matches!(found(&root.join("a"), setting).content, Content::Absent));
        }
        assert!(found(&root.join("b"), None).lock().is_some());
        // Now it is a repository that Cargo has cloned.
        fs::write(root.join(".cargo-ok"), "").expect("a file");
        for setting in [None, Some("require"), Some("own")] {
            assert!(matches!(found(&root.join("b"), setting).content, Content::Absent));
        }
        fs::remove_dir_all(root).expect("the folder is this test's");
    }

    #[test]
    fn the_compiler_is_told_once_what_the_crate_depends_on() {
        let root = folder("tracking", &[(".git/HEAD", ""), ("secrets.lock", LOCK)]);
        let lock = found(&root, None);
        let tokens = lock.take_tracking().map(|tokens| tokens.to_string()).unwrap_or_default();
        assert!(tokens.contains("include_bytes") && tokens.contains("option_env"), "{tokens}");
        assert!(lock.take_tracking().is_none());
        let off = found(&root, Some("off")).take_tracking();
        let tokens = off.map(|tokens| tokens.to_string()).unwrap_or_default();
        assert!(!tokens.contains("include_bytes") && tokens.contains("option_env"), "{tokens}");
        fs::remove_dir_all(root).expect("the folder is this test's");
    }
}
