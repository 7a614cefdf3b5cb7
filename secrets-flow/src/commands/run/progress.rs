use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{commands::run::terminal::Terminal, plan::FlowPlan, program::say};

/// After which time the line of a step that runs is drawn again.
const TICK: Duration = Duration::from_millis(200);

/// How often a second all lines are drawn at most.
const DRAWN_A_SECOND: u8 = 20;

/// What is shown of the steps while they run: on a terminal a line for each, with its state and time; elsewhere a line for
/// each change.
#[derive(Debug)]
pub struct Progress {
    /// The lines of the terminal, if there is one.
    terminal: Option<Lines>,
}

#[derive(Debug)]
struct Lines {
    all: MultiProgress,
    steps: Vec<(String, ProgressBar)>,
}

impl Progress {
    /// Shows the steps that are to run.
    pub fn new(flow: &FlowPlan, is_to_run: impl Fn(usize) -> bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
        if !io::stderr().is_terminal() || is_dumb {
            return Self { terminal: None };
        }
        let terminal = Box::new(Terminal::default());
        let target = ProgressDrawTarget::term_like_with_hz(terminal, DRAWN_A_SECOND);
        let all = MultiProgress::with_draw_target(target);
        let width = flow.steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let steps = flow.steps.iter().enumerate().filter(|(index, _)| is_to_run(*index));
        let steps = steps.map(|(_, step)| {
            let line = all.add(ProgressBar::new_spinner());
            line.set_style(style(false));
            line.set_prefix(format!("{:<width$}", step.name));
            line.set_message("waiting");
            line.tick();
            (step.name.clone(), line)
        });
        let steps = steps.collect();
        Self { terminal: Some(Lines { all, steps }) }
    }

    /// Shows that a step has started.
    pub fn start(&self, step: &str) {
        let Some(lines) = &self.terminal else { return say(&format!("{step}: started")) };
        if let Some(line) = lines.of(step) {
            // The line of an attempt before has ended, and would not be drawn any more.
            line.reset();
            line.set_style(style(true));
            line.set_message("running");
            line.enable_steady_tick(TICK);
        }
    }

    /// Shows what a step's state is now.
    pub fn change(&self, step: &str, state: &str) {
        let Some(lines) = &self.terminal else { return say(&format!("{step}: {state}")) };
        if let Some(line) = lines.of(step) {
            line.set_message(state.to_owned());
        }
    }

    /// Shows that an attempt has ended.
    pub fn end(&self, step: &str, result: &str) {
        let Some(lines) = &self.terminal else { return say(&format!("{step}: {result}")) };
        if let Some(line) = lines.of(step) {
            line.disable_steady_tick();
            line.abandon_with_message(result.to_owned());
        }
    }

    /// Calls what writes to the terminal, with the lines out of the way.
    pub fn around(&self, write: impl FnOnce()) {
        match &self.terminal {
            Some(lines) => lines.all.suspend(write),
            None => write(),
        }
    }

    /// Leaves the lines as they are.
    pub fn finish(&self) {
        for (_, line) in self.terminal.iter().flat_map(|lines| &lines.steps) {
            if !line.is_finished() {
                line.abandon();
            }
        }
    }
}

impl Lines {
    fn of(&self, step: &str) -> Option<&ProgressBar> {
        self.steps.iter().find(|(name, _)| name == step).map(|(_, line)| line)
    }
}

fn style(with_time: bool) -> ProgressStyle {
    let template = if with_time {
        "{spinner} {prefix}  {elapsed:>4}  {msg}"
    } else {
        "  {prefix}        {msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
