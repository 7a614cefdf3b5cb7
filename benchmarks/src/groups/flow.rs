//! What a flow adds to starting the process of a step.

use crate::{
    local_store::LocalStore,
    measure::{Contender, Failure, interleave},
    process::whole,
    row::{Budget, Row},
    setup::Setup,
};

const ROUNDS: usize = 21;

/// How many steps the program `flow` has.
const STEPS: f64 = 10.0;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let store = LocalStore::with(setup, 100)?;
    let contender = |arguments: &[&str]| {
        let mut command = setup.command(setup.program("flow")?);
        store.give(&mut command).args(arguments).stderr(std::process::Stdio::null());
        Ok::<Contender<'static>, Failure>(Box::new(move || whole(&mut command)))
    };
    let [run, in_process, step, plain] = interleave(
        ROUNDS,
        [
            contender(&["run"])?,
            contender(&["run", "--in-process"])?,
            contender(&["step", "a"])?,
            contender(&["plain"])?,
        ],
    )?;
    let beside = "the step's process without a flow";
    let limit = Budget::AtMost(10e-3);
    Ok(vec![
        Row::over("`run`, each of ten steps that read a secret", run / STEPS, beside, plain, limit),
        Row::over("`step NAME`", step, beside, plain, limit),
        Row::over(
            "`run --in-process`, each of ten steps",
            in_process / STEPS,
            beside,
            plain,
            Budget::None,
        ),
    ])
}
