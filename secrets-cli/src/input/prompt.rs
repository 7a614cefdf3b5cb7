//! Prompts at a terminal. Values are not echoed; Ctrl-C or a signal restores the terminal.

use std::io::{IsTerminal, Write};

use secrets_runtime::SecretValue;

use crate::{
    failure::Failure,
    input::value::refuse_mask,
    output::{escape::escape_controls, reporter::Reporter},
};

/// Returns whether standard input is a terminal, so that a person can be asked.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for a value, without echo, until the answer can be a value. Returns `None` for an empty answer, unless a
/// value is required.
pub fn ask_value(
    question: &str,
    required: bool,
    reporter: &Reporter,
) -> Result<Option<SecretValue>, Failure> {
    loop {
        let answer = terminal::read_hidden(question)?;
        match Some(answer).filter(|answer| !answer.expose_bytes().is_empty()) {
            None if required => reporter.info("a value is needed; Ctrl-C cancels"),
            None => return Ok(None),
            Some(value) if value.expose_str().is_err() => reporter.info("the value is not UTF-8"),
            Some(value) => match refuse_mask("the value", value) {
                Ok(value) => return Ok(Some(value)),
                Err(error) => reporter.info(error.problems()[0].message()),
            },
        }
    }
}

/// Asks for a text that is not secret. The answer may be empty.
pub fn ask_text(question: &str) -> Result<String, Failure> {
    print_question(question);
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(0) | Err(_) => Err(Failure::Interrupted),
        Ok(_) => Ok(answer.trim().to_owned()),
    }
}

/// Asks for a confirmation. Only `y` and `yes` confirm.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    Ok(matches!(
        ask_text(&format!("{question} [y/N] "))?.as_str(),
        "y" | "Y" | "yes" | "Yes" | "YES"
    ))
}

fn print_question(question: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(escape_controls(question).as_bytes()).and_then(|()| err.flush());
}

#[cfg(unix)]
mod terminal {
    use std::io::Stdin;

    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
        termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
    };
    use secrets_runtime::{Error, ErrorKind, SecretValue, backend::MAX_VALUE_BYTES};
    use zeroize::Zeroizing;

    use crate::{
        failure::Failure,
        process::signals::interruption::{self, SignalHold},
    };

    /// A terminal without echo, restored on drop. It is read byte by byte: a terminal that reads lines cuts them
    /// at 4096 characters, which is too short for some tokens.
    struct NoEchoTerminal {
        stdin: Stdin,
        before: Termios,
    }

    impl NoEchoTerminal {
        fn enter() -> Result<Self, Errno> {
            let stdin = std::io::stdin();
            let before = tcgetattr(&stdin)?;
            let mut after = before.clone();
            after.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            // `Now` keeps what was typed before the prompt.
            tcsetattr(&stdin, OptionalActions::Now, &after)?;
            Ok(Self { stdin, before })
        }
    }

    impl Drop for NoEchoTerminal {
        fn drop(&mut self) {
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), b"\n");
        }
    }

    pub fn read_hidden(question: &str) -> Result<SecretValue, Failure> {
        // A signal would otherwise end the process and leave the terminal without echo.
        let signals = interruption::hold();
        // Signals that cannot be watched end the process, as without a prompt.
        interruption::watch();
        let terminal = NoEchoTerminal::enter().map_err(|errno| read_error(errno.into()))?;
        // The echo is off before the question appears, so that a fast answer is not shown.
        super::print_question(question);
        let mut typed = Zeroizing::new(Vec::with_capacity(MAX_VALUE_BYTES + 1));
        loop {
            match next(&terminal, &signals)? {
                None | Some(b'\x03') => return Err(Failure::Interrupted),
                Some(b'\x04') if typed.is_empty() => return Err(Failure::Interrupted),
                Some(b'\n' | b'\r' | b'\x04') => break,
                Some(b'\x7f' | b'\x08') => erase(&mut typed),
                Some(b'\x15') => typed.clear(),
                // Ctrl-Z is ignored: suspending would leave the terminal without echo.
                Some(b'\x1a') => {}
                Some(byte) if typed.len() < MAX_VALUE_BYTES => typed.push(byte),
                Some(_) => return Err(too_long_error()),
            }
        }
        Ok(SecretValue::from(std::mem::take(&mut *typed)))
    }

    /// Reads the next byte; `None` at the end of the input or after a signal.
    fn next(terminal: &NoEchoTerminal, signals: &SignalHold) -> Result<Option<u8>, Failure> {
        let mut byte = [0];
        loop {
            if signals.take().is_some() {
                return Ok(None);
            }
            // A signal between the check above and `poll` is noticed when this time has passed.
            let interval = rustix::event::Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
            let mut watched = [PollFd::new(&terminal.stdin, PollFlags::IN)];
            match poll(&mut watched, Some(&interval)) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(read_error(errno.into())),
            }
            match rustix::io::read(&terminal.stdin, &mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(read_error(errno.into())),
            }
        }
    }

    /// Removes the last character, with all of its bytes.
    fn erase(typed: &mut Vec<u8>) {
        while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
    }

    fn too_long_error() -> Failure {
        let message = format!("the value has more than {MAX_VALUE_BYTES} bytes");
        Error::new(ErrorKind::InvalidValue, message).into()
    }

    fn read_error(error: std::io::Error) -> Failure {
        Error::new(ErrorKind::Other, "the terminal cannot be read").with_cause(error).into()
    }
}

#[cfg(not(unix))]
mod terminal {
    use secrets_runtime::SecretValue;

    use crate::failure::Failure;

    pub fn read_hidden(question: &str) -> Result<SecretValue, Failure> {
        super::print_question(question);
        rpassword::read_password().map(SecretValue::from).map_err(|_| Failure::Interrupted)
    }
}
