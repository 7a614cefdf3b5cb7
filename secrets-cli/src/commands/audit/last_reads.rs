use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use secrets_runtime::admin::SourceRoute;

use crate::{
    commands::audit::{
        log_line::LogLine,
        read_log,
        written_source::{field_of, field_of_read},
    },
    output::reporter::Reporter,
};

/// When the steps of one program have read each field the last time.
#[derive(Default)]
pub struct LastReads {
    /// The file name of the program. Without one, the events of all programs count.
    program: Option<String>,
    /// By module and name.
    steps: BTreeMap<String, Vec<ProgramStep>>,
    times: BTreeMap<ReadField, String>,
    /// The sources of each call of a step whose name several steps have: by process and number.
    calls: BTreeMap<(u64, u64), BTreeSet<String>>,
}

/// A step of the program, of which the log has the name alone.
struct ProgramStep {
    module: String,
    /// The sources and requests, as they are written.
    sources: BTreeSet<String>,
}

/// The module and name of a step, and the group and key of the field. The module is empty if there is no program.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ReadField {
    module: String,
    step: String,
    group: String,
    key: String,
}

impl LastReads {
    /// Creates the reads of a program.
    pub fn of_program(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { program: Some(name), ..Self::default() }
    }

    /// Adds a step of the program.
    pub fn add_step(&mut self, module: &str, name: &str, routes: &[SourceRoute]) {
        let sources = routes.iter().map(|route| route.source.clone()).collect();
        let step = ProgramStep { module: module.to_owned(), sources };
        self.steps.entry(name.to_owned()).or_default().push(step);
    }

    /// Reads the log, if there is one. A log that cannot be read is reported, and counts as empty.
    pub fn read(&mut self, log: Option<&Path>, reporter: &Reporter) {
        let Some(log) = log.filter(|log| log.exists()) else { return };
        let read = read_log(log, reporter, |_, event| {
            self.add(&event);
            Ok(())
        });
        if read.is_err() {
            reporter.warning(&format!("the audit log {} cannot be read", log.display()));
        }
    }

    /// Adds an event of the log.
    pub fn add(&mut self, event: &LogLine) {
        let fields = ["step", "program"].map(|name| event.text(name).unwrap_or_default());
        let [step, program] = fields;
        if self.program.as_deref().is_some_and(|own| own != program) {
            return;
        }
        let call = (event.number("pid").unwrap_or(0), event.number("call").unwrap_or(0));
        match (event.event(), event.text("source")) {
            ("resolved" | "failed", Some(source)) if self.has_several(step) => {
                let sources = self.calls.entry(call).or_default();
                // Another process had the number before.
                if !sources.insert(source.to_owned()) {
                    *sources = BTreeSet::from([source.to_owned()]);
                }
            }
            ("read", _) => {
                let Some(module) = self.module_of(step, call) else { return };
                let fields = ["group", "key", "time"].map(|name| event.text(name));
                let [Some(group), Some(key), Some(time)] = fields else { return };
                let [module, step, group, key] = [&*module, step, group, key].map(str::to_owned);
                let known = self.times.entry(ReadField { module, step, group, key }).or_default();
                // Times of one form sort as texts.
                if known.as_str() < time {
                    time.clone_into(known);
                }
            }
            _ => {}
        }
    }

    /// Whether the program has several steps of this name.
    fn has_several(&self, step: &str) -> bool {
        self.steps.get(step).is_some_and(|steps| steps.len() > 1)
    }

    /// Returns the module of the step that this call is of; `None` if it is not certain. Of several steps with one name
    /// it is the one that declares what the call got.
    fn module_of(&self, step: &str, call: (u64, u64)) -> Option<String> {
        if self.program.is_none() {
            return Some(String::new());
        }
        let steps = self.steps.get(step)?;
        if let [only] = steps.as_slice() {
            return Some(only.module.clone());
        }
        let got = self.calls.get(&call)?;
        let mut fitting = steps.iter().filter(|step| step.sources == *got);
        match (fitting.next(), fitting.next()) {
            (Some(step), None) => Some(step.module.clone()),
            _ => None,
        }
    }

    /// Returns the last read of what a step of the program declares.
    pub fn of_route(&self, module: &str, step: &str, route: &SourceRoute) -> Option<String> {
        self.latest(|field| {
            field.module == module
                && field.step == step
                && field.group == route.group
                && route.key.as_ref().is_none_or(|key| *key == field.key)
        })
    }

    /// Returns the last read of a source, or of a request that is written so.
    pub fn of_source(&self, step: &str, group: &str, source: &str) -> Option<String> {
        let written = field_of(source);
        self.latest(|field| {
            let is_it = field.group == group || field_of_read(&field.group, &field.key) == written;
            field.step == step && is_it
        })
    }

    fn latest(&self, is_it: impl Fn(&ReadField) -> bool) -> Option<String> {
        self.times.iter().filter(|(field, _)| is_it(field)).map(|(_, time)| time).max().cloned()
    }
}
