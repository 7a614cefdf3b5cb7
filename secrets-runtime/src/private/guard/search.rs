use std::{
    fmt::{self, Display, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use secrets_spec::GuardMode;
use zeroize::Zeroizing;

use crate::{
    context::guarded_fields::GuardedFields,
    mask::{forms::FormName, masker::Masker, patterns::TextSearch},
    private::guard::{output_path::OutputPath, wiped_text::wiped_text},
};

/// The most secrets that are reported of one result. After that the search ends.
const MAX_LEAKS: usize = 100;

/// The search of one result, and what it has found.
pub struct LeakSearch<'g> {
    guarded: &'g GuardedFields,
    pub(super) mode: GuardMode,
    pub(super) outcome: SearchOutcome,
}

/// The outcome of a search.
#[derive(Default)]
pub(super) struct SearchOutcome {
    pub leaks: Vec<Leak>,
    /// Masks the secrets in messages. Set once a secret was found.
    pub masker: Option<Masker>,
    /// The text of the error, which may contain secrets.
    pub error_text: Option<Zeroizing<String>>,
    /// Why not all of the result was searched.
    pub incompleteness: Option<Incompleteness>,
}

/// A secret in the result of a step.
pub(super) struct Leak {
    /// The index of the field.
    pub field: usize,
    pub form: FormName,
    /// Its place in the result, without secrets.
    pub path: String,
    /// Whether it is in the error.
    pub is_in_error: bool,
}

/// Why not all of a result was searched. The last variants are the most important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Incompleteness {
    /// Its `Serialize` failed.
    Failed,
    /// A `Serialize`, `Display` or `Debug` panicked.
    Panicked,
    /// The chain of an error is too long.
    LongChain,
    /// The value is nested too deeply.
    TooDeep,
}

impl Incompleteness {
    /// Whether the rest may be read by other code, so that a secret in it would leave the step.
    pub(super) fn may_hide_a_secret(self) -> bool {
        matches!(self, Self::LongChain | Self::TooDeep)
    }
}

impl<'g> LeakSearch<'g> {
    pub(super) fn new(guarded: &'g GuardedFields, mode: GuardMode) -> Self {
        Self { guarded, mode, outcome: SearchOutcome::default() }
    }

    pub(super) fn into_outcome(self) -> SearchOutcome {
        self.outcome
    }

    /// Notes that not all of the result is searched.
    pub(super) fn note_incomplete(&mut self, incompleteness: Incompleteness) {
        self.outcome.incompleteness = self.outcome.incompleteness.max(Some(incompleteness));
    }

    /// Whether the report contains the text of the error.
    pub(super) fn reports_error(&self) -> bool {
        let SearchOutcome { leaks, incompleteness, .. } = &self.outcome;
        let is_refused = self.mode != GuardMode::Warn
            && incompleteness.is_some_and(Incompleteness::may_hide_a_secret);
        !leaks.is_empty() || is_refused
    }

    pub(super) fn is_full(&self) -> bool {
        self.outcome.leaks.len() >= MAX_LEAKS
    }

    /// Whether numbers have to be searched.
    pub(super) fn has_number(&self) -> bool {
        self.guarded.patterns.has_number()
    }

    /// Searches bytes or a text.
    #[inline]
    pub(super) fn search_bytes(&mut self, path: &OutputPath<'_>, bytes: &[u8]) {
        let Self { guarded, outcome, .. } = self;
        guarded.patterns.find_in(bytes, &mut |field, form| outcome.add(path, guarded, field, form));
    }

    /// Searches a formatted text, which is not stored.
    pub(super) fn search_text(&mut self, path: &OutputPath<'_>, text: &dyn Display) {
        self.search_formatted(path, text, false);
    }

    /// Searches a formatted text for the secrets that were not found yet.
    pub(super) fn search_text_for_others(&mut self, path: &OutputPath<'_>, text: &dyn Display) {
        self.search_formatted(path, text, true);
    }

    fn search_formatted(&mut self, path: &OutputPath<'_>, text: &dyn Display, is_new: bool) {
        let Self { guarded, outcome, .. } = self;
        let known: Vec<usize> =
            if is_new { outcome.leaks.iter().map(|leak| leak.field).collect() } else { Vec::new() };
        let search = TextSearch::new(&guarded.patterns);
        let found: FoundSink<'_> = &mut |field, form| {
            if !known.contains(&field) {
                outcome.add(path, guarded, field, form);
            }
        };
        let mut search = FormattedSearch { search, found };
        let written = catch_unwind(AssertUnwindSafe(|| write!(search, "{text}")));
        let FormattedSearch { search, found } = search;
        search.finish(found);
        match written {
            Ok(Ok(())) => {}
            Ok(Err(_)) => self.note_incomplete(Incompleteness::Failed),
            Err(_) => self.note_incomplete(Incompleteness::Panicked),
        }
    }

    /// Stores the text of an error, for the message that replaces it.
    pub(super) fn keep_error_text(&mut self, text: &dyn Display) {
        let text = catch_unwind(AssertUnwindSafe(|| wiped_text(text)));
        self.outcome.error_text = text.ok();
    }
}

impl SearchOutcome {
    #[cold]
    fn add(
        &mut self,
        path: &OutputPath<'_>,
        guarded: &GuardedFields,
        field: usize,
        form: FormName,
    ) {
        let is_in_error = path.is_in_error();
        let path = path.masked(self.masker.get_or_insert_with(|| guarded.masker()));
        let value = &guarded.fields[field].value;
        // Several fields may have this value.
        let equal = guarded.fields.iter().enumerate().filter(|(_, it)| it.value.ct_eq(value));
        for (field, found) in equal {
            let is_known = self.leaks.iter().any(|leak| {
                let known = &guarded.fields[leak.field];
                (&known.group, &known.key) == (&found.group, &found.key) && leak.path == path
            });
            if !is_known && self.leaks.len() < MAX_LEAKS {
                self.leaks.push(Leak { field, form, path: path.clone(), is_in_error });
            }
        }
    }
}

/// Called with the index of the field and the form of each secret that is found.
type FoundSink<'a> = &'a mut dyn FnMut(usize, FormName);

/// Searches the text that is written to it.
struct FormattedSearch<'a, 'p> {
    search: TextSearch<'p>,
    found: FoundSink<'a>,
}

impl Write for FormattedSearch<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.search.push(text.as_bytes(), self.found);
        Ok(())
    }
}

impl fmt::Debug for LeakSearch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeakSearch").field("mode", &self.mode).finish_non_exhaustive()
    }
}
