pub mod last_reads;
pub mod log_line;
mod source_filter;
mod unused;
pub mod written_source;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::{Path, PathBuf},
};

use secrets_runtime::ErrorKind;

use crate::{
    args::Audit,
    commands::audit::{log_line::LogLine, source_filter::SourceFilter, unused::Usage},
    failure::Failure,
    output::{
        escape::escape_json,
        format::OutputFormat,
        reporter::Reporter,
        wiped_output::{WipedOutput, print_failure},
    },
    stores,
};

/// Shows the events of an audit log, or what steps declare and never read.
pub fn run(args: &Audit, reporter: &Reporter) -> Result<(), Failure> {
    let files = match args.files.as_slice() {
        [] => vec![log_of_settings()?],
        files => files.to_vec(),
    };
    let mut usage = Usage::default();
    let mut filter = args.source.as_deref().map(SourceFilter::new);
    let mut out = io::stdout().lock();
    let is_terminal = out.is_terminal();
    let (mut foreign, mut is_any) = (0, false);
    for path in &files {
        foreign += each_event(path, |line, event| {
            let is_about = filter.as_mut().is_none_or(|filter| filter.is_about(&event));
            if !(is_about && is_chosen(args, &event)) {
                return Ok(());
            }
            is_any = true;
            if args.unused {
                usage.add(&event);
                return Ok(());
            }
            let printed = match args.format {
                // On a terminal, characters on which it acts are escaped, as JSON allows.
                OutputFormat::Json if is_terminal => {
                    let line = String::from_utf8_lossy(line);
                    writeln!(out, "{}", escape_json(line.trim()).replace('\r', " "))
                }
                OutputFormat::Json => out
                    .write_all(line.strip_suffix(b"\n").unwrap_or(line))
                    .and_then(|()| writeln!(out)),
                OutputFormat::Text => writeln!(out, "{}", event.describe()),
            };
            printed.map_err(print_failure)
        })?;
    }
    out.flush().map_err(print_failure)?;
    drop(out);
    note_foreign(foreign, reporter);
    if !is_any && !args.unused {
        reporter.info("no event matches");
    }
    if args.unused {
        let mut output = WipedOutput::default();
        let has_unused = usage.print(&mut output, args.format);
        output.print()?;
        match (has_unused, usage.is_empty()) {
            (true, _) => {}
            (false, true) => reporter.info("no step is in the log"),
            (false, false) => reporter.info("every step has read all that it declares"),
        }
    }
    Ok(())
}

/// Passes each event of a log, with its line.
pub fn read_log(
    path: &Path,
    reporter: &Reporter,
    each: impl FnMut(&[u8], LogLine) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let foreign = each_event(path, each)?;
    note_foreign(foreign, reporter);
    Ok(())
}

/// Passes each event of a log, with its line. Returns how many lines cannot be read.
fn each_event(
    path: &Path,
    mut each: impl FnMut(&[u8], LogLine) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut log = open(path)?;
    let mut line = Vec::new();
    let mut foreign = 0;
    loop {
        let length = read_line(&mut *log, &mut line).map_err(|e| unreadable(path, &e))?;
        if length == 0 {
            return Ok(foreign);
        }
        match LogLine::parse(&line) {
            Some(event) if length <= MAX_LINE => each(&line, event)?,
            _ => foreign += u64::from(length > MAX_LINE || !line.trim_ascii().is_empty()),
        }
    }
}

/// The most bytes of a line that is an event. Whatever else a file has, no more of it is kept.
const MAX_LINE: u64 = 1 << 20;

/// Reads a line, but keeps no more than the longest one has. Returns how long it is: 0 at the end.
fn read_line(log: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut length = 0;
    loop {
        let read = match log.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let end = read.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let part = &read[..end.unwrap_or(read.len())];
        length += part.len() as u64;
        if length <= MAX_LINE {
            line.extend_from_slice(part);
        }
        let (count, is_end) = (part.len(), end.is_some() || part.is_empty());
        log.consume(count);
        if is_end {
            return Ok(length);
        }
    }
}

fn note_foreign(count: u64, reporter: &Reporter) {
    match count {
        0 => {}
        1 => reporter.info("note: 1 line cannot be read as an event, and is left out"),
        _ => reporter
            .info(&format!("note: {count} lines cannot be read as events, and are left out")),
    }
}

/// Returns the log of the settings.
fn log_of_settings() -> Result<PathBuf, Failure> {
    let resolver = stores::resolver(None)?;
    resolver.audit_file().map(Path::to_path_buf).ok_or_else(|| {
        Failure::usage("there is no audit log", "name its file, or set SECRETS_AUDIT")
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display().to_string();
    let message = format!("the audit log cannot be read: {error}");
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "check the name; a log begins when a step is called with SECRETS_AUDIT"
        }
        _ => "check that it is a file and that you may read it",
    };
    Failure::about(&path, ErrorKind::InvalidConfig, message, help)
}

/// Whether the event is of a step of this name. The log does not have the module, with which the name may begin.
fn is_of_step(event: &LogLine, name: &str) -> bool {
    let alone = name.rsplit("::").next().unwrap_or(name);
    event.text("step").is_some_and(|step| step == name || step == alone)
}

fn is_chosen(args: &Audit, event: &LogLine) -> bool {
    args.step.as_deref().is_none_or(|step| is_of_step(event, step))
        && (args.event.is_empty() || args.event.iter().any(|name| name == event.event()))
        && args.since.is_none_or(|since| event.time().is_some_and(|time| time >= since))
}
