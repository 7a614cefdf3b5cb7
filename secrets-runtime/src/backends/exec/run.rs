//! A program that runs: its output is read while it runs, and it is ended with its children.

use std::{
    future::poll_fn,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, ExitStatus, Stdio},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, waitid, waitpid,
    },
};
use tokio::{net::unix::pipe::Receiver, runtime::Handle, time};
use zeroize::Zeroizing;

use crate::{backend::MAX_VALUE_BYTES, backends::exec::process_groups};

/// The longest output: the longest value and a line break.
const MAX_OUTPUT: usize = MAX_VALUE_BYTES + 2;

/// How much is kept of what a program says about an error.
const MAX_ERROR_OUTPUT: usize = 8192;

/// The pauses between two looks whether a program has ended that has not closed its output.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause between two looks whether a program has ended that was killed.
const MAX_LAST_PAUSE: Duration = Duration::from_secs(1);

/// How much is read before others have their turn.
const READS_AT_ONCE: usize = 16;

/// What a program has printed, and how it has ended.
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) printed: Zeroizing<Vec<u8>>,
    pub(super) error_output: ErrorOutput,
}

/// What a program has written to its standard error.
pub(super) struct ErrorOutput {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether there was more.
    pub(super) is_cut: bool,
}

/// Why a program has printed nothing.
pub(super) enum RunError {
    NotStarted(io::Error),
    TooLong,
    TimedOut {
        printed: Zeroizing<Vec<u8>>,
        error_output: ErrorOutput,
    },
    /// Something else in this process has waited for it, or the system has, since `SIGCHLD` is ignored.
    EndNotSeen(io::Error),
    IoFailed(io::Error),
}

/// Runs a program until it ends, or until its time is over. If the future is dropped, the program ends. Its whole process
/// group ends with it.
pub(super) async fn run(mut command: Command, timeout: Duration) -> Result<Output, RunError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = process_groups::start(&mut command).map_err(RunError::NotStarted)?;
    let mut group = RunningGroup { child, is_reaped: false };
    let mut printed = OutputPipe::new(group.child.stdout.take().map(OwnedFd::from), MAX_OUTPUT);
    let mut error_output =
        OutputPipe::new(group.child.stderr.take().map(OwnedFd::from), MAX_ERROR_OUTPUT);
    let result =
        time::timeout(timeout, until_end(&mut group, &mut printed, &mut error_output)).await;
    let status = match result {
        Ok(Ok(())) => group.end(),
        Ok(Err(error)) => return Err(error),
        Err(_) => {
            drop(group);
            let (printed, error_output) = (printed.bytes, error_output.into_error_output());
            return Err(RunError::TimedOut { printed, error_output });
        }
    };
    // What it has written is there. What a program that is not in its group writes later is not its output.
    for pipe in [&mut printed, &mut error_output] {
        pipe.read_rest().map_err(RunError::IoFailed)?;
    }
    if printed.is_over {
        return Err(RunError::TooLong);
    }
    let (printed, error_output) = (printed.bytes, error_output.into_error_output());
    Ok(Output { status: status.map_err(RunError::IoFailed)?, printed, error_output })
}

