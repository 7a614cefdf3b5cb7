use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, PipeReader},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::PathBuf,
    process::Command,
    thread::{self, JoinHandle},
};

use rustix::{
    process::{Pid, Signal, getpgrp, getpid, kill_current_process_group, kill_process},
    termios::{isatty, tcgetpgrp},
};
use secrets_runtime::{Error, ErrorKind, mask::Masker};

use crate::{
    failure::Failure,
    masking::{
        child_events::{ChildEvent, ChildEvents},
        job, keyboard, monitor,
        outer_terminal::OuterTerminal,
        pseudo_terminal::PseudoTerminal,
        pump::pump,
    },
    process::{
        core_files,
        signals::{Signals, interruption},
    },
};

/// Returns the command that starts a program: the program itself, or its monitor where it gets a pseudo-terminal.
pub fn command(program: &OsStr, arguments: &[OsString], json: bool) -> Command {
    if !isatty(io::stdout()) && !isatty(io::stderr()) {
        let mut command = Command::new(program);
        command.args(arguments);
        return command;
    }
    // The link leads to this program even if another one has been installed in its place.
    let link = PathBuf::from("/proc/self/exe");
    let this = if link.exists() { link } else { std::env::current_exe().unwrap_or(link) };
    let mut command = Command::new(this);
    command
        .arg0(monitor::NAME)
        .arg(if json { "json" } else { "text" })
        .arg(program)
        .args(arguments);
    command
}

/// Runs a program, or its monitor, and masks its output. Returns the exit code.
///
/// # Errors
/// The error of starting it, and none that is about the program.
pub fn run(
    mut command: Command,
    masker: &Masker,
    launch_error: impl FnOnce(&io::Error) -> Failure,
) -> Result<i32, Failure> {
    let mut outer = OuterTerminal::open().map_err(terminal_error)?;
    let terminal = outer.as_ref().map(PseudoTerminal::like).transpose().map_err(terminal_error)?;
    let (terminal, program_side) = terminal.unzip();
    let (end, ended) = io::pipe().map_err(pipe_error)?;
    let mut outputs = Outputs { sources: Vec::new(), end };
    if let (Some(terminal), Some(side)) = (&terminal, &program_side) {
        outputs.on_terminal(&mut command, terminal, side).map_err(terminal_error)?;
    } else {
        outputs.on_pipes(&mut command).map_err(pipe_error)?;
    }
    drop(program_side);
    // After the program, and if it cannot be started, a signal ends this command, which has leases to revoke.
    interruption::watch();
    // They are the program's, from now on. Both record one that comes between these two, and `hold` ends this command.
    let signals = ChildEvents::signals(&[Signal::CONT, Signal::WINCH]).map_err(pipe_error)?;
    let hold = interruption::hold();
    core_files::restore_limit();
    let child = command.spawn();
    core_files::disable();
    // It has the ends of the pipes that are the program's.
    drop(command);
    let child = child.map_err(|error| launch_error(&error))?;
    let pid = Pid::from_child(&child);
    if terminal.is_none() {
        pass_on_early(&signals, pid);
    }
    let events = ChildEvents::of(pid, signals);
    // Before a person sees what the program writes, and answers.
    if let Some(outer) = &mut outer {
        outer.take();
    }
    let threads = outputs.start(masker);
    if let (Some(terminal), Some(outer)) = (&terminal, &outer)
        && outer.is_input()
    {
        keyboard::pass_on(terminal.side().map_err(terminal_error)?, outer.is_taken());
    }
    let code = supervise(&events, pid, outer.as_mut(), terminal.as_ref());
    drop(ended);
    for thread in threads {
        // One that cannot write has nothing else to do.
        let _ = thread.join();
    }
    // They were the program's.
    while hold.take().is_some() {}
    Ok(code)
}

/// Passes on the signals that were received before the program was there, also those that a terminal has sent.
fn pass_on_early(signals: &Signals, pid: Pid) {
    while let Some(signal) = signals.take() {
        if signal != Signal::CHILD {
            let _ = kill_process(pid, signal);
        }
    }
}

/// Supervises the program until it ends, and returns its exit code.
fn supervise(
    events: &ChildEvents,
    pid: Pid,
    mut outer: Option<&mut OuterTerminal>,
    terminal: Option<&PseudoTerminal>,
) -> i32 {
    loop {
        match events.next() {
            ChildEvent::Ended(code) => return code,
            ChildEvent::Stopped(_) if !job::can_be_continued() => {
                // Nobody would continue this command if it stopped too. On pipes, Ctrl-Z does not stop the program
                // either, and who has stopped it can continue it.
                if outer.is_some() {
                    let _ = kill_process(pid, Signal::CONT);
                }
            }
            ChildEvent::Stopped(_) => match &mut outer {
                Some(outer) => {
                    outer.give_back();
                    // As Ctrl-Z does it: with the shell scripts that wait for this command. It continues below, at
                    // the signal `CONT`.
                    let _ = kill_current_process_group(Signal::STOP);
                }
                None => drop(kill_process(getpid(), Signal::STOP)),
            },
            ChildEvent::Received(signal) => {
                if let (Some(outer), Some(terminal)) = (&mut outer, terminal) {
                    if matches!(signal, Signal::CONT | Signal::WINCH) {
                        outer.take();
                        outer.size().into_iter().for_each(|size| terminal.resize(size));
                    }
                    if signal == Signal::WINCH {
                        continue;
                    }
                } else if signal == Signal::WINCH || is_of_terminal(signal) {
                    // The program has got it from the terminal too.
                    continue;
                }
                let _ = kill_process(pid, signal);
            }
        }
    }
}

