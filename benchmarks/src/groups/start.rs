//! The first secret of a fresh process, and what `secrets run` adds to a program.

use std::process::Command;

use crate::{
    local_store::LocalStore,
    measure::{Contender, Failure, interleave},
    process::whole,
    python,
    row::{Budget, Row},
    setup::Setup,
};

const ROUNDS: usize = 21;
/// Those of Python, which takes its time.
const FEW_ROUNDS: usize = 7;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let store = LocalStore::with(setup, 100)?;
    let program = |name: &str| Ok::<_, Failure>(setup.command(setup.program(name)?));
    let mut local = program("first-local")?;
    store.give(&mut local);
    let mut run = program("secrets")?;
    store.give(&mut run).args(["run", "app", "--", "true"]);
    let [run, local, nothing] =
        interleave(ROUNDS, [run, local, setup.command("true")].map(starting))?;
    let [aws, sdk] =
        interleave(ROUNDS, [program("first-aws")?, program("first-sdk")?].map(starting))?;
    let limit = Budget::AtMost(10e-3);
    let what = "cold start: a process that reads one secret, AWS 20 ms away";
    let mut rows = vec![
        Row::over("`secrets run app -- true`, local store", run, "true", nothing, limit),
        Row::over(
            "cold start: a process that reads one secret, local store",
            local,
            "true",
            nothing,
            Budget::None,
        ),
        Row::ratio(what, aws, "raw SDK", sdk, Budget::None),
    ];
    let once = |how: &str| {
        let mut command = python::command(setup)?;
        command.args([how, "first", "1"]);
        Some(command)
    };
    let (Some(metaflow), Some(boto3)) = (once("metaflow"), once("boto3")) else {
        rows.push(Row::skipped(format!("{what}, beside Metaflow and boto3"), python::MISSING));
        return Ok(rows);
    };
    let [aws, metaflow, boto3] =
        interleave(FEW_ROUNDS, [program("first-aws")?, metaflow, boto3].map(starting))?;
    rows.push(Row::faster(
        what,
        aws,
        "Metaflow 2.19.39, its resolver alone",
        metaflow,
        Budget::None,
    ));
    rows.push(Row::faster(what, aws, "boto3", boto3, Budget::None));
    Ok(rows)
}

fn starting<'a>(mut command: Command) -> Contender<'a> {
    Box::new(move || whole(&mut command))
}
