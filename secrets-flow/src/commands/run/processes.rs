//! `run`: every step in a process of its own.

use std::{
    process::{self, Command},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, WaitOptions, waitpid};
use secrets_runtime::cli::SecretsArgs;

use crate::{
    arguments::UNDER_RUN,
    commands::run::{
        exit_code::describe,
        output::{self, OutputTarget, PrintedWarnings},
        progress::Progress,
        schedule::{AfterAttempt, RunSchedule},
        signals::{self, RunningGroups},
        step_process::{self, StepProcess, start_code, wait_for},
    },
    failure::CommandFailure,
    plan::FlowPlan,
    program,
    step::FlowStep,
};

/// How long the outputs of a process that has ended may be open still: another process may have them.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// Runs the steps. Returns the exit code of the signal that has ended the run, if one has.
pub fn run(
    flow: &FlowPlan,
    secrets: &SecretsArgs,
    variables: &[(String, String)],
    jobs: Option<u32>,
    schedule: &mut RunSchedule,
) -> Result<Option<u8>, CommandFailure> {
    let progress = Progress::new(flow, |index| schedule.run_of(index).is_some());
    let (events, received) = mpsc::channel();
    let groups = RunningGroups::new();
    let of_signal = events.clone();
    let watched = signals::watch(groups.clone(), move |signal| {
        let _ = of_signal.send(Event::Signal(signal));
    });
    watched.map_err(|error| {
        CommandFailure::Other(format!("signals cannot be received: {error}"), 1)
    })?;
    let mut run = Run {
        flow,
        secrets,
        variables,
        jobs: jobs.and_then(|jobs| usize::try_from(jobs).ok()).unwrap_or(usize::MAX),
        schedule,
        progress: Arc::new(progress),
        warnings: Arc::default(),
        attempts: flow.steps.iter().map(|_| None).collect(),
        masks: Vec::new(),
        groups,
        events,
        ended_by: None,
    };
    run.finish(&received);
    run.progress.finish();
    Ok(run.ended_by)
}

enum Event {
    /// The process of a step has ended, and is to be waited for.
    Ended(usize),
    /// An output of a step has ended.
    OutputEnded(usize),
    Signal(i32),
}

struct Run<'a> {
    flow: &'a FlowPlan,
    secrets: &'a SecretsArgs,
    variables: &'a [(String, String)],
    jobs: usize,
    schedule: &'a mut RunSchedule,
    progress: Arc<Progress>,
    warnings: Arc<PrintedWarnings>,
    /// The attempt of each step that runs, and when it counts as over although an output of it is open.
    attempts: Vec<Option<(StepProcess, Option<Instant>)>>,
    /// The processes that still mask the last lines of attempts that are over.
    masks: Vec<Pid>,
    groups: RunningGroups,
    events: Sender<Event>,
    ended_by: Option<u8>,
}

