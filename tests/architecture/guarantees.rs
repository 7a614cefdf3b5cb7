//! What the documentation guarantees: each sentence names tests, which exist.

use std::collections::BTreeMap;

/// The headings of lists of guarantees begin so.
const HEADING: &str = "### What is guaranteed";

/// Sentences of a page that name no test, and tests that do not exist. `read` returns the text of a file.
pub fn flaws(page: &str, mut read: impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    for sentence in sentences(page) {
        let mut file: Option<String> = None;
        for name in sentence.split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                let text = files.entry(name.to_owned()).or_insert_with(|| read(name));
                if text.is_none() {
                    flaws.push(format!("`{name}` does not exist: {sentence}"));
                }
                file = text.clone();
            } else if let Some(text) = &file
                && !defines(text, name)
            {
                flaws.push(format!("`{name}` is not in the file before it: {sentence}"));
            }
        }
        if !sentence.contains(".rs`") {
            flaws.push(format!("no test is named: {sentence}"));
        }
    }
    flaws
}

/// Returns the items of all lists of guarantees, each in one line.
fn sentences(page: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut is_list = false;
    for line in page.lines() {
        if line.starts_with('#') {
            is_list = line.starts_with(HEADING);
        } else if line.starts_with("Not guaranteed") {
            is_list = false;
        } else if !is_list {
            continue;
        } else if let Some(item) = line.strip_prefix("- ") {
            sentences.push(item.to_owned());
        } else if let (Some(more), Some(last)) = (line.strip_prefix("  "), sentences.last_mut()) {
            last.push(' ');
            last.push_str(more);
        }
    }
    sentences
}

/// Whether a file defines this function or type.
fn defines(text: &str, name: &str) -> bool {
    ["fn ", "struct "].iter().any(|keyword| {
        text.match_indices(&format!("{keyword}{name}")).any(|(at, found)| {
            let after = text[at + found.len()..].chars().next();
            !after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> usize {
        let read = |path: &str| (path == "a.rs").then(|| "fn good() {}\nstruct Good;".to_owned());
        flaws(page, read).len()
    }

    #[test]
    fn a_sentence_names_a_test_that_exists() {
        let list = |item: &str| format!("{HEADING} of it\n\n- {item}\n\nNot guaranteed:\n\n- x\n");
        assert_eq!(found(&list("It holds (`a.rs`,\n  `good`, `Good`).")), 0);
        assert_eq!(found(&list("It holds.")), 1);
        assert_eq!(found(&list("It holds (`b.rs`, `good`).")), 1);
        assert_eq!(found(&list("It holds (`a.rs`, `goo`; `a.rs`, `bad`).")), 2);
        assert_eq!(found("## Something else\n\n- It holds.\n"), 0);
    }
}
