//! The pages of decisions, `docs/adr/NNNN-name.md`.

/// Pages whose numbers leave a gap or occur twice, and headings that have another number than their page. `pages` are
/// names of files with their texts.
pub fn numbers(pages: &[(String, String)]) -> Vec<String> {
    let mut pages: Vec<&(String, String)> = pages.iter().collect();
    pages.sort();
    let mut flaws = Vec::new();
    for (number, (name, text)) in (1..).zip(pages) {
        if !name.starts_with(&format!("{number:04}-")) {
            flaws.push(format!(
                "docs/adr/{name} is page {number}, so its name begins with {number:04}-"
            ));
        }
        let heading = text.lines().next().unwrap_or_default();
        if !heading.starts_with(&format!("# {number}. ")) {
            flaws.push(format!(
                "docs/adr/{name} begins with {heading:?}, and not with \"# {number}. \""
            ));
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::numbers;

    fn pages(names: &[&str], headings: &[&str]) -> Vec<(String, String)> {
        let owned =
            |(name, heading): (&&str, &&str)| ((*name).to_owned(), format!("{heading}\n\nx"));
        names.iter().zip(headings).map(owned).collect()
    }

    #[test]
    fn a_gap_and_a_heading_of_another_page_are_flaws() {
        let good = ["# 1. A", "# 2. B"];
        assert_eq!(numbers(&pages(&["0002-b.md", "0001-a.md"], &["# 2. B", "# 1. A"])), [""; 0]);
        assert_eq!(numbers(&pages(&["0001-a.md", "0003-b.md"], &good)).len(), 1);
        assert_eq!(numbers(&pages(&["0001-a.md", "0001-b.md"], &good)).len(), 1);
        assert_eq!(numbers(&pages(&["0001-a.md", "0002-b.md"], &["# 1. A", "# 3. B"])).len(), 1);
        assert_eq!(numbers(&pages(&["0001-a.md"], &["# 0001: A"])).len(), 1);
    }
}
