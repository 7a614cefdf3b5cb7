//! A compiled program, and the steps that it declares.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use secrets_runtime::ErrorKind;
use secrets_spec::{FoundRecord, RecordFinder, StepSpec, shell_word};

use crate::{
    failure::{Failure, error_about, fail_on_any},
    output::reporter::Reporter,
};

/// How many bytes of a program are in memory.
const PIECE: usize = 256 * 1024;

/// How many damaged records are named.
const MAX_DAMAGED: usize = 10;

/// What is kept of a program. A file that was made to have more would fill the memory.
const MAX_STEPS: usize = 100_000;
const MAX_SOURCES: usize = 200_000;
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// A file with records of steps: an executable, a library, or whatever else holds the bytes of one.
#[derive(Debug)]
pub struct CompiledProgram {
    path: PathBuf,
    /// Sorted, and each once.
    steps: Vec<StepSpec>,
    /// The offsets of damaged records and what is wrong with them, as far as they are named.
    damaged: Vec<(u64, String)>,
    damaged_count: u64,
    /// How many records a later release has written.
    newer_count: u64,
}

impl CompiledProgram {
    /// Reads the steps of a program, which is not run.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let mut found = FoundSteps::default();
        found.search(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            steps: found.steps.into_values().collect(),
            damaged: found.damaged,
            damaged_count: found.damaged_count,
            newer_count: found.newer_count,
        })
    }

    /// Returns the steps, sorted by module and name.
    pub fn steps(&self) -> &[StepSpec] {
        &self.steps
    }

    /// Returns the steps of this name, which may begin with the module: `load` or `app::jobs::load`.
    ///
    /// # Errors
    /// `NotFound` if the program has no such step.
    pub fn steps_named(&self, name: &str) -> Result<Vec<&StepSpec>, Failure> {
        let steps: Vec<_> = self.steps.iter().filter(|step| is_named(step, name)).collect();
        if !steps.is_empty() {
            return Ok(steps);
        }
        self.require_steps()?;
        let names = || self.steps.iter().map(|step| step.name.as_str());
        let help = match secrets_spec::closest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let path = shell_word(&self.path.to_string_lossy());
                format!("`secrets inspect {path}` lists its steps")
            }
        };
        let message = format!("{} has no such step", self.path.display());
        Err(Failure::about(name, ErrorKind::NotFound, message, help))
    }

    /// Fails if the program has no step.
    pub fn require_steps(&self) -> Result<(), Failure> {
        let missing = self.steps.is_empty().then(|| {
            if self.newer_count > 0 {
                let message = "a newer version of secrets-runtime made it, whose steps this command cannot read";
                let origin = self.path.display().to_string();
                return error_about(&origin, ErrorKind::NotFound, message, UPDATE);
            }
            let help = "name a program that was built with steps; a function that is never called may be left out of it";
            let origin = self.path.display().to_string();
            error_about(&origin, ErrorKind::NotFound, "it declares no step", help)
        });
        fail_on_any(missing.into_iter().collect())
    }

    /// Warns about records that are skipped.
    pub fn warn(&self, reporter: &Reporter) {
        let path = self.path.display();
        if self.newer_count > 0 && !self.steps.is_empty() {
            let count = self.newer_count;
            reporter.warning(&format!(
                "{path}: {count} steps are of a newer version of secrets-runtime, and are skipped: {UPDATE}"
            ));
        }
        for (offset, message) in &self.damaged {
            reporter.warning(&format!("{path}: skipped at byte {offset}: {message}"));
        }
        let more = self.damaged_count - self.damaged.len() as u64;
        if more > 0 {
            reporter.warning(&format!("{path}: {more} more damaged records are skipped"));
        }
    }
}

const UPDATE: &str = "update the command `secrets`";

/// The module, name, file and line of a step, and the bytes of its record.
type RecordKey = (String, String, String, u32, Vec<u8>);

/// What is found while a program is read.
#[derive(Default)]
struct FoundSteps {
    /// By place and content. A core file has a record many times.
    steps: BTreeMap<RecordKey, StepSpec>,
    sources: usize,
    record_bytes: usize,
    damaged: Vec<(u64, String)>,
    damaged_count: u64,
    newer_count: u64,
}

impl FoundSteps {
    fn search(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut piece = vec![0; PIECE];
        let mut finder = RecordFinder::default();
        loop {
            let length = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            finder.push(&piece[..length], |record| self.add(record));
        }
        finder.finish(|record| self.add(record));
        Ok(())
    }

    fn add(&mut self, record: FoundRecord) {
        if record.is_newer {
            self.newer_count += 1;
            return;
        }
        let offset = record.offset;
        let message = match record.step {
            Ok(step) => match self.keep(step, record.json) {
                Ok(()) => return,
                Err(message) => message,
            },
            Err(error) => error.message().to_owned(),
        };
        self.damaged_count += 1;
        if self.damaged.len() < MAX_DAMAGED {
            self.damaged.push((offset, message));
        }
    }
}

impl FoundSteps {
    /// Keeps a step, unless it is kept already.
    ///
    /// # Errors
    /// Why there is no more room.
    fn keep(&mut self, step: StepSpec, json: Vec<u8>) -> Result<(), String> {
        let bytes = json.len();
        let (module, name) = (step.module.clone(), step.name.clone());
        let key = (module, name, step.file.clone(), step.line, json);
        if self.steps.contains_key(&key) {
            return Ok(());
        }
        let sources = step.sources.len() + step.requests.len() + step.parameters.len();
        if self.steps.len() >= MAX_STEPS {
            return Err(format!("there are more than {MAX_STEPS} steps"));
        }
        if self.sources + sources > MAX_SOURCES {
            return Err(format!("the steps have more than {MAX_SOURCES} sources"));
        }
        if self.record_bytes + bytes > MAX_RECORD_BYTES {
            let most = MAX_RECORD_BYTES / (1024 * 1024);
            return Err(format!("the records of the steps have more than {most} MiB"));
        }
        self.sources += sources;
        self.record_bytes += bytes;
        self.steps.insert(key, step);
        Ok(())
    }
}

/// Whether a step has this name, which may begin with its module.
pub fn is_named(step: &StepSpec, name: &str) -> bool {
    let with_module = || {
        let module = name.strip_suffix(step.name.as_str()).and_then(|it| it.strip_suffix("::"));
        module == Some(step.module.as_str())
    };
    step.name == name || with_module()
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let (reason, help) = match error.kind() {
        io::ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "check the path; cargo writes programs to target/debug and target/release",
        ),
        kind => (kind.to_string(), "name a file that you may read"),
    };
    let message = format!("the program cannot be read: {reason}");
    Failure::about(&path.display().to_string(), ErrorKind::InvalidValue, message, help)
}
