//! Asking a person at a terminal. Values are not echoed; Ctrl-C, or a signal, gives the terminal back as it was.

use std::io::{IsTerminal, Write};

use secrets_runtime::SecretValue;

use crate::{failure::Failure, page::plainly, words::Words};

/// Whether there is a person to ask.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for a value, without echo. `None` for an empty answer.
pub fn hidden(question: &str) -> Result<Option<SecretValue>, Failure> {
    let value = terminal::hidden(question)?;
    Ok(Some(value).filter(|value| !value.expose_bytes().is_empty()))
}

/// The same until there is an answer that may be a value.
pub fn value(
    question: &str,
    required: bool,
    words: &Words,
) -> Result<Option<SecretValue>, Failure> {
    loop {
        match hidden(question)? {
            None if required => words.say("a value is needed; Ctrl-C gives up"),
            None => return Ok(None),
            Some(value) if value.expose_str().is_err() => words.say("the value is not UTF-8"),
            Some(value) => match crate::value::check("the value", value) {
                Ok(value) => return Ok(Some(value)),
                Err(error) => words.say(error.problems()[0].message()),
            },
        }
    }
}

/// Asks for a text that is no secret. Empty for an empty answer.
pub fn shown(question: &str) -> Result<String, Failure> {
    ask(question);
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(0) | Err(_) => Err(Failure::Interrupted),
        Ok(_) => Ok(answer.trim().to_owned()),
    }
}

/// Asks whether to do it; only `y` or `yes` is yes.
pub fn confirmed(question: &str) -> Result<bool, Failure> {
    Ok(matches!(shown(&format!("{question} [y/N] "))?.as_str(), "y" | "Y" | "yes" | "Yes" | "YES"))
}

fn ask(question: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(plainly(question).as_bytes()).and_then(|()| err.flush());
}

#[cfg(unix)]
mod terminal {
    use std::{
        io::Stdin,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
        termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
    };
    use secrets_runtime::{Error, ErrorKind, SecretValue, backend::MAX_VALUE_BYTES};
    use signal_hook::{
        SigId,
        consts::{SIGHUP, SIGINT, SIGTERM},
        flag, low_level,
    };
    use zeroize::Zeroizing;

    use crate::failure::Failure;

    /// The terminal without echo, byte by byte: its own limit of 4096 characters a line would cut a long token.
    /// It is as it was when this is dropped.
    struct Quiet {
        stdin: Stdin,
        before: Termios,
    }

    impl Quiet {
        fn enter() -> Result<Self, Errno> {
            let stdin = std::io::stdin();
            let before = tcgetattr(&stdin)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            // At once: what was typed ahead is kept.
            tcsetattr(&stdin, OptionalActions::Now, &quiet)?;
            Ok(Self { stdin, before })
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), b"\n");
        }
    }

    /// Signals that would end the process with a terminal that does not echo: they are noted while a prompt is
    /// there, and do what they always do afterwards.
    struct Signals {
        came: Arc<AtomicBool>,
        away: Arc<AtomicBool>,
        ids: Vec<SigId>,
    }

    impl Signals {
        fn watch() -> Self {
            let (came, away) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let mut ids = Vec::new();
            for signal in [SIGINT, SIGTERM, SIGHUP] {
                // One that cannot be watched ends the process, as ever.
                if flag::register_conditional_default(signal, away.clone()).is_ok() {
                    ids.extend(flag::register(signal, came.clone()).ok());
                }
            }
            Self { came, away, ids }
        }
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            self.away.store(true, Ordering::SeqCst);
            for id in self.ids.drain(..) {
                low_level::unregister(id);
            }
        }
    }

    pub fn hidden(question: &str) -> Result<SecretValue, Failure> {
        let signals = Signals::watch();
        let quiet = Quiet::enter().map_err(|errno| broken(errno.into()))?;
        // Asked when nothing is echoed any more: who is fast may answer at once.
        super::ask(question);
        let mut typed = Zeroizing::new(Vec::with_capacity(MAX_VALUE_BYTES + 1));
        loop {
            match next(&quiet, &signals)? {
                None | Some(b'\x03') => return Err(Failure::Interrupted),
                Some(b'\x04') if typed.is_empty() => return Err(Failure::Interrupted),
                Some(b'\n' | b'\r' | b'\x04') => break,
                Some(b'\x7f' | b'\x08') => erase(&mut typed),
                Some(b'\x15') => typed.clear(),
                // Suspending would leave the terminal without echo.
                Some(b'\x1a') => {}
                Some(byte) if typed.len() < MAX_VALUE_BYTES => typed.push(byte),
                Some(_) => return Err(too_long()),
            }
        }
        Ok(SecretValue::from(std::mem::take(&mut *typed)))
    }

    /// The next byte; `None` at the end of the input or after a signal.
    fn next(quiet: &Quiet, signals: &Signals) -> Result<Option<u8>, Failure> {
        let mut byte = [0];
        loop {
            if signals.came.load(Ordering::SeqCst) {
                return Ok(None);
            }
            // A signal that comes between the look and the wait is seen after a moment.
            let moment = rustix::event::Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
            let mut watched = [PollFd::new(&quiet.stdin, PollFlags::IN)];
            match poll(&mut watched, Some(&moment)) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(broken(errno.into())),
            }
            match rustix::io::read(&quiet.stdin, &mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(broken(errno.into())),
            }
        }
    }

    /// Takes the last character back, whole.
    fn erase(typed: &mut Vec<u8>) {
        while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
    }

    fn too_long() -> Failure {
        let message = format!("the value has more than {MAX_VALUE_BYTES} bytes");
        Error::new(ErrorKind::InvalidValue, message).into()
    }

    fn broken(error: std::io::Error) -> Failure {
        Error::new(ErrorKind::Other, "the terminal cannot be read").with_cause(error).into()
    }
}

#[cfg(not(unix))]
mod terminal {
    use secrets_runtime::SecretValue;

    use crate::failure::Failure;

    pub fn hidden(question: &str) -> Result<SecretValue, Failure> {
        super::ask(question);
        rpassword::read_password().map(SecretValue::from).map_err(|_| Failure::Interrupted)
    }
}
