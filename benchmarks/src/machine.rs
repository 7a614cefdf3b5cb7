//! What was measured on.

use std::{fs, process::Command, thread};

/// One line: processors, memory, system, compiler.
pub fn line() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or("unknown").trim().to_owned()
    };
    let output = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default()
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory =
        field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0_u64);
    format!(
        "{cores} cores of {}, {} GB, {} {}, {}",
        field("/proc/cpuinfo", "model name"),
        memory.div_ceil(1_000_000),
        output("uname", "-s"),
        output("uname", "-r"),
        output("rustc", "--version"),
    )
}
