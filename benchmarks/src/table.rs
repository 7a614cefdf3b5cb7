//! The rows as one table of Markdown.

use crate::row::{Row, TITLES};

/// The table.
pub fn markdown(rows: &[Row]) -> String {
    let line = |cells: [&str; 6]| {
        format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
    };
    let mut text = line(TITLES);
    text += "|---|---|---|---|---|---|\n";
    text.extend(rows.iter().map(|row| line(row.cells())));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Budget;

    #[test]
    fn a_row_is_a_line_of_six_cells() {
        let rows = [
            Row::ratio("a|b", 1.0, "raw", 2.0, Budget::AtMost(1.0)),
            Row::skipped("c", "no Python"),
        ];
        let text = markdown(&rows);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[2], r"| a\|b | 1 s | raw: 2 s | 0.50 x | at most 1 x | meets |");
        assert_eq!(lines[3], "| c |  |  |  |  | skipped: no Python |");
    }
}
