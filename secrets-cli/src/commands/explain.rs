//! `secrets explain`: where each source would come from, and why. No value is read.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use secrets_runtime::{
    Error, ErrorKind, Resolver,
    admin::{RouteSetting, SourceRoute},
    settings::variables,
};
use secrets_spec::{BuiltIn, LockedFields, LockedSource, SecretsLock, shell_word};

use crate::{
    args::program_args::Explain,
    commands::audit::{last_reads::LastReads, log_line::LogLine, read_log},
    compiled_program::CompiledProgram,
    failure::Failure,
    lock_file::LockFile,
    output::{
        escape::{escape_controls, json_string},
        format::OutputFormat,
        json_object::{JsonObject, json_texts},
        reporter::Reporter,
        table::Table,
        wiped_output::WipedOutput,
    },
    stores,
};

/// A step, and where its sources come from.
struct Explained {
    step: String,
    module: Option<String>,
    /// The program, if the log has several with a step of this name.
    program: Option<String>,
    sources: Vec<ExplainedSource>,
}

/// Where a source comes from, as far as it is known.
#[derive(Default)]
struct ExplainedSource {
    source: String,
    backends: Vec<String>,
    id: Option<String>,
    profile: Option<String>,
    mapped_by: Option<String>,
    region: Option<String>,
    region_from: Option<String>,
    role: Option<String>,
    role_from: Option<String>,
    /// For how many seconds later steps may use the value.
    cache: Option<u64>,
    /// What `secrets.lock` says of it.
    lock: Option<LockedFields>,
    last_read: Option<String>,
}

/// Explains the steps of a program, or one step of which the audit log alone is read.
pub fn run(args: &Explain, reporter: &Reporter) -> Result<(), Failure> {
    let resolver = stores::resolver(args.backend.as_deref())?;
    let steps = match ExplainTarget::of(args) {
        ExplainTarget::Program(path) => {
            steps_of_program(path, args.step.as_deref(), &resolver, reporter)?
        }
        ExplainTarget::LoggedStep(name) => steps_of_log(&name, &resolver, reporter)?,
    };
    let mut output = WipedOutput::default();
    match args.format {
        OutputFormat::Text => steps.iter().for_each(|step| step.print(&mut output)),
        OutputFormat::Json => {
            let json = JsonObject::default().raw("version", "1");
            let json = json.list("steps", steps.iter().map(Explained::json)).finish();
            output.push(format!("{json}\n"));
        }
    }
    output.print()
}

