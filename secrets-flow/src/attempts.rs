//! The attempts of a step: how many there are, and when the next one begins.

use std::{env, time::Duration};

use secrets_runtime::{Error, ErrorKind};

/// The exit codes after which a step is not tried again, since it would fail again: a mistake on the command line, and
/// secrets that are missing, refused or wrong.
pub const FINAL_CODES: [u8; 4] = [2, 3, 4, 5];

/// The variable with the most attempts that `run` makes of a step. A Job sets it to 1, because its own tries start the
/// whole program again.
pub const ATTEMPTS_VARIABLE: &str = "SECRETS_FLOW_ATTEMPTS";

/// The pause before the second attempt. It doubles with each further one.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Returns the pause after this many attempts have failed.
pub fn pause_after(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(20))
}

/// Returns the most attempts that this launch makes of a step.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] if the variable is not a number from 1.
pub fn most_attempts() -> Result<u32, Error> {
    let Some(text) = env::var_os(ATTEMPTS_VARIABLE).filter(|text| !text.is_empty()) else {
        return Ok(u32::MAX);
    };
    let number = text.to_str().and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| {
        let message =
            format!("{ATTEMPTS_VARIABLE} is {text:?}: write a number of attempts, from 1");
        Error::new(ErrorKind::InvalidConfig, message)
    })
}
