//! The report at the end of a test run.

use std::{fmt::Write as _, time::Duration};

/// How a stage, or the start of a service, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The rows, in the order in which they ended.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Adds a row. With `require_all` a skip is a failure.
    pub fn add(&mut self, name: &'static str, outcome: Outcome, took: Duration, require_all: bool) {
        let outcome = match outcome {
            Outcome::Skipped(why) if require_all => Outcome::Failed(format!("skipped: {why}")),
            other => other,
        };
        self.rows.push((name, outcome, took));
    }

    /// Returns whether nothing failed.
    pub fn passed(&self) -> bool {
        !self.rows.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
    }

    /// Writes a table, then a line for each failure, one line that names everything that was skipped, and the counts.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut failures = String::new();
        let mut skipped = Vec::new();
        // Writing to a String cannot fail.
        for (name, outcome, took) in &self.rows {
            let word = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed(why) => {
                    let _ = writeln!(failures, "failed: {name}: {why}");
                    "FAILED"
                }
                Outcome::Skipped(why) => {
                    skipped.push(format!("{name} ({why})"));
                    "skipped"
                }
            };
            let _ = writeln!(text, "{name:<12} {word:<8} {:>7.1} s", took.as_secs_f64());
        }
        text += &failures;
        if !skipped.is_empty() {
            let _ = writeln!(text, "skipped: {}", skipped.join("; "));
        }
        let passed = self.count(|outcome| *outcome == Outcome::Passed);
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let _ = writeln!(text, "{passed} passed, {failed} failed, {} skipped", skipped.len());
        text
    }

    fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.rows.iter().filter(|(_, outcome, _)| wanted(outcome)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(require_all: bool) -> Report {
        let mut report = Report::default();
        let second = Duration::from_secs(1);
        report.add("unit", Outcome::Passed, second, require_all);
        report.add("jose", Outcome::Skipped("not installed".to_owned()), second, require_all);
        report
    }

    #[test]
    fn a_skip_is_one_line_and_not_a_failure() {
        let report = report(false);
        assert!(report.passed());
        let text = report.text();
        assert!(
            text.ends_with("skipped: jose (not installed)\n1 passed, 0 failed, 1 skipped\n"),
            "{text}"
        );
    }

    #[test]
    fn require_all_makes_a_skip_a_failure() {
        let report = report(true);
        assert!(!report.passed());
        let text = report.text();
        let end = "failed: jose: skipped: not installed\n1 passed, 1 failed, 0 skipped\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_failure_fails_the_run() {
        let mut report = report(false);
        report.add("ui", Outcome::Failed("exit 101".to_owned()), Duration::ZERO, false);
        assert!(!report.passed());
        assert!(report.text().contains("failed: ui: exit 101\n"));
    }
}