/// What is explained.
enum ExplainTarget<'a> {
    /// A compiled program, or a step of it.
    Program(&'a Path),
    /// A step, by the audit log alone.
    LoggedStep(Cow<'a, str>),
}

impl<'a> ExplainTarget<'a> {
    /// Returns what the command line names: `--log` a step; a path with a slash, or a file that exists, a program.
    fn of(args: &'a Explain) -> Self {
        let path = match (&args.log, &args.target) {
            (Some(name), _) => return Self::LoggedStep(name.into()),
            (None, target) => target.as_deref().unwrap_or(Path::new("")),
        };
        let name = path.to_string_lossy();
        match args.step.is_some() || path.is_file() || has_separator(&name) {
            true => Self::Program(path),
            false => Self::LoggedStep(name),
        }
    }
}

fn has_separator(name: &str) -> bool {
    name.contains(['/', '\\'])
}

fn steps_of_program(
    path: &Path,
    step: Option<&str>,
    resolver: &Resolver,
    reporter: &Reporter,
) -> Result<Vec<Explained>, Failure> {
    let program = read_program(path, reporter).map_err(|failure| match failure {
        Failure::Secrets(error) if step.is_none() && !has_separator(&path.to_string_lossy()) => {
            or_logged_step(error, path).into()
        }
        failure => failure,
    })?;
    let steps = match step {
        Some(name) => program.steps_named(name)?,
        None => program.steps().iter().collect(),
    };
    let mut reads = LastReads::of_program(path);
    let mut routes_of_steps = BTreeMap::new();
    for step in program.steps() {
        let is_explained = steps.iter().any(|it| std::ptr::eq(*it, step));
        let routes = match resolver.routes(step) {
            Err(error) if is_explained => return Err(error.into()),
            routes => routes.unwrap_or_default(),
        };
        reads.add_step(&step.module, &step.name, &routes);
        routes_of_steps.insert(std::ptr::from_ref(step), routes);
    }
    reads.read(resolver.audit_file(), reporter);
    let profile = profile(resolver);
    let is_by_agent = stores::is_aws_by_agent(resolver);
    let lock = read_lock(reporter);
    let explain = |step: &secrets_spec::StepSpec| -> Result<Explained, Failure> {
        let routes = routes_of_steps.remove(&std::ptr::from_ref(step)).unwrap_or_default();
        let sources = routes.into_iter().map(|route| {
            let last_read = reads.of_route(&step.module, &step.name, &route);
            let line = locked_name(step, &route).and_then(|name| lock.get(&name)).cloned();
            let is_of_agent = is_by_agent && is_of_aws(&route) && route.region.is_none();
            let mut explained = ExplainedSource::of_route(route, profile.clone(), last_read);
            if is_of_agent {
                explained.region_from = Some(OF_AGENT.to_owned());
            }
            ExplainedSource { lock: line, ..explained }
        });
        Ok(Explained {
            step: step.name.clone(),
            module: Some(step.module.clone()),
            program: None,
            sources: sources.collect(),
        })
    };
    steps.into_iter().map(explain).collect()
}

fn read_program(path: &Path, reporter: &Reporter) -> Result<CompiledProgram, Failure> {
    let program = CompiledProgram::read(path)?;
    program.warn(reporter);
    program.require_steps()?;
    Ok(program)
}

/// Returns the error of a file that is not a program, where a step of this name may have been meant.
fn or_logged_step(error: Error, path: &Path) -> Error {
    let help = error.problems().first().and_then(|problem| problem.help()).unwrap_or_default();
    let name = shell_word(&path.to_string_lossy());
    let help =
        format!("{help}; if the step of the audit log was meant: `secrets explain --log {name}`");
    error.with_help(help)
}

/// Reads `secrets.lock`, if there is one. One that cannot be used is reported, and counts as empty.
fn read_lock(reporter: &Reporter) -> SecretsLock {
    let read = LockFile::find(None).and_then(|file| file.read());
    if read.is_err() {
        reporter.warning("secrets.lock cannot be used; `secrets lock --check` says why");
    }
    read.ok().flatten().unwrap_or_default()
}

/// Returns the name of a source or request in `secrets.lock`.
fn locked_name(step: &secrets_spec::StepSpec, route: &SourceRoute) -> Option<String> {
    if let Some(key) = &route.key {
        return Some(if route.group.is_empty() { key } else { &route.group }.clone());
    }
    let declared = step.declared_sources().ok()?;
    let source = declared.iter().find(|declared| declared.source.group() == route.group)?;
    Some(LockedSource::of(&source.source).name().to_owned())
}

/// Explains a step by the audit log: that of each program which has a step of this name.
fn steps_of_log(
    name: &str,
    resolver: &Resolver,
    reporter: &Reporter,
) -> Result<Vec<Explained>, Failure> {
    let (module, step) = match name.rsplit_once("::") {
        Some((module, step)) => (Some(module), step),
        None => (None, name),
    };
    let word = shell_word(name);
    let Some(log) = resolver.audit_file() else {
        let help = format!(
            "name the program too, as in `secrets explain BINARY {word}`, or set SECRETS_AUDIT"
        );
        let file = match Path::new(name).exists() {
            true => String::new(),
            false => format!("there is no file `{name}`, and "),
        };
        let message = format!("{file}there is no audit log that could have such a step");
        return Err(Failure::usage(message, help));
    };
    let mut programs: BTreeMap<String, LoggedStep> = BTreeMap::new();
    let profile = profile(resolver);
    read_log(log, reporter, |_, event| {
        if event.text("step") == Some(step) {
            let program = event.text("program").unwrap_or_default().to_owned();
            let logged = programs.entry(program).or_default();
            logged.reads.add(&event);
            if let ("resolved" | "failed", Some(source)) = (event.event(), event.text("source")) {
                let explained = ExplainedSource::of_event(source, &event, profile.clone());
                logged.sources.insert(source.to_owned(), (event.group(), explained));
            }
        }
        Ok(())
    })?;
    programs.retain(|_, logged| !logged.sources.is_empty());
    if programs.is_empty() {
        let message = format!("the audit log {} has no such step", log.display());
        let help = format!(
            "name the program too, as in `secrets explain BINARY {word}`; a program alone is written as its path, such as ./{word}"
        );
        return Err(Failure::about(name, ErrorKind::NotFound, message, help));
    }
    let is_certain = programs.len() == 1;
    let explain = |(program, LoggedStep { sources, reads }): (String, LoggedStep)| {
        let sources = sources.into_values().map(|(group, explained)| {
            let last_read = reads.of_source(step, &group, &explained.source);
            ExplainedSource { last_read, ..explained }
        });
        Explained {
            step: step.to_owned(),
            module: module.map(str::to_owned),
            program: (!is_certain).then_some(program),
            sources: sources.collect(),
        }
    };
    Ok(programs.into_iter().map(explain).collect())
}

/// What the log has of a step of one program.
#[derive(Default)]
struct LoggedStep {
    /// By their texts, with their groups.
    sources: BTreeMap<String, (String, ExplainedSource)>,
    reads: LastReads,
}

/// Returns the name of the profile in effect.
fn profile(resolver: &Resolver) -> Option<String> {
    let setting = resolver.settings().find(|it| *it.variable() == variables::PROFILE)?;
    setting.text().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Where a region is set that no setting of this machine names.
const OF_AGENT: &str = "the AWS agent";

fn is_of_aws(route: &SourceRoute) -> bool {
    let kinds = [BuiltIn::AwsSecretsManager, BuiltIn::Ssm];
    kinds.iter().any(|kind| route.is_of(kind.name()))
}

impl ExplainedSource {
    fn of_route(route: SourceRoute, profile: Option<String>, last_read: Option<String>) -> Self {
        let split = |setting: Option<RouteSetting>| match setting {
            Some(RouteSetting { value, from, .. }) => (Some(value), Some(from)),
            None => (None, None),
        };
        let ((region, region_from), (role, role_from)) = (split(route.region), split(route.role));
        Self {
            source: route.source,
            backends: route.backends,
            id: Some(match route.key {
                Some(key) if route.id.is_empty() => key,
                _ => route.id,
            }),
            profile,
            mapped_by: route.mapped_by,
            region,
            region_from,
            role,
            role_from,
            cache: route.cached_for.map(|time| time.as_secs()),
            lock: None,
            last_read,
        }
    }

    fn of_event(source: &str, event: &LogLine, profile: Option<String>) -> Self {
        let text = |name: &str| event.text(name).map(str::to_owned);
        Self {
            source: source.to_owned(),
            backends: text("backend").into_iter().collect(),
            id: text("id"),
            profile,
            role: text("role"),
            ..Self::default()
        }
    }

    fn json(&self) -> String {
        let cache = self.cache.map_or_else(|| "null".to_owned(), |seconds| seconds.to_string());
        JsonObject::default()
            .text("source", &self.source)
            .raw("backends", &json_texts(self.backends.iter().map(String::as_str)))
            .text_or_null("id", self.id.as_deref())
            .text_or_null("profile", self.profile.as_deref())
            .text_or_null("mapped_by", self.mapped_by.as_deref())
            .text_or_null("region", self.region.as_deref())
            .text_or_null("region_from", self.region_from.as_deref())
            .text_or_null("role", self.role.as_deref())
            .text_or_null("role_from", self.role_from.as_deref())
            .raw("cache", &cache)
            .raw("lock", &lock_json(self.lock.as_ref()))
            .text_or_null("last_read", self.last_read.as_deref())
            .finish()
    }

    /// Returns what is known, each with its name.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let with_place = |value: &Option<String>, from: &Option<String>| {
            let from = from.as_deref().map(|from| format!(" ({from})")).unwrap_or_default();
            value.as_ref().map(|value| format!("{value}{from}"))
        };
        let region = match (&self.region, &self.region_from) {
            (None, Some(place)) => Some(format!("that of {place}")),
            (region, from) => with_place(region, from),
        };
        let lines = [
            ("backend", Some(self.backends.join(", then "))),
            ("id", self.id.clone()),
            ("mapped by", self.mapped_by.clone()),
            ("profile", self.profile.clone()),
            ("region", region),
            ("role", with_place(&self.role, &self.role_from)),
            ("cache", self.cache.map(cache_text)),
            ("lock", self.lock.as_ref().map(lock_text)),
            (
                "last read",
                Some(self.last_read.clone().unwrap_or_else(|| "not in an audit log".to_owned())),
            ),
        ];
        let known = lines.into_iter().filter_map(|(name, text)| Some((name, text?)));
        known.filter(|(_, text)| !text.is_empty()).collect()
    }
}