/// Reads the output until the program has ended.
async fn until_end(
    group: &mut RunningGroup,
    printed: &mut OutputPipe,
    error_output: &mut OutputPipe,
) -> Result<(), RunError> {
    let mut pause = FIRST_PAUSE;
    loop {
        // A program that has closed its output is about to end.
        let mut tick = Box::pin(time::sleep(pause));
        let was_open = printed.is_open() || error_output.is_open();
        poll_fn(|task| {
            let both = [printed.poll(task), error_output.poll(task)];
            for poll in &both {
                if let Poll::Ready(Err(error)) = poll {
                    return Poll::Ready(Err(RunError::IoFailed(io::Error::from(error.kind()))));
                }
            }
            if printed.is_over {
                return Poll::Ready(Err(RunError::TooLong));
            }
            let is_closed = both.iter().all(Poll::is_ready);
            if is_closed && was_open {
                return Poll::Ready(Ok(()));
            }
            tick.as_mut().poll(task).map(Ok)
        })
        .await?;
        if group.has_ended().map_err(RunError::EndNotSeen)? {
            return Ok(());
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// A pipe into which a program writes.
struct OutputPipe {
    /// `None` if it is closed.
    pipe: Option<io::Result<Receiver>>,
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
    /// Whether there was more than the limit.
    is_over: bool,
}

impl OutputPipe {
    fn new(pipe: Option<OwnedFd>, limit: usize) -> Self {
        let pipe = pipe.map(Receiver::from_owned_fd);
        // So that no copy of a value is left where it was before the buffer grew.
        let bytes = Zeroizing::new(Vec::with_capacity(limit));
        Self { pipe, bytes, limit, is_over: false }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads until the pipe is closed.
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..READS_AT_ONCE {
            match &self.pipe {
                None => return Poll::Ready(Ok(())),
                Some(Ok(pipe)) => ready!(pipe.poll_read_ready(task))?,
                Some(Err(_)) => {}
            }
            self.read(Receiver::try_read)?;
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads what is there.
    fn read_rest(&mut self) -> io::Result<()> {
        // The pipe is asked, and not tokio, which may not have heard of the last bytes yet.
        let read = |pipe: &Receiver, buffer: &mut [u8]| Ok(rustix::io::read(pipe, buffer)?);
        // A program that is not in the group may go on writing.
        while self.pipe.is_some() && !self.is_over && self.read(read)? {}
        Ok(())
    }

    /// Reads once. Returns whether there may be more.
    fn read(
        &mut self,
        read: impl FnOnce(&Receiver, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<bool> {
        let pipe = match self.pipe.take() {
            Some(Ok(pipe)) => pipe,
            Some(Err(error)) => return Err(error),
            None => return Ok(false),
        };
        let mut buffer = Zeroizing::new([0; 4096]);
        match read(&pipe, &mut *buffer) {
            Ok(0) => return Ok(false),
            Ok(length) => {
                let left = self.limit - self.bytes.len();
                self.bytes.extend_from_slice(&buffer[..length.min(left)]);
                self.is_over |= length > left;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.pipe = Some(Ok(pipe));
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        self.pipe = Some(Ok(pipe));
        Ok(true)
    }

    fn into_error_output(self) -> ErrorOutput {
        ErrorOutput { bytes: self.bytes, is_cut: self.is_over }
    }
}

/// A program and its children. They end when this is dropped.
struct RunningGroup {
    child: Child,
    is_reaped: bool,
}

impl RunningGroup {
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Returns whether the program has ended. It stays a zombie, so that its group keeps its number.
    ///
    /// # Errors
    /// It cannot be waited for. The number of its group may be another one's by now, so nothing is killed.
    fn has_ended(&mut self) -> io::Result<bool> {
        let Some(pid) = self.pid() else { return Ok(true) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let seen = waitid(WaitId::Pid(pid), options);
        if matches!(seen, Err(Errno::CHILD)) {
            process_groups::forget(pid);
            self.is_reaped = true;
        }
        match seen {
            Ok(status) => Ok(status.is_some()),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the children of a program that has ended, and returns how it has.
    fn end(&mut self) -> io::Result<ExitStatus> {
        self.kill();
        self.is_reaped = true;
        self.pid().into_iter().for_each(process_groups::forget);
        self.child.wait()
    }

    fn kill(&self) {
        if let Some(pid) = self.pid() {
            // There may be none left.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for RunningGroup {
    fn drop(&mut self) {
        if self.is_reaped || self.has_ended().is_err() {
            return;
        }
        self.kill();
        self.pid().into_iter().for_each(process_groups::forget);
        // It ends a moment later, and this thread has others to serve.
        if let (Some(pid), Ok(runtime)) = (self.pid(), Handle::try_current()) {
            runtime.spawn(wait_for_killed(pid));
        }
    }
}

/// Waits until a program that was killed has ended, so that no zombie is left. One that waits for a file system cannot be
/// killed: it is waited for as long as the thread runs.
async fn wait_for_killed(pid: Pid) {
    let mut pause = FIRST_PAUSE;
    while matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None) | Err(Errno::INTR)) {
        time::sleep(pause).await;
        pause = (pause * 2).min(MAX_LAST_PAUSE);
    }
}
