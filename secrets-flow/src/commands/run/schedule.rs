//! Which step runs next, and when a failed one is tried again.

use std::time::{Duration, Instant};

use crate::{
    attempts::{FINAL_CODES, pause_after},
    step::FlowStep,
};

/// Which steps have run, and which may run next.
#[derive(Debug)]
pub struct RunSchedule {
    /// A step that is not to run has none.
    runs: Vec<Option<StepRun>>,
    first_failure: Option<u8>,
}

/// A step that is to run.
#[derive(Debug)]
pub struct StepRun {
    pub state: StepState,
    /// How many attempts have begun.
    pub attempts: u32,
    /// How long the attempts took.
    pub time: Duration,
    started: Option<Instant>,
    retry: u32,
    after: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Waiting,
    Running,
    /// Its next attempt begins then.
    Pausing(Instant),
    /// It has ended with this exit code, and is not tried again.
    Ended(u8),
}

/// What follows the end of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    Passed,
    Failed,
    /// It is tried again after this time.
    Again(Duration),
}

impl RunSchedule {
    /// Creates the schedule of these steps, or of some of them. Steps that are left out count as passed.
    /// A step has at most `most_attempts`.
    pub fn new(steps: &[FlowStep], only: &[String], most_attempts: u32) -> Self {
        let is_wanted = |step: &FlowStep| only.is_empty() || only.contains(&step.name);
        let place = |name: &String| steps.iter().position(|step| step.name == *name);
        let run = |step: &FlowStep| StepRun {
            state: StepState::Waiting,
            attempts: 0,
            time: Duration::ZERO,
            started: None,
            retry: step.retry.min(most_attempts.saturating_sub(1)),
            after: step.after.iter().filter_map(place).collect(),
        };
        let runs = steps.iter().map(|step| is_wanted(step).then(|| run(step))).collect();
        Self { runs, first_failure: None }
    }

    pub fn run_of(&self, index: usize) -> Option<&StepRun> {
        self.runs.get(index)?.as_ref()
    }

    /// Returns the exit code of the step that failed first.
    pub fn first_failure(&self) -> Option<u8> {
        self.first_failure
    }

    /// Returns the steps that may start now, in the order of the flow. After a failure there are none.
    pub fn ready(&self, now: Instant) -> Vec<usize> {
        let is_ready = |run: &StepRun| match run.state {
            StepState::Waiting => run.after.iter().all(|&before| self.has_passed(before)),
            StepState::Pausing(until) => until <= now,
            StepState::Running | StepState::Ended(_) => false,
        };
        let runs = self.runs.iter().enumerate();
        let ready = runs.filter(|(_, run)| run.as_ref().is_some_and(is_ready));
        match self.first_failure {
            Some(_) => Vec::new(),
            None => ready.map(|(index, _)| index).collect(),
        }
    }

    /// Returns when a step that pauses may start. `None` if none does, or if as many steps run as may run at the same time:
    /// it then waits for one of them to end.
    pub fn next_start(&self, jobs: usize) -> Option<Instant> {
        if self.running() >= jobs {
            return None;
        }
        let runs = self.runs.iter().flatten().filter(|_| self.first_failure.is_none());
        let times = runs.filter_map(|run| match run.state {
            StepState::Pausing(until) => Some(until),
            _ => None,
        });
        times.min()
    }

    pub fn running(&self) -> usize {
        self.runs.iter().flatten().filter(|run| run.state == StepState::Running).count()
    }

    /// Notes that an attempt has begun.
    pub fn start(&mut self, index: usize, now: Instant) {
        if let Some(Some(run)) = self.runs.get_mut(index) {
            (run.state, run.started) = (StepState::Running, Some(now));
            run.attempts += 1;
        }
    }

    /// Notes that an attempt has ended with an exit code.
    pub fn end(&mut self, index: usize, code: u8, now: Instant) -> AfterAttempt {
        let has_failed = self.first_failure.is_some();
        let Some(Some(run)) = self.runs.get_mut(index) else { return AfterAttempt::Passed };
        run.time += run.started.take().map_or(Duration::ZERO, |started| now - started);
        let may_pass = !FINAL_CODES.contains(&code) && run.attempts <= run.retry;
        if code != 0 && may_pass && !has_failed {
            let pause = pause_after(run.attempts);
            run.state = StepState::Pausing(now + pause);
            return AfterAttempt::Again(pause);
        }
        run.state = StepState::Ended(code);
        if code == 0 {
            return AfterAttempt::Passed;
        }
        self.first_failure.get_or_insert(code);
        AfterAttempt::Failed
    }

