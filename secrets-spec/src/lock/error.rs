use alloc::{format, string::String};
use core::fmt;

/// Why a text is not a lock. It repeats nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    pub(crate) line: Option<usize>,
    pub(crate) fault: LockFault,
}

/// What is wrong with the text of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockFault {
    /// It has the marks of a merge with conflicts.
    ConflictMarks,
    /// It has a version that this release does not know.
    NewerVersion(u64),
    /// It does not begin with a version.
    NoVersion,
    /// A name, a key of one secret, or a setting occurs twice.
    Twice,
    /// A secret is a table, and not the list of its keys.
    Table,
    /// A line has another form. The text says which one is expected.
    Malformed(&'static str),
}

impl LockError {
    /// Returns the line, from 1, if the mistake is in one line.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn fault(&self) -> LockFault {
        self.fault
    }

    /// Returns what is wrong, in words that follow the name of the file.
    #[must_use]
    pub fn message(&self) -> String {
        let what = match self.fault {
            LockFault::ConflictMarks => "there are the marks of a merge with conflicts",
            LockFault::NewerVersion(version) => {
                return format!("it has version {version}, and this release reads version 1");
            }
            LockFault::NoVersion => "it does not begin with `version = 1`",
            LockFault::Twice => "this name is there already",
            LockFault::Table => "a table stands where keys are expected",
            LockFault::Malformed(expected) => expected,
        };
        match self.line {
            Some(line) => format!("line {line}: {what}"),
            None => String::from(what),
        }
    }

    /// Returns what to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self.fault {
            LockFault::ConflictMarks => {
                "keep the lines of both sides, remove the marks, and run `secrets lock`"
            }
            LockFault::NewerVersion(_) => "update secrets-runtime and the `secrets` command",
            LockFault::NoVersion => {
                "restore the file from version control, or delete it and run `secrets lock`"
            }
            LockFault::Twice => "remove one of the two, and run `secrets lock`",
            LockFault::Table => {
                "write the keys as a list, such as [\"password\", \"user\"], and run `secrets lock`"
            }
            LockFault::Malformed(_) => {
                "correct the line, or delete it and run `secrets lock` with the secret's name"
            }
        }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for LockError {}
