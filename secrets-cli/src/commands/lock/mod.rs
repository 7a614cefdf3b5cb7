//! `lock`: writes `secrets.lock` from the backends, or checks it.

mod coverage;
mod lock_targets;
mod query;

use std::collections::{BTreeMap, BTreeSet};

use secrets_runtime::Error;
use secrets_spec::{LockedFields, LockedSource, SecretsLock, StepSpec};

use crate::{
    args::LockArgs,
    commands::lock::lock_targets::LockTargets,
    compiled_program::CompiledProgram,
    failure::{Failure, fail_on_any},
    lock_file::LockFile,
    output::{
        escape::{escape_name, json_string},
        format::OutputFormat,
        reporter::Reporter,
        wiped_output::WipedOutput,
    },
    stores,
};

/// The message and the help if there is nothing to lock.
const NOTHING_TO_LOCK: (&str, &str) = (
    "there is nothing to lock",
    "name sources (such as `db`), or a program with --from; a secrets.lock that exists is brought up to date",
);

pub fn run(args: &LockArgs, reporter: &Reporter) -> Result<(), Failure> {
    let (sources, binaries) = split(args);
    let sources = lock_targets::parse_sources(&sources)?;
    let mut steps = Vec::new();
    for path in &binaries {
        let program = CompiledProgram::read(path)?;
        program.warn(reporter);
        program.require_steps()?;
        steps.extend(program.steps().iter().cloned());
    }
    let file = LockFile::find(args.file.as_deref())?;
    let before = file.read()?;
    if args.check {
        let lock = before.ok_or_else(|| file.missing())?;
        return check(args, &file, &lock, &sources, &steps, reporter);
    }
    let is_new = before.is_none();
    let before = before.unwrap_or_default();
    let mut targets = LockTargets::default();
    targets.add_named(&sources);
    targets.add_declared(&steps, &before);
    let mut lock = before.clone();
    if args.prune && !steps.is_empty() {
        lock.retain(|name| targets.has(name));
    }
    targets.add_locked(&lock);
    if targets.is_empty() && is_new {
        return Err(Failure::usage(NOTHING_TO_LOCK.0, NOTHING_TO_LOCK.1));
    }
    let (mut errors, mut keeps_line) = (Vec::new(), false);
    for (name, answer) in ask(&targets, args, reporter)? {
        match answer {
            Ok(fields) => lock.insert(&name, fields),
            Err(error) => {
                keeps_line |= lock.get(&name).is_some();
                errors.push(error);
            }
        }
    }
    let difference = Difference::of(&before, &lock);
    // A file with no secret is of no use to a program.
    let is_written = if is_new { !lock.is_empty() } else { !difference.is_empty() };
    let mut written = lock.clone();
    if is_written {
        // Others may have changed the file while the backends were asked.
        if let Some(now) = file.read()? {
            written = difference.applied_to(now, &lock);
        }
        file.write(&written)?;
    }
    let is_certain = errors.is_empty();
    difference.report(&file, &written, (is_written, is_certain), args.common.format, reporter)?;
    if is_written && is_new {
        reporter.info(
            "note: a crate that is compiled already uses the new file only when it is compiled again: cargo clean -p CRATE",
        );
    }
    if keeps_line {
        reporter.info("note: a secret that cannot be read keeps its line");
    }
    fail_on_any(errors)
}

/// Returns the sources and the programs. A file after the first program is another program: `--from one two`.
fn split(args: &LockArgs) -> (Vec<String>, Vec<std::path::PathBuf>) {
    let is_program = |text: &&String| {
        let path = std::path::Path::new(text.as_str());
        !args.from.is_empty() && path.components().count() > 1 && path.is_file()
    };
    let (programs, sources): (Vec<&String>, Vec<&String>) =
        args.source.iter().partition(is_program);
    let programs = programs.into_iter().map(Into::into);
    (sources.into_iter().cloned().collect(), args.from.iter().cloned().chain(programs).collect())
}

/// Asks the backends of all profiles about all targets. Each has the keys that all profiles have.
fn ask(
    targets: &LockTargets,
    args: &LockArgs,
    reporter: &Reporter,
) -> Result<BTreeMap<String, Result<LockedFields, Error>>, Failure> {
    let backend = args.common.backend.as_deref();
    let named = stores::profiles();
    let profiles: Vec<Option<&str>> =
        if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() };
    let mut answers: BTreeMap<String, Result<LockedFields, Error>> = BTreeMap::new();
    let mut without_common_keys = BTreeSet::new();
    for profile in &profiles {
        let resolver = stores::resolver_of_profile(backend, *profile)?;
        for (name, answer) in query::ask(&resolver, targets) {
            let answer = answer.map_err(|error| match profile {
                Some(profile) if profiles.len() > 1 => query::in_profile(&error, profile),
                _ => error,
            });
            let joined = match (answers.remove(&name), answer) {
                (None, answer) => answer,
                (Some(Ok(known)), Ok(fields)) => {
                    let has_keys = !known.is_without_keys() && !fields.is_without_keys();
                    let common = known.in_common(&fields);
                    if has_keys && common.is_without_keys() {
                        without_common_keys.insert(name.clone());
                    }
                    Ok(common)
                }
                (Some(Err(known)), Err(error)) => {
                    let fallback = known.clone();
                    Err(Error::join([known, error]).unwrap_or(fallback))
                }
                (Some(Err(error)), Ok(_)) | (Some(Ok(_)), Err(error)) => Err(error),
            };
            answers.insert(name, joined);
        }
    }
    for name in without_common_keys {
        let name = escape_name(&name);
        reporter.warning(&format!(
            "{name}: no key is in all of these profiles, so its line has none, and no program can read a key of it"
        ));
    }
    Ok(answers)
}

