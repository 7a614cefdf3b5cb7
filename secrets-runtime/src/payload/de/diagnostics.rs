use std::{
    cell::{Ref, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use serde::de::DeserializeSeed;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        secret_value::SecretValue,
    },
    payload::de::{
        abort::{REFUSED, Stop, of_the_type},
        path::Path,
        placeholder::{Dummy, FLAVOURS},
    },
};

/// What the runs have found so far, and how the next one is to get further.
#[derive(Default)]
pub(super) struct Findings(RefCell<State>);

#[derive(Default)]
struct State {
    problems: Vec<Problem>,
    /// The paths that the problems are about, one each.
    noted: BTreeSet<String>,
    plans: BTreeMap<String, Plan>,
    /// The fields that a set lacks, by the set's path.
    missing: BTreeMap<String, Vec<&'static str>>,
}

/// What the next run does at one path.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    /// How often the value has been read in another way, because a type that takes anything took it wrongly.
    pub(super) readings: u8,
    /// What stands in for the value. A problem is noted beside it.
    pub(super) stand_in: Option<StandIn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StandIn {
    /// The dummy of this flavour.
    Dummy(u8),
    /// Nothing: the type refuses every dummy.
    Nothing,
}

const MAX_READINGS: u8 = 2;

impl Findings {
    /// Whether no problem is found.
    pub(super) fn is_clean(&self) -> bool {
        self.0.borrow().problems.is_empty()
    }
}

/// A place and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    path: &'a Path<'a>,
    findings: &'a Findings,
}

impl<'a> Node<'a> {
    pub(super) fn new(path: &'a Path<'a>, findings: &'a Findings) -> Self {
        Self { path, findings }
    }

    pub(super) fn path(self) -> &'a Path<'a> {
        self.path
    }

    /// The node of a part of this one.
    pub(super) fn at<'b>(self, path: &'b Path<'b>) -> Node<'b>
    where
        'a: 'b,
    {
        Node { path, findings: self.findings }
    }

    pub(super) fn plan(self) -> Plan {
        let state = self.findings.0.borrow();
        match state.plans.is_empty() {
            // As long as all goes well no path is written out.
            true => Plan::default(),
            false => state.plans.get(&self.path.to_string()).copied().unwrap_or_default(),
        }
    }

    /// The fields that the set here was found to lack.
    pub(super) fn missing(self) -> Vec<&'static str> {
        let state = Ref::map(self.findings.0.borrow(), |state| &state.missing);
        match state.is_empty() {
            true => Vec::new(),
            false => state.get(&self.path.to_string()).cloned().unwrap_or_default(),
        }
    }

    /// Notes a problem of the value here, unless there is one already.
    pub(super) fn note(self, kind: ErrorKind, what: &str, help: Option<String>) {
        let path = self.path.to_string();
        let mut state = self.findings.0.borrow_mut();
        if state.noted.contains(&path) {
            return;
        }
        let problem = Problem::new(kind, format!("{path}: {what}"));
        state.problems.push(match help {
            Some(help) => problem.with_help(help),
            None => problem,
        });
        state.noted.insert(path);
    }

    /// Notes that the value here misfits.
    pub(super) fn note_misfit(self, what: &str) {
        let help = "store a value that fits the type, or ask for another type";
        self.note(ErrorKind::Undecodable, what, Some(help.to_owned()));
    }

    /// Notes that the set here lacks a field, for which a dummy stands in from now on.
    pub(super) fn lack(self, name: &'static str, help: Option<String>) -> Stop {
        let path = self.path.name(name);
        let child = self.at(&path);
        if child.plan().stand_in.is_some() {
            return Stop::Stuck;
        }
        child.note(ErrorKind::KeyNotFound, "there is no such field", help);
        self.findings.0.borrow_mut().missing.entry(self.path.to_string()).or_default().push(name);
        child.advance()
    }

    /// Builds what stands in for the value here.
    pub(super) fn stand_in<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        match self.plan().stand_in {
            Some(StandIn::Dummy(flavour)) => {
                seed.deserialize(Dummy::new(flavour)).map_err(|_| self.settle(Stop::Stuck, []))
            }
            _ => Err(Stop::Stuck),
        }
    }

    /// Leaves the value here, of which a problem is noted, out of the next run.
    pub(super) fn leave_out(self) -> Stop {
        let mut state = self.findings.0.borrow_mut();
        state.plans.entry(self.path.to_string()).or_default().stand_in = Some(StandIn::Nothing);
        Stop::Again
    }

    /// Notes why the value here stopped the run, and plans how the next one gets past it. The values are those
    /// that no message may hold.
    pub(super) fn settle<'v>(
        self,
        stop: Stop,
        values: impl IntoIterator<Item = &'v SecretValue>,
    ) -> Stop {
        match stop {
            Stop::Again => return Stop::Again,
            // What was built with a stand-in says nothing about the value.
            Stop::Misfit(_) if self.is_noted_below() => {}
            Stop::Misfit(misfit) => {
                if self.read_otherwise() {
                    return Stop::Again;
                }
                // To compare them with the message, which is dropped if it has something of them.
                let values = values.into_iter().map(SecretValue::expose_bytes);
                self.note_misfit(&misfit.into_message(values));
            }
            // The next three come here from the fields that serde has buffered.
            Stop::Missing(name) => {
                if let Stop::Again = self.lack(name, None) {
                    return Stop::Again;
                }
            }
            Stop::Duplicate(name) => {
                self.note(ErrorKind::Ambiguous, &format!("two of its fields are `{name}`"), None);
            }
            Stop::Unknown(known) => {
                let what = "it has a field that the type does not have";
                self.note(ErrorKind::Undecodable, what, Some(of_the_type(known)));
            }
            Stop::Stuck => {}
        }
        // No stand-in without a problem, or something built of it could get out.
        if !self.is_noted_below() {
            self.note_misfit(REFUSED);
        }
        self.advance()
    }

    /// Whether there is a problem of a part of the value here.
    fn is_noted_below(self) -> bool {
        let path = self.path.to_string();
        let below = |known: &String| {
            known.strip_prefix(&path).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        self.findings.0.borrow().noted.iter().any(below)
    }

    /// Plans another reading of the value, if the type is open to one, nothing is known against the value and
    /// a reading is left.
    fn read_otherwise(self) -> bool {
        if !self.path.open.get() {
            return false;
        }
        let path = self.path.to_string();
        let mut state = self.findings.0.borrow_mut();
        if state.noted.contains(&path) {
            return false;
        }
        let plan = state.plans.entry(path).or_default();
        let left = plan.readings < MAX_READINGS;
        plan.readings += u8::from(left);
        left
    }

    /// Plans the next stand-in for the value here, of which a problem is noted.
    fn advance(self) -> Stop {
        let mut state = self.findings.0.borrow_mut();
        let plan = state.plans.entry(self.path.to_string()).or_default();
        plan.stand_in = match plan.stand_in {
            None => Some(StandIn::Dummy(0)),
            Some(StandIn::Dummy(last)) if last + 1 < FLAVOURS => Some(StandIn::Dummy(last + 1)),
            Some(StandIn::Dummy(_)) => Some(StandIn::Nothing),
            Some(StandIn::Nothing) => return Stop::Stuck,
        };
        Stop::Again
    }

    /// Every problem found; at the least that the value here misfits.
    pub(super) fn problems(self) -> Vec<Problem> {
        if self.findings.is_clean() {
            self.note_misfit(REFUSED);
        }
        self.findings.0.borrow().problems.clone()
    }
}