/// Returns whether the terminal sends this signal to the whole job, since somebody types.
fn is_of_terminal(signal: Signal) -> bool {
    let is_typed = matches!(signal, Signal::INT | Signal::QUIT | Signal::TSTP);
    let terminal = || File::open("/dev/tty").ok();
    is_typed
        && terminal().is_some_and(|terminal| tcgetpgrp(&terminal).is_ok_and(|g| g == getpgrp()))
}

/// What the program writes, and where it goes.
struct Outputs {
    sources: Vec<(OwnedFd, Sink)>,
    end: PipeReader,
}

#[derive(Clone, Copy)]
enum Sink {
    Output,
    Errors,
    /// Both lead to one place, and what is written stays in its order.
    Both,
}

impl Outputs {
    fn on_terminal(
        &mut self,
        command: &mut Command,
        terminal: &PseudoTerminal,
        side: &File,
    ) -> io::Result<()> {
        if isatty(io::stdin()) {
            command.stdin(side.try_clone()?);
        }
        let sink = match (isatty(io::stdout()), isatty(io::stderr())) {
            (true, true) => Sink::Both,
            (true, false) => Sink::Output,
            (false, _) => Sink::Errors,
        };
        self.sources.push((terminal.side()?, sink));
        match sink {
            Sink::Both => drop(command.stdout(side.try_clone()?).stderr(side.try_clone()?)),
            Sink::Output => {
                command.stdout(side.try_clone()?);
                command.stderr(self.pipe(Sink::Errors)?);
            }
            Sink::Errors => {
                command.stderr(side.try_clone()?);
                command.stdout(self.pipe(Sink::Output)?);
            }
        }
        Ok(())
    }

    fn on_pipes(&mut self, command: &mut Command) -> io::Result<()> {
        if is_one_file(io::stdout(), io::stderr()) {
            let pipe = self.pipe(Sink::Both)?;
            command.stdout(pipe.try_clone()?).stderr(pipe);
        } else {
            command.stdout(self.pipe(Sink::Output)?).stderr(self.pipe(Sink::Errors)?);
        }
        Ok(())
    }

    fn pipe(&mut self, sink: Sink) -> io::Result<OwnedFd> {
        let (reader, writer) = io::pipe()?;
        self.sources.push((reader.into(), sink));
        Ok(writer.into())
    }

    /// Starts to pass the output on.
    fn start(self, masker: &Masker) -> Vec<JoinHandle<()>> {
        let Self { sources, end } = self;
        let start = |(source, sink): (OwnedFd, Sink)| {
            let (masker, end) = (masker.clone(), end.try_clone().ok().map(OwnedFd::from));
            thread::spawn(move || {
                let fd = match sink {
                    Sink::Output | Sink::Both => io::stdout().as_fd().try_clone_to_owned(),
                    Sink::Errors => io::stderr().as_fd().try_clone_to_owned(),
                };
                if let Ok(fd) = fd {
                    let mut writer = masker.writer(File::from(fd));
                    if pump(&source, &mut writer, end.as_ref()).is_ok() {
                        // A program that was killed may have been in the middle of a secret.
                        let _ = writer.finish_cut();
                    }
                }
                close(sink);
            })
        };
        sources.into_iter().map(start).collect()
    }
}

/// Closes an output that the program has closed, so that who reads it sees its end.
fn close(sink: Sink) {
    let Ok(nowhere) = File::options().write(true).open("/dev/null") else { return };
    if matches!(sink, Sink::Output | Sink::Both) {
        let _ = rustix::stdio::dup2_stdout(&nowhere);
    }
    if matches!(sink, Sink::Errors | Sink::Both) {
        let _ = rustix::stdio::dup2_stderr(&nowhere);
    }
}

fn is_one_file(one: impl AsFd, two: impl AsFd) -> bool {
    let identity =
        |fd: &dyn AsFd| rustix::fs::fstat(fd.as_fd()).ok().map(|it| (it.st_dev, it.st_ino));
    identity(&one).is_some_and(|first| identity(&two) == Some(first))
}

fn terminal_error(error: io::Error) -> Failure {
    Error::new(ErrorKind::Other, "the program cannot be put on a pseudo-terminal")
        .with_help("send its output through a pipe: secrets run --mask .. | cat")
        .with_cause(error)
        .into()
}

fn pipe_error(error: io::Error) -> Failure {
    Error::new(ErrorKind::Other, "the output of the program cannot be read")
        .with_cause(error)
        .into()
}
