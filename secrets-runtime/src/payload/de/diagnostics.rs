use std::{cell::Cell, collections::BTreeMap, mem};

use crate::{
    core::error::Problem,
    payload::de::{
        abort::{Abort, FieldFault},
        placeholder::MAX_PLACEHOLDERS,
        read_mode::{ReadMode, Scalars},
    },
};

/// The number of the last way to read a value.
const LAST_ATTEMPT: u8 = 2;

/// What the runs have found so far, and what the next run does differently.
///
/// Each run after the first follows from an event that happens once: a field at the top is rejected, a field is
/// missing, rejected fields get placeholders, a placeholder is refused (twice at most), or visitors are asked from
/// now on. So there are at most five more runs than there are fields. If serde buffers values, there may be two more
/// for each field that contains them and two for the whole type, which are then read in another way.
#[derive(Default)]
pub(super) struct Diagnostics {
    pub(super) kind: DocumentKind,
    /// Whether visitors are asked what they expect, before they see a value. While everything fits, they are not.
    pub(super) asks_visitors: bool,
    problems: Vec<Problem>,
    fields: BTreeMap<String, Treatment>,
    /// Whether a field was missing in a run.
    has_missing_field: bool,
    has_refused_placeholder: bool,
    /// A missing field that may be one that was rejected under an alias. It is another field if it accepts its
    /// placeholder.
    unconfirmed: Option<Problem>,
    /// How often the whole type was read in another way.
    attempt: u8,
    /// Whether a type that accepts anything got a value that can be read in several ways: a text, or the number that
    /// it looks like. If the type then fails, another way may fit.
    pub(super) is_ambiguous: Cell<bool>,
    /// The number of placeholders in this run.
    placeholders: Cell<u16>,
}

/// What a type is read from as a whole.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// The fields of a secret.
    #[default]
    Set,
    /// A secret that is one plain value.
    Plain,
    /// A field of a secret.
    Field,
    /// A JSON document, whose keys are no part of a value.
    Json,
}

/// What a run does with a field at the top.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its value is read in another way, at this attempt.
    ReadAgain(u8),
    /// It is left out because of its name.
    OmitForName,
    /// It is left out because of its value.
    OmitForValue,
    /// It is left out, and a placeholder follows the other fields.
    Replace,
}

impl Diagnostics {
    pub(super) fn new(kind: DocumentKind) -> Self {
        Self { kind, ..Self::default() }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.unconfirmed.is_none()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_iter().chain(self.unconfirmed).collect()
    }

    pub(super) fn treatment(&self, field: &str) -> Option<Treatment> {
        self.fields.get(field).copied()
    }

    /// Returns the fields at the top that get placeholders.
    pub(super) fn replaced(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, to)| **to == Treatment::Replace).map(|(name, _)| &**name)
    }

    /// Returns how the next run reads the values.
    pub(super) fn mode(&self) -> ReadMode {
        self.mode_of(self.attempt, self.kind == DocumentKind::Field)
    }

    /// Returns how a field at the top is read at this attempt.
    pub(super) fn field_mode(&self, attempt: u8) -> ReadMode {
        self.mode_of(attempt, true)
    }

    fn mode_of(&self, attempt: u8, has_parts: bool) -> ReadMode {
        match (self.kind, attempt) {
            (DocumentKind::Json, 0) => ReadMode { scalars: Scalars::Known, has_parts: true },
            (DocumentKind::Json, 1) | (_, 0) => ReadMode::TEXT,
            (_, 1) => ReadMode { scalars: Scalars::Known, has_parts },
            _ => ReadMode { scalars: Scalars::Guessed, has_parts },
        }
    }

    /// Takes one placeholder of this run, and returns whether there was one.
    pub(super) fn take_placeholder(&self) -> bool {
        self.placeholders.set(self.placeholders.get().saturating_add(1));
        self.placeholders.get() <= MAX_PLACEHOLDERS
    }

    /// Takes the reason why a run stopped, and returns whether another run may find more.
    pub(super) fn recover(&mut self, abort: Abort) -> bool {
        self.placeholders.take();
        let is_ambiguous = self.is_ambiguous.take();
        match abort {
            Abort::Field(name, fault) => self.recover_field(name, fault),
            _ if is_ambiguous && self.attempt < LAST_ATTEMPT => {
                self.attempt += 1;
                true
            }
            Abort::Problem(problem) => {
                let is_first = !mem::replace(&mut self.asks_visitors, true);
                // A later one may be caused by a field that was left out.
                if !is_first && self.is_clean() {
                    self.problems.push(*problem);
                }
                is_first
            }
            _ => false,
        }
    }

    fn recover_field(&mut self, name: String, fault: FieldFault) -> bool {
        if let FieldFault::Placeholder = fault {
            self.fields.insert(name, Treatment::OmitForValue);
            // What is missing then may be the rejected field.
            return self.unconfirmed.take().is_none()
                && !mem::replace(&mut self.has_refused_placeholder, true);
        }
        self.problems.extend(self.unconfirmed.take());
        let attempt = match self.treatment(&name) {
            None => 0,
            Some(Treatment::ReadAgain(attempt)) => attempt,
            Some(_) => LAST_ATTEMPT,
        };
        let (problem, treatment) = match fault {
            FieldFault::Missing { problem, is_last } => {
                return self.recover_missing(name, *problem, is_last);
            }
            FieldFault::Value { is_ambiguous: true, .. } if attempt < LAST_ATTEMPT => {
                self.fields.insert(name, Treatment::ReadAgain(attempt + 1));
                return true;
            }
            FieldFault::Value { problem, .. } => (problem, Treatment::OmitForValue),
            FieldFault::Name(problem) => (problem, Treatment::OmitForName),
            FieldFault::Placeholder => return false,
        };
        if !mem::replace(&mut self.asks_visitors, true) {
            return true;
        }
        self.problems.push(*problem);
        self.fields.insert(name, treatment) != Some(treatment)
    }

    fn recover_missing(&mut self, name: String, problem: Problem, is_last: bool) -> bool {
        let rejected = self.fields.values_mut().filter(|to| **to == Treatment::OmitForValue);
        let is_first = !mem::replace(&mut self.has_missing_field, true);
        if is_first && rejected.map(|to| *to = Treatment::Replace).count() > 0 {
            // The missing field may be a rejected one. That is known once that one has a placeholder.
            return !is_last;
        }
        if self.fields.contains_key(&name) {
            return false;
        }
        match self.has_refused_placeholder {
            true => self.unconfirmed = Some(problem),
            false => self.problems.push(problem),
        }
        self.fields.insert(name, Treatment::Replace);
        true
    }
}
