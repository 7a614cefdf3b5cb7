use std::{process::ExitCode, time::Duration};

use crate::{
    arguments::FlowArguments,
    body::StepFunction,
    checks, commands,
    mask::filter,
    plan::FlowPlan,
    program::report,
    step::{FlowStep, canonical},
};

/// A program of steps.
///
/// The methods that follow [`step`](Self::step) configure that step: [`after`](Self::after), [`retry`](Self::retry) and
/// so on. [`main`](Self::main) reports all mistakes in them before anything runs.
///
/// ```no_run
/// use secrets_flow::Flow;
///
/// fn load() -> Result<(), String> {
///     Ok(())
/// }
///
/// fn store(rows: usize) -> Result<(), String> {
///     println!("{rows} rows");
///     Ok(())
/// }
///
/// fn main() -> std::process::ExitCode {
///     Flow::new("dbflow")
///         .step("load", load)
///         .step("store", || store(10)).declares(store).after("load")
///         .main()
/// }
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until `main` is called"]
pub struct Flow {
    plan: FlowPlan,
}

impl Flow {
    /// Creates a flow without steps. Its name has lower-case letters, digits and `-`, begins with a letter, and is at most 45 long.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            plan: FlowPlan { name: name.into(), steps: Vec::new(), called_before_step: Vec::new() },
        }
    }

    /// Adds a step. Its name has lower-case letters, digits and `-`, and begins with a letter. A `_` becomes `-`.
    ///
    /// What the step declares is found by its function. A closure or a function pointer has no declaration; see
    /// [`declares`](Self::declares).
    pub fn step<Kind, F: StepFunction<Kind>>(mut self, name: impl AsRef<str>, function: F) -> Self {
        self.plan.steps.push(FlowStep::new::<F>(name.as_ref(), function.into_body()));
        self
    }

    /// Sets the function whose attribute declares the secrets of the step.
    ///
    /// ```no_run
    /// # use secrets_flow::Flow;
    /// # use secrets_runtime::{Error, secrets};
    /// #[secrets(sources = ["prod-db"])]
    /// fn load(rows: usize) -> Result<(), Error> {
    ///     println!("{rows} rows");
    ///     Ok(())
    /// }
    ///
    /// # fn main() -> std::process::ExitCode {
    /// Flow::new("dbflow").step("load", || load(10)).declares(load).main()
    /// # }
    /// ```
    pub fn declares<F>(self, function: F) -> Self {
        let _ = function;
        self.change_step("declares", FlowStep::set_function::<F>)
    }

    /// Says after which steps the step runs: one name, or several.
    pub fn after(self, steps: impl StepNames) -> Self {
        let names = steps.into_names();
        self.change_step("after", |step| {
            step.after.extend(names.iter().map(|name| canonical(name)))
        })
    }

    /// Sets how many more times the step is tried if it fails. Exit codes 2 to 5 are not tried again, since they cannot
    /// pass.
    pub fn retry(self, times: u32) -> Self {
        self.change_step("retry", |step| step.retry = times)
    }

    /// Sets how long an attempt of the step may take. A manifest has whole seconds, rounded up.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change_step("timeout", |step| step.timeout = Some(timeout))
    }

    /// Sets the service account of the step's pod.
    pub fn service_account(self, name: impl Into<String>) -> Self {
        self.change_step("service_account", |step| step.service_account = Some(name.into()))
    }

    /// Sets the processor time that the step's pod requests, such as `500m`.
    pub fn cpu(self, quantity: impl Into<String>) -> Self {
        self.change_step("cpu", |step| step.cpu = Some(quantity.into()))
    }

    /// Sets the memory that the step's pod requests, such as `1Gi`. It is the pod's limit too.
    pub fn memory(self, quantity: impl Into<String>) -> Self {
        self.change_step("memory", |step| step.memory = Some(quantity.into()))
    }

    /// Sets the image of the step's pod.
    pub fn image(self, image: impl Into<String>) -> Self {
        self.change_step("image", |step| step.image = Some(image.into()))
    }

    /// Sets a variable of the step. A manifest contains it, so it is not for secrets. `run --in-process` keeps a variable
    /// that is set already.
    pub fn env(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change_step("env", |step| drop(step.env.insert(name.into(), value.into())))
    }

    /// Runs the program's command line, and returns its exit code.
    ///
    /// | command | what it does |
    /// |---|---|
    /// | `run` | runs every step in a process of its own, and the steps that are ready in parallel |
    /// | `step NAME` | runs one step, and masks its output |
    /// | `show` | prints the steps and what each declares |
    /// | `check` | checks that the secrets of all steps exist |
    /// | `argo-workflows create` | writes a `WorkflowTemplate`, or applies it with `kubectl` |
    /// | `argo-workflows trigger` | starts a `Workflow` from the template |
    /// | `kubernetes create` | writes a `Job` or `CronJob` that runs all steps in one pod |
    ///
    /// `--with`, `--secrets-backend` and `--secrets-profile` stand before the command. `PROGRAM COMMAND --help`
    /// describes the options.
    ///
    /// The exit code is 2 for a mistake in the flow or the command line, and otherwise that of the step which failed
    /// first: 3 to 6 for a secret, by [`ErrorKind::exit_code`](secrets_runtime::ErrorKind::exit_code), and 1 for an
    /// error of the body. It is 4 for an error of the body that contains a secret of the step too: if `SECRETS_GUARD` is
    /// not set, it is `errors` in a step, and not `off`.
    ///
    /// Call it at the end of `main`, which starts no thread and no runtime before: the program starts itself for each
    /// step, and once more to mask the output of a step.
    #[must_use = "it is the exit code of the program"]
    pub fn main(self) -> ExitCode {
        if let Some(code) = filter::run_if_started() {
            return code;
        }
        let mistakes = checks::mistakes(&self.plan);
        if !mistakes.is_empty() {
            report(&format!(
                "the flow `{}` is wrong:\n  - {}",
                self.plan.name,
                mistakes.join("\n  - ")
            ));
            return ExitCode::from(2);
        }
        let arguments = match FlowArguments::read(&self.plan.name) {
            Ok(arguments) => arguments,
            Err(error) => {
                // Nobody reads it if it cannot be printed.
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
        match commands::run(&self.plan, arguments) {
            Ok(code) => ExitCode::from(code),
            Err(failure) => {
                let text = failure.to_string();
                if !text.is_empty() {
                    report(&text);
                }
                ExitCode::from(failure.exit_code())
            }
        }
    }

    /// Returns what the flow says, for tests of what reads it.
    #[cfg(test)]
    pub(crate) fn into_plan(self) -> FlowPlan {
        self.plan
    }

    fn change_step(mut self, method: &'static str, apply: impl FnOnce(&mut FlowStep)) -> Self {
        match self.plan.steps.last_mut() {
            Some(step) => apply(step),
            None => self.plan.called_before_step.push(method),
        }
        self
    }
}

/// One name of a step, or several.
pub trait StepNames {
    /// Returns the names.
    fn into_names(self) -> Vec<String>;
}

impl StepNames for &str {
    fn into_names(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl StepNames for String {
    fn into_names(self) -> Vec<String> {
        vec![self]
    }
}

impl StepNames for &String {
    fn into_names(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<T: AsRef<str>, const N: usize> StepNames for [T; N] {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>, const N: usize> StepNames for &[T; N] {
    fn into_names(self) -> Vec<String> {
        self.as_slice().into_names()
    }
}

impl<T: AsRef<str>> StepNames for &[T] {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>> StepNames for Vec<T> {
    fn into_names(self) -> Vec<String> {
        self.as_slice().into_names()
    }
}

impl<T: AsRef<str>> StepNames for &Vec<T> {
    fn into_names(self) -> Vec<String> {
        self.as_slice().into_names()
    }
}