impl Run<'_> {
    fn finish(&mut self, received: &Receiver<Event>) {
        loop {
            self.start_ready();
            if self.schedule.running() == 0
                && (self.ended_by.is_some() || self.schedule.next_start(self.jobs).is_none())
            {
                return;
            }
            let event = match self.next_time() {
                Some(at) => {
                    received.recv_timeout(at.saturating_duration_since(Instant::now())).ok()
                }
                // The sender of this struct keeps the channel open.
                None => received.recv().ok(),
            };
            match event {
                Some(Event::Ended(index)) => self.reap(index),
                Some(Event::OutputEnded(index)) => {
                    if let Some((attempt, _)) = self.attempt(index) {
                        attempt.open_outputs = attempt.open_outputs.saturating_sub(1);
                    }
                    self.finish_attempt(index);
                }
                Some(Event::Signal(signal)) => self.stop(signal),
                None => {}
            }
            self.enforce_timeouts();
        }
    }

    fn attempt(&mut self, index: usize) -> Option<&mut (StepProcess, Option<Instant>)> {
        self.attempts.get_mut(index)?.as_mut()
    }

    fn next_time(&self) -> Option<Instant> {
        let attempts = self.attempts.iter().flatten();
        let times = attempts.filter_map(|(attempt, over)| attempt.next_time().or(*over));
        let next_start = match self.ended_by {
            None => self.schedule.next_start(self.jobs),
            Some(_) => None,
        };
        times.chain(next_start).min()
    }

    fn start_ready(&mut self) {
        if self.ended_by.is_some() {
            return;
        }
        for index in self.schedule.ready(Instant::now()) {
            if self.schedule.running() >= self.jobs {
                return;
            }
            self.start(index);
        }
    }

    fn start(&mut self, index: usize) {
        let flow = self.flow;
        let Some(step) = flow.steps.get(index) else { return };
        let now = Instant::now();
        self.schedule.start(index, now);
        self.progress.start(&step.name);
        let deadline = step.timeout.and_then(|timeout| now.checked_add(timeout));
        let mut attempt = match StepProcess::start(self.command(step), deadline) {
            Ok(attempt) => attempt,
            Err(error) => {
                self.progress.change(&step.name, &format!("cannot be started: {error}"));
                return self.end(index, start_code(&error));
            }
        };
        let pid = attempt.pid();
        self.groups.add(pid);
        if let Some((stdout, stderr)) = attempt.take_outputs() {
            self.pass_on(index, step, stdout, OutputTarget::Output);
            self.pass_on(index, step, stderr, OutputTarget::Errors);
        }
        let events = self.events.clone();
        thread::spawn(move || {
            wait_for(pid);
            let _ = events.send(Event::Ended(index));
        });
        if let Some(place) = self.attempts.get_mut(index) {
            *place = Some((attempt, None));
        }
    }

    /// Returns the command line of a step: this program's, with the options that the step needs.
    fn command(&self, step: &FlowStep) -> Command {
        let mut command = program::command();
        let SecretsArgs { with, backend, profile, .. } = self.secrets;
        // The step itself reports a damaged record.
        let takes_attached =
            step.declaration_state().is_ok_and(|declared| declared.takes_attached());
        let options = [
            ("--with", with.as_ref().filter(|_| takes_attached)),
            ("--secrets-backend", backend.as_ref()),
            ("--secrets-profile", profile.as_ref()),
        ];
        for (option, value) in options {
            command.args(value.into_iter().flat_map(|value| [option, value.as_str()]));
        }
        command.args([UNDER_RUN, &process::id().to_string(), "step", &step.name]).envs(&step.env);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn pass_on(
        &self,
        index: usize,
        step: &FlowStep,
        source: impl std::io::Read + Send + 'static,
        target: OutputTarget,
    ) {
        let (name, events) = (step.name.clone(), self.events.clone());
        let (progress, warnings) = (Arc::clone(&self.progress), Arc::clone(&self.warnings));
        thread::spawn(move || {
            output::pass_on(source, &name, target, &progress, &warnings);
            let _ = events.send(Event::OutputEnded(index));
        });
    }

    fn reap(&mut self, index: usize) {
        let groups = self.groups.clone();
        let Some((attempt, over)) = self.attempt(index) else { return };
        attempt.reap(|pid| groups.remove(pid));
        *over = Some(Instant::now() + OUTPUT_GRACE);
        let pid = attempt.pid();
        self.masks.retain(|mask| is_running(*mask));
        let attempts = self.attempts.iter_mut().flatten();
        let of_attempts = attempts.filter_map(|(attempt, _)| attempt.mask());
        let masks: Vec<Pid> = self.masks.iter().copied().chain(of_attempts).collect();
        groups.kill_orphans(&masks);
        // What is left of the group is gone a moment later.
        step_process::wait_for_group(pid);
        self.finish_attempt(index);
    }

    /// Finishes an attempt whose process and outputs have ended.
    fn finish_attempt(&mut self, index: usize) {
        let now = Instant::now();
        let Some((attempt, over)) = self.attempt(index) else { return };
        let is_over = attempt.open_outputs == 0 || over.is_some_and(|over| over <= now);
        let Some(code) = attempt.exit_code().filter(|_| is_over) else { return };
        let mask = attempt.mask().filter(|mask| is_running(*mask));
        self.masks.extend(mask);
        if let Some(place) = self.attempts.get_mut(index) {
            *place = None;
        }
        self.end(index, code);
    }

    fn end(&mut self, index: usize, code: u8) {
        let Some(step) = self.flow.steps.get(index) else { return };
        let result = match self.schedule.end(index, code, Instant::now()) {
            AfterAttempt::Passed => "ok".to_owned(),
            AfterAttempt::Failed => describe(code),
            AfterAttempt::Again(pause) => {
                format!("{}, again in {} s", describe(code), pause.as_secs())
            }
        };
        self.progress.end(&step.name, &result);
    }

    /// Ends the attempts that take too long.
    fn enforce_timeouts(&mut self) {
        let now = Instant::now();
        for index in 0..self.attempts.len() {
            let flow = self.flow;
            let Some((attempt, _)) = self.attempt(index) else { continue };
            if attempt.enforce_timeout(now)
                && let Some(step) = flow.steps.get(index)
            {
                self.progress.change(&step.name, "takes longer than its timeout, and is ended");
            }
            self.finish_attempt(index);
        }
    }

    /// Ends the run because of a signal: the children first.
    fn stop(&mut self, signal: i32) {
        self.ended_by = Some(u8::try_from(128 + signal).unwrap_or(1));
        for (attempt, _) in self.attempts.iter_mut().flatten() {
            attempt.ask_to_end(Instant::now());
        }
    }
}

/// Returns whether this is a running child of this process. One that has ended is waited for.
fn is_running(pid: Pid) -> bool {
    matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None))
}
