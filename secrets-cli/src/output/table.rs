use crate::output::{escape::escape_controls, wiped_output::WipedOutput};

/// The most characters of a cell. What is longer is cut.
const MAX_CELL: usize = 4096;

/// The most characters to which a column is filled up. A longer cell moves the rest of its row.
const WIDEST_COLUMN: usize = 160;

/// A table for a person: rows of cells, each column as wide as its widest cell.
#[derive(Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self(vec![head.into_iter().map(str::to_owned).collect()])
    }

    /// Adds a row. Characters on which a terminal may act are escaped.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.0.push(cells.into_iter().map(shown).collect());
    }

    pub fn print(&self, output: &mut WipedOutput) {
        let mut widths = Vec::new();
        for row in &self.0 {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().min(WIDEST_COLUMN).max(*width);
            }
        }
        for row in &self.0 {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let missing = width.saturating_sub(cell.chars().count());
                format!("{cell}{}", " ".repeat(missing))
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            output.push(format!("{}\n", line.trim_end()));
        }
    }
}

fn shown(cell: &str) -> String {
    let cell = escape_controls(cell);
    match cell.char_indices().nth(MAX_CELL) {
        Some((end, _)) => format!("{}..", &cell[..end]),
        None => cell.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_any_length_is_printed() {
        let mut table = Table::new(["NAME", "VALUE"]);
        let long = "x".repeat(100_000);
        table.row([&*long, "a"]);
        table.row(["b", &*long]);
        let mut output = WipedOutput::default();
        table.print(&mut output);
        let value = output.into_value();
        let text = value.expose_str().expect("a table is text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].ends_with("x..  a") && lines[2].ends_with("x.."), "{text}");
        assert!(text.len() < 3 * MAX_CELL, "{}", text.len());
    }
}
