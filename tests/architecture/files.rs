//! The files of the project.

use std::{fs, path::Path};

/// What has no files of the project, or generated ones alone. (In a second work tree `.git` is a file.)
const PASSED_OVER: [&str; 3] = [".git", "target", "wip"];

/// Files with their paths from the root, `/` between the parts, and their text.
pub type Files = Vec<(String, String)>;

/// Every text file of the project.
pub fn files(root: &Path) -> Files {
    let mut files = Vec::new();
    walk(root, "", &mut files);
    assert!(files.len() > 20, "not a source tree: {}", root.display());
    files
}

/// Every file of Rust, but for the programs of `tests/ui`, which are wrong on purpose.
pub fn sources(root: &Path) -> Files {
    let ours = |path: &str| path.ends_with(".rs") && !path.starts_with("tests/ui/");
    files(root).into_iter().filter(|(path, _)| ours(path)).collect()
}

fn walk(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().expect("an entry has a type");
        if PASSED_OVER.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file() {
            // A file that is not UTF-8 is not a text.
            files.extend(fs::read_to_string(entry.path()).ok().map(|text| (path, text)));
        }
    }
}
