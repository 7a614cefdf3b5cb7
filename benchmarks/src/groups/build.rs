//! What the library costs to build, with the feature `aws` and without.

use std::{collections::BTreeSet, fs, process::Command};

use crate::{
    cpu,
    measure::Failure,
    row::{Budget, Row, Unit, figure},
    setup::Setup,
};

const PACKAGE: &str = "secrets-runtime";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    // So that no build waits for the network.
    let fetch = cargo(setup).args(["fetch", "--locked"]).status()?;
    if !fetch.success() {
        return Err(format!("`cargo fetch` ended with {fetch}").into());
    }
    let (own, aws) = (crates(setup, &[])?, crates(setup, &["--features", "aws"])?);
    let own_time = build(setup, &[])?;
    let aws_time = build(setup, &["--features", "aws"])?;
    let seconds = |value| figure(value, Unit::Seconds);
    Ok(vec![
        Row::alone(
            "third-party crates of `secrets-runtime`, default features",
            own as f64,
            Unit::Count,
            format!("with `aws`: {aws}"),
            Budget::AtMost(54.0),
        ),
        Row::new(
            "CPU time to build `secrets-runtime`, default features",
            seconds(own_time),
            format!("with `aws`: {}", seconds(aws_time)),
            (own_time / aws_time, Unit::Times),
            Budget::AtMost(0.25),
        ),
    ])
}

fn build(setup: &Setup, features: &[&str]) -> Result<f64, Failure> {
    let target = setup.scratch.join("build");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let mut command = cargo(setup);
    command
        .args(["build", "--quiet", "--locked", "--offline", "--package", PACKAGE])
        .args(features);
    let taken = cpu::seconds(command.arg("--target-dir").arg(&target))?;
    fs::remove_dir_all(&target)?;
    Ok(taken)
}

/// Each crate once, ours left out: they are given with their paths.
fn crates(setup: &Setup, features: &[&str]) -> Result<usize, Failure> {
    let mut command = cargo(setup);
    command.args([
        "tree",
        "--locked",
        "--offline",
        "--package",
        PACKAGE,
        "--edges",
        "normal,build",
    ]);
    command.args(["--prefix", "none", "--format", "{p}", "--target", "x86_64-unknown-linux-gnu"]);
    let output = command.args(features).output()?;
    if !output.status.success() {
        return Err(format!("`cargo tree`: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let others = text.lines().filter(|line| !line.is_empty() && !line.contains("(/"));
    Ok(others.map(name).collect::<BTreeSet<_>>().len())
}

fn cargo(setup: &Setup) -> Command {
    let mut command = setup.cargo();
    command.current_dir(&setup.root).env("CARGO_INCREMENTAL", "0");
    command
}
