//! The table of the README that compares this library with other systems.

use std::{fs, path::Path};

const MARK: &str = "<!-- comparison -->";

/// Returns the rows of the table, each with its cells.
fn rows(readme: &str) -> Vec<Vec<String>> {
    let parts: Vec<&str> = readme.split(MARK).collect();
    assert_eq!(parts.len(), 3, "the table stands between two marks");
    let cells = |line: &str| {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    parts[1].trim().lines().filter(|line| !line.starts_with("|---")).map(cells).collect()
}

#[test]
fn each_yes_of_this_library_is_a_link_to_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let rows = rows(&readme);
    assert!(rows.len() > 5, "{rows:?}");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    let ours = rows.iter().find(|row| row[0] == "**secrets**").unwrap();
    for cell in &ours[1..] {
        let link = cell.strip_prefix("[yes](").and_then(|cell| cell.strip_suffix(')'));
        let link = link.unwrap_or_else(|| panic!("{cell} is not a link"));
        let (path, test) = match link.split_once(" \"") {
            Some((path, test)) => (path, test.strip_suffix('"')),
            None => (link, None),
        };
        let text = fs::read_to_string(root.join(path));
        let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
        match test {
            Some(test) => {
                let (before, _) = text
                    .split_once(&format!("fn {test}("))
                    .unwrap_or_else(|| panic!("{path} has no {test}"));
                let attributes = before.rsplit("\n\n").next().unwrap();
                assert!(attributes.contains("test"), "{test} of {path} is not a test");
            }
            // A program that must not compile stands beside what the compiler says.
            None => assert!(root.join(path).with_extension("stderr").exists(), "{path}"),
        }
    }
}
