use crate::output::{escape::escape_controls, wiped_output::WipedOutput};

/// A table for a person: rows of cells, each column as wide as its widest cell.
#[derive(Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self(vec![head.into_iter().map(str::to_owned).collect()])
    }

    /// Adds a row. Characters on which a terminal may act are escaped.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.0.push(cells.into_iter().map(|cell| escape_controls(cell).into_owned()).collect());
    }

    pub fn print(&self, output: &mut WipedOutput) {
        let mut widths = Vec::new();
        for row in &self.0 {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.0 {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            output.push(format!("{}\n", line.trim_end()));
        }
    }
}
