use std::{
    fs::File,
    io::{self, IoSlice, Write},
    mem::MaybeUninit,
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use secrets_runtime::mask::Masker;

use crate::{
    mask::{filter, frames},
    program,
};

/// The id and the group of the first process of a container.
const SUPERVISOR: i32 = 1;

/// The process to which the outputs of this one are connected.
#[derive(Debug)]
pub struct FilterProcess {
    child: Child,
    control: UnixStream,
}

impl FilterProcess {
    /// Starts it. Under a supervisor, which is the parent of this process, it joins the supervisor's group.
    pub fn start(under_supervisor: bool) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        let mut command = program::command();
        command.arg0(filter::NAME).stdin(Stdio::from(OwnedFd::from(theirs)));
        // What `main` prints before it comes to the flow is not printed twice.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for the step. What the step still writes is masked.
        command.process_group(if under_supervisor { SUPERVISOR } else { 0 });
        let child = command.spawn()?;
        drop(command);

        io::stdout().flush()?;
        let is_one = is_one_file(io::stdout(), io::stderr());
        let (output, output_end) = io::pipe()?;
        if is_one {
            // Lines of both stay in their order.
            send(&control, &[output.as_fd(), io::stdout().as_fd()])?;
            rustix::stdio::dup2_stdout(&output_end)?;
            rustix::stdio::dup2_stderr(&output_end)?;
        } else {
            let (errors, errors_end) = io::pipe()?;
            let (stdout, stderr) = (io::stdout(), io::stderr());
            send(&control, &[output.as_fd(), stdout.as_fd(), errors.as_fd(), stderr.as_fd()])?;
            rustix::stdio::dup2_stdout(&output_end)?;
            rustix::stdio::dup2_stderr(&errors_end)?;
        }
        let values = Mutex::new(control.try_clone()?);
        Masker::current().listen(move |value| {
            let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
            // Exposed to be masked. If the other process is gone, so are the outputs.
            let _ = values.write_all(&frames::encode(value.expose_bytes()));
        });
        Ok(Self { child, control })
    }

    /// Writes its id to standard input, which is a socket of `run`, and has it be `/dev/null` from then on, so that nothing
    /// that the step starts can write there.
    pub fn report_to_run(&self) {
        if let Ok(socket) = io::stdin().as_fd().try_clone_to_owned() {
            // `main` may have put something else there. Then `run` does not know the other process.
            let _ = File::from(socket).write_all(&self.child.id().to_ne_bytes());
        }
        if let Ok(nothing) = File::open("/dev/null") {
            let _ = rustix::stdio::dup2_stdin(&nothing);
        }
    }

    /// Ends it, after everything that was written has been passed on. From then on this process writes nothing.
    pub fn finish(mut self) {
        let _ = io::stdout().flush();
        let Ok(nowhere) = File::options().write(true).open("/dev/null") else { return };
        let _ = rustix::stdio::dup2_stdout(&nowhere);
        let _ = rustix::stdio::dup2_stderr(&nowhere);
        // A child that the step has left may have the pipes still. The end of this stream is the end of the step.
        let _ = self.control.shutdown(Shutdown::Both);
        let _ = self.child.wait();
    }
}

/// Sends file descriptors to the other process.
fn send(control: &UnixStream, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(filter::MAX_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many file descriptors"));
    }
    sendmsg(control, &[IoSlice::new(&[0])], &mut ancillary, SendFlags::empty())?;
    Ok(())
}

fn is_one_file(one: impl AsFd, two: impl AsFd) -> bool {
    let identity =
        |fd: &dyn AsFd| rustix::fs::fstat(fd.as_fd()).ok().map(|it| (it.st_dev, it.st_ino));
    identity(&one).is_some_and(|first| identity(&two) == Some(first))
}