    fn has_passed(&self, index: usize) -> bool {
        self.run_of(index).is_none_or(|run| run.state == StepState::Ended(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;

    fn nothing() -> Result<(), String> {
        Ok(())
    }

    fn steps() -> Vec<FlowStep> {
        let flow = Flow::new("f").step("load", nothing);
        let flow = flow.step("store", nothing).after("load").retry(2);
        let flow = flow.step("report", nothing).after(["load", "store"]);
        flow.step("other", nothing).into_plan().steps
    }

    fn run(schedule: &mut RunSchedule, index: usize, code: u8, now: Instant) -> AfterAttempt {
        schedule.start(index, now);
        schedule.end(index, code, now)
    }

    #[test]
    fn a_step_runs_after_those_before_it() {
        let (mut schedule, now) = (RunSchedule::new(&steps(), &[], u32::MAX), Instant::now());
        assert_eq!(schedule.ready(now), [0, 3]);
        schedule.start(0, now);
        assert_eq!((schedule.ready(now), schedule.running()), (vec![3], 1));
        assert_eq!(schedule.end(0, 0, now), AfterAttempt::Passed);
        assert_eq!(run(&mut schedule, 3, 0, now), AfterAttempt::Passed);
        assert_eq!(schedule.ready(now), [1]);
        run(&mut schedule, 1, 0, now);
        assert_eq!(schedule.ready(now), [2]);
        run(&mut schedule, 2, 0, now);
        assert_eq!((schedule.ready(now), schedule.first_failure()), (vec![], None));
    }

    #[test]
    fn an_attempt_is_repeated_after_a_pause_that_doubles() {
        let (mut schedule, now) = (RunSchedule::new(&steps(), &[], u32::MAX), Instant::now());
        run(&mut schedule, 0, 0, now);
        let second = Duration::from_secs(1);
        assert_eq!(run(&mut schedule, 1, 6, now), AfterAttempt::Again(second));
        assert_eq!((schedule.ready(now), schedule.next_start(1)), (vec![3], Some(now + second)));
        let now = now + second;
        assert_eq!(schedule.ready(now), [1, 3]);
        // A step whose pause is over waits for another one to end.
        schedule.start(3, now);
        assert_eq!((schedule.next_start(1), schedule.next_start(2)), (None, Some(now)));
        schedule.end(3, 0, now);
        assert_eq!(run(&mut schedule, 1, 124, now), AfterAttempt::Again(2 * second));
        assert_eq!(run(&mut schedule, 1, 1, now + 2 * second), AfterAttempt::Failed);
        assert_eq!((schedule.first_failure(), schedule.ready(now)), (Some(1), vec![]));
        assert_eq!(schedule.run_of(1).unwrap().attempts, 3);
    }

    #[test]
    fn a_launch_can_have_fewer_attempts() {
        let (mut schedule, now) = (RunSchedule::new(&steps(), &[], 1), Instant::now());
        assert_eq!(run(&mut schedule, 1, 6, now), AfterAttempt::Failed);
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        for code in FINAL_CODES {
            let (mut schedule, now) = (RunSchedule::new(&steps(), &[], u32::MAX), Instant::now());
            assert_eq!(run(&mut schedule, 1, code, now), AfterAttempt::Failed);
        }
    }

    #[test]
    fn the_first_failure_decides_and_nothing_starts_after_it() {
        let (mut schedule, now) = (RunSchedule::new(&steps(), &[], u32::MAX), Instant::now());
        schedule.start(0, now);
        schedule.start(1, now);
        assert_eq!(schedule.end(0, 4, now), AfterAttempt::Failed);
        assert_eq!(schedule.end(1, 6, now), AfterAttempt::Failed, "it is not tried again");
        assert_eq!((schedule.first_failure(), schedule.ready(now)), (Some(4), vec![]));
    }

    #[test]
    fn steps_alone_do_not_wait_for_others() {
        let (schedule, now) =
            (RunSchedule::new(&steps(), &["report".to_owned()], u32::MAX), Instant::now());
        assert_eq!(schedule.ready(now), [2]);
        assert!(schedule.run_of(0).is_none());
    }
}