/// Returns what a lock says, as it stands there.
fn lock_json(fields: Option<&LockedFields>) -> String {
    match fields {
        None => "null".to_owned(),
        Some(LockedFields::Text) => json_string("text"),
        Some(LockedFields::Binary) => json_string("binary"),
        Some(LockedFields::Keys(keys)) => json_texts(keys.iter().map(String::as_str)),
    }
}

fn lock_text(fields: &LockedFields) -> String {
    match fields {
        LockedFields::Text => "one text".to_owned(),
        LockedFields::Binary => "one binary value".to_owned(),
        LockedFields::Keys(keys) => {
            let noun = if keys.len() == 1 { "key" } else { "keys" };
            format!("the {noun} {}", keys.join(", "))
        }
    }
}

fn cache_text(seconds: u64) -> String {
    match seconds {
        0 => "none: each step reads it".to_owned(),
        seconds => format!("{seconds} s"),
    }
}

impl Explained {
    fn json(&self) -> String {
        JsonObject::default()
            .text("step", &self.step)
            .text_or_null("module", self.module.as_deref())
            .list("sources", self.sources.iter().map(ExplainedSource::json))
            .finish()
    }

    fn print(&self, output: &mut WipedOutput) {
        let name = match &self.module {
            Some(module) => format!("{module}::{}", self.step),
            None => self.step.clone(),
        };
        let program = self.program.as_deref().map(|program| format!(" in {program}"));
        let heading = name + &program.unwrap_or_default();
        output.push(format!("{}\n", escape_controls(&heading)));
        let mut table = Table::default();
        for source in &self.sources {
            let lines = source.lines();
            for (index, (what, text)) in lines.iter().enumerate() {
                let first = if index == 0 { source.source.as_str() } else { "" };
                let first = format!("  {first}");
                table.row([first.as_str(), what, text]);
            }
        }
        if self.sources.is_empty() {
            table.row(["  it declares nothing, and gets its sources at launch", "", ""]);
        }
        table.print(output);
    }
}
