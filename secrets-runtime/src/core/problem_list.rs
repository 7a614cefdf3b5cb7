use crate::core::error::{Error, Problem};

/// The problems of a text that somebody else wrote, up to a number that a person can read. Reading goes on only while
/// the list [has room](Self::has_room), so that a text with many mistakes is not searched for each of them.
#[derive(Debug, Default)]
pub(crate) struct ProblemList(Vec<Problem>);

impl ProblemList {
    /// The most problems that are reported at once.
    pub(crate) const MAX: usize = 100;

    /// Adds a problem, or drops it if there is no room.
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.has_room() {
            self.0.push(problem);
        }
    }

    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    pub(crate) fn has_room(&self) -> bool {
        self.0.len() < Self::MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the problems. If there is no room for another, the last one says that there may be more.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        if !self.has_room()
            && let Some(first) = self.0.first()
        {
            let message = format!("there may be more than these {} problems", Self::MAX);
            let more = Problem::new(first.kind(), message).with_origin(first.origin());
            self.0.push(more.with_help("correct these first"));
        }
        self.0
    }

    /// Returns `Ok` if there are no problems.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::from_problems(self.into_problems())) }
    }
}
