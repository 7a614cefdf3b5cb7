//! What steps declare and never read.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    commands::audit::{log_line::LogLine, written_source::field_of},
    output::{
        escape::{escape_controls, json_string},
        format::OutputFormat,
        wiped_output::WipedOutput,
    },
};

/// The steps of this command that pass no value on. No step of a program has such a name.
const STEPS_WITHOUT_READS: [&str; 2] = ["secrets lock", "secrets mask"];

/// The declared and the read secrets of each step.
#[derive(Default)]
pub struct Usage(BTreeMap<Step, StepUsage>);

/// A step of a program: the program and the name.
type Step = (String, String);

#[derive(Default)]
struct StepUsage {
    /// The declared sources and requests, in the order in which they were first got.
    declared: Vec<Declared>,
    /// The groups of the fields that were read, and the fields as requests for them are written.
    groups: BTreeSet<String>,
    fields: BTreeSet<String>,
}

struct Declared {
    source: String,
    group: String,
    /// In how many calls the step got it.
    calls: u64,
}

impl Usage {
    pub fn add(&mut self, line: &LogLine) {
        let Some(step) = line.text("step") else { return };
        if STEPS_WITHOUT_READS.contains(&step) {
            return;
        }
        let program = line.text("program").unwrap_or_default().to_owned();
        let usage = self.0.entry((program, step.to_owned())).or_default();
        match (line.event(), line.text("source")) {
            ("resolved", Some(source)) => usage.declare(source, line.group()),
            ("read", _) => {
                usage.groups.extend(line.text("group").map(str::to_owned));
                usage.fields.extend(line.group_and_key());
            }
            _ => {}
        }
    }

    /// Returns whether no step has declared anything.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|usage| usage.declared.is_empty())
    }

    /// Writes what was never read. Returns whether there is any.
    pub fn print(&self, output: &mut WipedOutput, format: OutputFormat) -> bool {
        let mut unused = Vec::new();
        for ((program, step), usage) in &self.0 {
            for declared in usage.declared.iter().filter(|declared| !usage.has_read(declared)) {
                let Declared { source, calls, .. } = declared;
                unused.push(match format {
                    OutputFormat::Json => format!(
                        "{{\"program\":{},\"step\":{},\"source\":{},\"calls\":{calls}}}",
                        json_string(program),
                        json_string(step),
                        json_string(source),
                    ),
                    OutputFormat::Text => {
                        let calls = if *calls == 1 {
                            "1 call".to_owned()
                        } else {
                            format!("{calls} calls")
                        };
                        let line = format!("{program}  {step}  {source}  ({calls})");
                        escape_controls(&line).into_owned()
                    }
                });
            }
        }
        match format {
            OutputFormat::Json => output.push(format!("[{}]\n", unused.join(","))),
            OutputFormat::Text => unused.iter().for_each(|line| output.push(format!("{line}\n"))),
        }
        !unused.is_empty()
    }
}

impl StepUsage {
    fn declare(&mut self, source: &str, group: String) {
        let is_it = |known: &&mut Declared| known.source == source && known.group == group;
        match self.declared.iter_mut().find(is_it) {
            Some(known) => known.calls += 1,
            None => self.declared.push(Declared { source: source.to_owned(), group, calls: 1 }),
        }
    }

    fn has_read(&self, declared: &Declared) -> bool {
        self.groups.contains(&declared.group) || self.fields.contains(&field_of(&declared.source))
    }
}
