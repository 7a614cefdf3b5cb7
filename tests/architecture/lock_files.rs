//! The `Cargo.lock` of each workspace. Most of them are read by stages on demand alone, and a merge can spoil them unseen.

/// Packages that a `Cargo.lock` has twice, and lines of a merge.
pub fn flaws(path: &str, text: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let (mut packages, mut name) = (Vec::new(), "");
    for line in text.lines() {
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
            flaws.push(format!("{path} has the line `{line}` of a merge"));
        } else if let Some(value) = line.strip_prefix("name = ") {
            name = value;
        } else if let Some(version) = line.strip_prefix("version = ").filter(|_| !name.is_empty()) {
            if packages.contains(&(name, version)) {
                flaws.push(format!("{path} has {name} {version} twice: cargo cannot read it"));
            }
            packages.push((name, version));
            name = "";
        }
    }
    if packages.is_empty() {
        flaws.push(format!("{path} has no package"));
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_there_twice_and_a_mark_of_a_merge_are_flaws() {
        let one = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n";
        assert_eq!(flaws("Cargo.lock", one), [""; 0]);
        let other = one.replace("version = 4", "").replace("1.0.0", "2.0.0");
        assert_eq!(flaws("Cargo.lock", &format!("{one}{other}")), [""; 0]);
        let flaw = &flaws("Cargo.lock", &format!("{one}{one}"))[0];
        assert!(flaw.contains("\"a\" \"1.0.0\" twice"), "{flaw}");
        assert_eq!(flaws("Cargo.lock", &format!("{one}=======\n")).len(), 1);
        assert_eq!(flaws("Cargo.lock", "").len(), 1);
    }
}
