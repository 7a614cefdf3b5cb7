//! One line of the table.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// Nothing: the row tells how much it is.
    None,
    /// The last figure is at most this.
    AtMost(f64),
    /// The last figure is at least this.
    AtLeast(f64),
}

/// In what a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    /// So many times the other.
    Times,
    /// A bare number.
    Count,
}

/// One line: what was measured, ours, what stands beside it, and how they compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    what: String,
    ours: String,
    beside: String,
    compared: String,
    budget: String,
    verdict: String,
}

/// The titles of the columns.
pub const TITLES: [&str; 6] = ["what", "ours", "beside", "compared", "budget", "verdict"];

impl Row {
    /// A row of which ours, what is beside and how they compare are known.
    pub fn new(
        what: impl Into<String>,
        ours: impl Into<String>,
        beside: impl Into<String>,
        (compared, unit): (f64, Unit),
        budget: Budget,
    ) -> Self {
        let held = match budget {
            Budget::None => None,
            Budget::AtMost(limit) => Some(compared <= limit),
            Budget::AtLeast(limit) => Some(compared >= limit),
        };
        Self {
            what: what.into(),
            ours: ours.into(),
            beside: beside.into(),
            compared: figure(compared, unit),
            budget: match budget {
                Budget::None => String::new(),
                Budget::AtMost(limit) => format!("at most {}", figure(limit, unit)),
                Budget::AtLeast(limit) => format!("at least {}", figure(limit, unit)),
            },
            verdict: held.map_or("", |held| if held { "meets" } else { "**misses**" }).to_owned(),
        }
    }

    /// Our time over that of something else.
    pub fn ratio(
        what: impl Into<String>,
        ours: f64,
        name: &str,
        beside: f64,
        budget: Budget,
    ) -> Self {
        let beside_text = format!("{name}: {}", figure(beside, Unit::Seconds));
        let ours_text = figure(ours, Unit::Seconds);
        Self::new(what, ours_text, beside_text, (ours / beside, Unit::Times), budget)
    }

    /// How many times faster we are than something else.
    pub fn faster(
        what: impl Into<String>,
        ours: f64,
        name: &str,
        beside: f64,
        budget: Budget,
    ) -> Self {
        let mut row = Self::ratio(what, ours, name, beside, Budget::None);
        let Self { compared, budget: budget_text, verdict, .. } =
            Self::new("", "", "", (beside / ours, Unit::Times), budget);
        row.compared = format!("{compared} faster");
        row.budget =
            if budget_text.is_empty() { budget_text } else { format!("{budget_text} faster") };
        row.verdict = verdict;
        row
    }

    /// How much our time is over that of something else.
    pub fn over(
        what: impl Into<String>,
        ours: f64,
        name: &str,
        beside: f64,
        budget: Budget,
    ) -> Self {
        let beside_text = format!("{name}: {}", figure(beside, Unit::Seconds));
        let ours_text = figure(ours, Unit::Seconds);
        let mut row =
            Self::new(what, ours_text, beside_text, (ours - beside, Unit::Seconds), budget);
        row.compared = format!("{} over", row.compared);
        row
    }

    /// Our time over that of something else, where the promise is about ours alone.
    pub fn within(
        what: impl Into<String>,
        ours: f64,
        name: &str,
        beside: f64,
        budget: Budget,
    ) -> Self {
        let Self { budget, verdict, .. } = Self::new("", "", "", (ours, Unit::Seconds), budget);
        Self { budget, verdict, ..Self::ratio(what, ours, name, beside, Budget::None) }
    }

    /// One figure, with words about what is beside it, or with none.
    pub fn alone(
        what: impl Into<String>,
        ours: f64,
        unit: Unit,
        beside: impl Into<String>,
        budget: Budget,
    ) -> Self {
        let row = Self::new(what, figure(ours, unit), beside, (ours, unit), budget);
        Self { compared: String::new(), ..row }
    }

    /// What could not be measured here, and why.
    pub fn skipped(what: impl Into<String>, why: &str) -> Self {
        let empty = String::new;
        let verdict = format!("skipped: {why}");
        Self {
            what: what.into(),
            ours: empty(),
            beside: empty(),
            compared: empty(),
            budget: empty(),
            verdict,
        }
    }

    /// Whether it has a budget, and does not keep it.
    pub fn misses(&self) -> bool {
        self.verdict.contains("misses")
    }

    /// As a line for another process.
    pub fn to_json(&self) -> Value {
        json!(self.cells())
    }

    /// Reads such a line.
    pub fn from_json(value: &Value) -> Option<Self> {
        let cell = |index: usize| value.get(index)?.as_str().map(str::to_owned);
        Some(Self {
            what: cell(0)?,
            ours: cell(1)?,
            beside: cell(2)?,
            compared: cell(3)?,
            budget: cell(4)?,
            verdict: cell(5)?,
        })
    }

    /// In the order of the titles.
    pub fn cells(&self) -> [&str; 6] {
        [&self.what, &self.ours, &self.beside, &self.compared, &self.budget, &self.verdict]
    }
}

/// A figure with three digits that count, in the unit that fits it.
pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Times => format!("{} x", digits(value)),
        Unit::Count => grouped(value as u64),
        Unit::Seconds => {
            let scales = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
            let fits = scales.into_iter().find(|(scale, _)| value.abs() >= *scale);
            let (scale, name) = fits.unwrap_or((1e-9, "ns"));
            format!("{} {name}", digits(value / scale))
        }
    }
}

/// A number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn digits(value: f64) -> String {
    let mut text = String::new();
    let decimals = match value.abs() {
        // A budget of 25e-9 is 25 ns, whatever the division leaves.
        size if size >= 100.0 || (size - size.round()).abs() < 1e-9 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    // Writing to a String cannot fail.
    let _ = write!(text, "{value:.decimals$}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_three_digits() {
        assert_eq!(figure(0.0213, Unit::Seconds), "21.3 ms");
        assert_eq!(figure(4.2e-8, Unit::Seconds), "42 ns");
        assert_eq!(figure(-3.21e-9, Unit::Seconds), "-3.21 ns");
        assert_eq!(figure(1.0349, Unit::Times), "1.03 x");
        assert_eq!(figure(25e-9, Unit::Seconds), "25 ns");
        assert_eq!(figure(10_000.0, Unit::Count), "10,000");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_budget_is_held_at_its_limit_and_missed_past_it() {
        let verdict = |ours, budget| Row::ratio("", ours, "", 1.0, budget).misses();
        assert!(!verdict(1.15, Budget::AtMost(1.15)));
        assert!(verdict(1.16, Budget::AtMost(1.15)));
        assert!(!Row::faster("", 1.0, "", 15.0, Budget::AtLeast(15.0)).misses());
        assert!(Row::faster("", 1.0, "", 14.9, Budget::AtLeast(15.0)).misses());
        assert!(Row::over("", 2.0, "", 1.0, Budget::AtMost(0.9)).misses());
        assert!(!verdict(9.0, Budget::None));
    }

    #[test]
    fn a_row_comes_back_from_json() {
        let row = Row::ratio("what", 1.0, "raw", 2.0, Budget::AtMost(1.0));
        assert_eq!(Row::from_json(&row.to_json()), Some(row));
        assert_eq!(Row::from_json(&json!(["short"])), None);
    }
}