/// Checks that the lock has what is declared and, if asked for, that it agrees with the backends.
fn check(
    args: &LockArgs,
    file: &LockFile,
    lock: &SecretsLock,
    sources: &[secrets_spec::Source],
    steps: &[StepSpec],
    reporter: &Reporter,
) -> Result<(), Failure> {
    let mut errors = coverage::gaps(lock, sources, steps);
    if args.against_backend {
        let mut targets = LockTargets::default();
        targets.add_named(sources);
        targets.add_declared(steps, lock);
        targets.add_locked(lock);
        let answers = ask(&targets, args, reporter)?;
        errors.extend(coverage::differences(lock, answers));
    }
    fail_on_any(errors)?;
    if args.common.format == OutputFormat::Json {
        let mut output = WipedOutput::default();
        output.push(format!(
            "{{\"file\":{},\"ok\":true,\"secrets\":{},\"sources\":{},\"steps\":{}}}\n",
            json_string(&file.shown()),
            lock.len(),
            sources.len(),
            steps.len()
        ));
        return output.print();
    }
    reporter.info(&format!("{} {}", file.shown(), checked(args, sources, steps.len())));
    Ok(())
}

/// Returns what was checked and is right, in words.
fn checked(args: &LockArgs, sources: &[secrets_spec::Source], steps: usize) -> String {
    let mut has: Vec<String> = Vec::new();
    match sources {
        [] => {}
        [source] => has.push(format!("`{}`", escape_name(LockedSource::of(source).name()))),
        sources => has.push(format!("the {} sources that are named", sources.len())),
    }
    match steps {
        0 => {}
        1 => has.push("what 1 step declares".to_owned()),
        count => has.push(format!("what {count} steps declare")),
    }
    match (has.is_empty(), args.against_backend) {
        (true, true) => "agrees with the backends".to_owned(),
        (false, true) => format!("has {}, and agrees with the backends", has.join(" and ")),
        (false, false) => format!("has {}", has.join(" and ")),
        (true, false) => {
            "can be read; name sources, or a program with --from, to check that it has them"
                .to_owned()
        }
    }
}

/// What a run has changed.
struct Difference<'a> {
    added: Vec<&'a str>,
    changed: Vec<&'a str>,
    removed: Vec<&'a str>,
}

impl<'a> Difference<'a> {
    fn of(before: &'a SecretsLock, after: &'a SecretsLock) -> Self {
        let names = |lock: &'a SecretsLock, is_it: &dyn Fn(&str, &LockedFields) -> bool| {
            lock.iter().filter(|(name, fields)| is_it(name, fields)).map(|(name, _)| name).collect()
        };
        Self {
            added: names(after, &|name, _| before.get(name).is_none()),
            changed: names(after, &|name, fields| {
                before.get(name).is_some_and(|known| known != fields)
            }),
            removed: names(before, &|name, _| after.get(name).is_none()),
        }
    }

    /// Returns another state of the file with these changes alone. `after` has the new lines.
    fn applied_to(&self, mut now: SecretsLock, after: &SecretsLock) -> SecretsLock {
        now.retain(|name| !self.removed.contains(&name));
        for name in self.added.iter().chain(&self.changed) {
            if let Some(fields) = after.get(name) {
                now.insert(name, fields.clone());
            }
        }
        now
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    fn report(
        &self,
        file: &LockFile,
        lock: &SecretsLock,
        (is_written, is_certain): (bool, bool),
        format: OutputFormat,
        reporter: &Reporter,
    ) -> Result<(), Failure> {
        let lists =
            [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)];
        if format == OutputFormat::Json {
            let lists = lists.map(|(word, names)| {
                let names: Vec<String> = names.iter().map(|name| json_string(name)).collect();
                format!("\"{word}\":[{}]", names.join(","))
            });
            let mut output = WipedOutput::default();
            output.push(format!(
                "{{\"file\":{},\"written\":{is_written},\"secrets\":{},{}}}\n",
                json_string(&file.shown()),
                lock.len(),
                lists.join(",")
            ));
            return output.print();
        }
        for (word, names) in lists {
            for name in names {
                reporter.info(&format!("{word}: {name}"));
            }
        }
        let count = match lock.len() {
            1 => "1 secret".to_owned(),
            count => format!("{count} secrets"),
        };
        let shown = file.shown();
        match (is_written, lock.is_empty()) {
            (true, _) => reporter.info(&format!("wrote {shown}: {count}")),
            (false, true) => reporter.info(&format!("{shown} is not written: it would be empty")),
            (false, false) if is_certain => {
                reporter.info(&format!("{shown} is up to date: {count}"));
            }
            (false, false) => reporter.info(&format!("{shown} is unchanged: {count}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(lines: &[(&str, &str)]) -> SecretsLock {
        let mut lock = SecretsLock::default();
        lines.iter().for_each(|(name, key)| lock.insert(name, LockedFields::keys([*key])));
        lock
    }

    #[test]
    fn what_others_have_written_meanwhile_stays() {
        let before = lock(&[("kept", "a"), ("changed", "a"), ("removed", "a"), ("theirs", "a")]);
        let after = lock(&[("kept", "a"), ("changed", "b"), ("added", "b"), ("theirs", "a")]);
        let now = lock(&[
            ("kept", "a"),
            ("changed", "a"),
            ("removed", "a"),
            ("theirs", "c"),
            ("new", "c"),
        ]);
        let written = Difference::of(&before, &after).applied_to(now, &after);
        let expected =
            lock(&[("kept", "a"), ("changed", "b"), ("added", "b"), ("theirs", "c"), ("new", "c")]);
        assert_eq!(written, expected);
    }
}
