//! Names of generated objects, of which no two are equal.

use std::collections::BTreeMap;

/// A name that was made of a text.
pub struct MadeName<'a> {
    pub text: &'a str,
    pub name: String,
}

/// The most characters of the name of an object of Kubernetes.
pub const MAX_NAME: usize = 253;

/// Returns the names, in this order. Names that several texts lead to end with a hash of their text, and then they have
/// at most `longest` characters.
pub fn distinct_names(made: Vec<MadeName<'_>>, longest: usize) -> Vec<String> {
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    let mut equal = Vec::new();
    for MadeName { text, name } in &made {
        if texts.insert(name, text).is_some_and(|other| other != *text) {
            equal.push(name.clone());
        }
    }
    let names = made.into_iter().map(|MadeName { text, name }| match equal.contains(&name) {
        true => {
            let start: String = name.chars().take(longest - 17).collect();
            format!("{start}-{:016x}", hash(text))
        }
        false => name,
    });
    names.collect()
}

/// Returns a hash of a text (FNV-1a), by which the names stay equal from run to run.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<String> {
        let made = texts.iter().map(|text| MadeName { text, name: text.replace(['_', '/'], "-") });
        distinct_names(made.collect(), MAX_NAME)
    }

    #[test]
    fn only_names_that_would_be_equal_have_a_hash() {
        assert_eq!(names(&["a_b", "a-c"]), ["a-b", "a-c"]);
        assert_eq!(names(&["a_b", "a_b"]), ["a-b", "a-b"]);
        let found = names(&["a_b", "a/b", "a-b", "c"]);
        assert!(found[..3].iter().all(|name| name.starts_with("a-b-")), "{found:?}");
        assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2], "{found:?}");
        assert_eq!(found[3], "c");
        let long = ["x".repeat(250) + "_", "x".repeat(250) + "/"];
        let found = names(&[&long[0], &long[1]]);
        assert!(found[0] != found[1] && found[0].len() <= MAX_NAME, "{found:?}");
    }
}
