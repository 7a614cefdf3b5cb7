//! The tables of the README are made from the code.

use secrets_runtime::settings::variables;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
const MARK: &str = "<!-- settings -->";

#[test]
fn the_readme_has_the_table_of_settings() {
    let readme = std::fs::read_to_string(README).unwrap();
    let mut parts: Vec<&str> = readme.split(MARK).collect();
    assert_eq!(parts.len(), 3, "the table stands between two marks");
    let table = format!("\n{}\n", variables::table().trim_end());
    if std::env::var_os("UPDATE_README").is_some() {
        parts[1] = &table;
        std::fs::write(README, parts.join(MARK)).unwrap();
        return;
    }
    assert!(parts[1] == table, "the table is out of date: run this test with UPDATE_README=1");
}
