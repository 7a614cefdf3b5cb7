//! How errors are printed.

use std::{error::Error as StdError, fmt};

use crate::core::error::{Cause, Error, Problem};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.0.step {
            write!(f, "step `{step}`: ")?;
        }
        match self.0.problems.as_slice() {
            [problem] => problem.write(f, "  "),
            problems => {
                write!(f, "{} problems with secrets", problems.len())?;
                for (index, problem) in problems.iter().enumerate() {
                    write!(f, "\n  {}. ", index + 1)?;
                    problem.write(f, "     ")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("step", &self.step())
            .field("problems", &self.problems())
            .finish()
    }
}

impl Problem {
    fn write(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        // A path into the secret (`db.port: ..`) starts with the secret's name already.
        let path = self.message.strip_prefix(&*self.origin).filter(|_| !self.origin.is_empty());
        let path = path.filter(|rest| rest.starts_with(['.', '[', ':']));
        match (path, &self.backend) {
            (Some(rest), Some(backend)) => {
                let rest = rest.trim_start_matches(['.', ':', ' ']);
                write!(f, "{} ({backend}): {rest}", self.origin)?;
            }
            (Some(_), None) => f.write_str(&self.message)?,
            (None, _) if self.origin.is_empty() => f.write_str(&self.message)?,
            (None, Some(backend)) => write!(f, "{} ({backend}): {}", self.origin, self.message)?,
            (None, None) => write!(f, "{}: {}", self.origin, self.message)?,
        }
        match &self.help {
            Some(help) => write!(f, "\n{indent}help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            write!(f, "{}: ", self.kind)?;
            return self.write(f, "  ");
        }
        f.debug_struct("Problem")
            .field("kind", &self.kind)
            .field("origin", &self.origin)
            .field("backend", &self.backend)
            .field("message", &self.message)
            .field("help", &self.help)
            .field("causes", &Causes(self.cause.as_ref()))
            .finish()
    }
}

/// The texts of a problem's cause and of its causes. Its `Debug` might say more than was meant to be shown.
struct Causes<'a>(Option<&'a Cause>);

impl fmt::Debug for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts = Vec::new();
        let mut next: Option<&dyn StdError> = self.0.map(|cause| &**cause as _);
        while let Some(cause) = next {
            texts.push(cause.to_string());
            next = cause.source();
        }
        f.debug_list().entries(texts).finish()
    }
}
