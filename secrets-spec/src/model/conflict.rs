use crate::{
    model::request_view::RequestView,
    text::{bytes::equal, const_text::ConstText},
};

/// A conflict of two requests of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// Both have one group, version and key.
    Same,
    /// Their groups, versions and keys differ only in upper and lower case.
    Case,
    /// Flyte would mount both as one variable or file.
    Name,
    /// Both have one `env_var`.
    EnvVar,
}

macro_rules! messages {
    ($( $name:ident: $message:literal, $help:literal; )*) => {
        impl Conflict {
            /// Returns what is wrong, in a few words.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $( Self::$name => $message, )* }
            }

            /// Returns what to do about it.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $( Self::$name => $help, )* }
            }

            /// Returns message and help as one line, for const evaluation, which cannot join them.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $( Self::$name => concat!($message, ": ", $help), )* }
            }
        }
    };
}

messages! {
    Same: "this secret is requested twice", "remove one of the two";
    Case: "two requests differ only by case, and Flyte's variable and file are the same for both", "remove one of the two";
    Name: "two requests have the same variable or file in Flyte", "choose another group or key for one of them";
    EnvVar: "two requests share an `env_var`", "give each a name of its own";
}

/// What is wrong with two requests, with the name that they share. It needs no allocation, so that const evaluation
/// can write it too.
#[derive(Debug, Clone, Copy)]
pub struct ConflictText {
    conflict: Conflict,
    text: ConstText,
}

impl ConflictText {
    /// Returns what is wrong with two requests, if anything is: in a few words and with the name of the variable, such
    /// as ``(`DB_PASSWORD`)``, or of the file.
    #[must_use]
    pub const fn message(a: RequestView<'_>, b: RequestView<'_>) -> Option<Self> {
        let Some(conflict) = conflict(a, b) else { return None };
        let text = Self { conflict, text: ConstText::new() }.push(conflict.message());
        let separator = if share(a, b, b'_') { b'_' } else { b'/' };
        Some(match conflict {
            Conflict::Same => text,
            Conflict::EnvVar => match b.env_var {
                Some(name) => text.push(" (`").push(name).push("`)"),
                None => text,
            },
            Conflict::Case | Conflict::Name => {
                text.push(" (`").push_joined(b, separator).push("`)")
            }
        })
    }

    /// Returns message and help as one line.
    #[must_use]
    pub const fn sentence(a: RequestView<'_>, b: RequestView<'_>) -> Option<Self> {
        match Self::message(a, b) {
            Some(text) => Some(text.push(": ").push(text.conflict.help())),
            None => None,
        }
    }

    /// Returns which conflict it is.
    #[must_use]
    pub const fn conflict(&self) -> Conflict {
        self.conflict
    }

    /// Returns the text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self.text.as_str() {
            Some(text) => text,
            // Only if a name is too long, and its last character is cut.
            None => self.conflict.message(),
        }
    }

    const fn push(mut self, text: &str) -> Self {
        self.text = self.text.push(text);
        self
    }

    /// Adds the name of the variable or the file, as Flyte writes it.
    const fn push_joined(mut self, request: RequestView<'_>, separator: u8) -> Self {
        let mut i = 0;
        while let Some(byte) = request.joined(i, separator) {
            let is_variable = separator == b'_';
            self.text = self.text.push_byte(match is_variable {
                true => byte.to_ascii_uppercase(),
                false => byte.to_ascii_lowercase(),
            });
            i += 1;
        }
        self
    }
}

/// Whether the parts of two requests, joined by this separator, differ by case at most.
const fn share(a: RequestView<'_>, b: RequestView<'_>, separator: u8) -> bool {
    let mut i = 0;
    loop {
        match (a.joined(i, separator), b.joined(i, separator)) {
            (None, None) => return true,
            (Some(x), Some(y)) if x.eq_ignore_ascii_case(&y) => i += 1,
            _ => return false,
        }
    }
}

/// Returns the conflict of two requests, if there is one.
#[must_use]
pub const fn conflict(a: RequestView<'_>, b: RequestView<'_>) -> Option<Conflict> {
    if let (Some(one), Some(other)) = (a.env_var, b.env_var)
        && equal(one.as_bytes(), other.as_bytes())
    {
        return Some(Conflict::EnvVar);
    }
    let mut exact = true;
    let (mut name, mut path) = (true, true);
    let mut i = 0;
    loop {
        match (a.joined(i, b'_'), b.joined(i, b'_'), a.joined(i, b'/'), b.joined(i, b'/')) {
            (None, None, ..) => break,
            (Some(x), Some(y), Some(p), Some(q)) => {
                exact = exact && p == q;
                name = name && x.eq_ignore_ascii_case(&y);
                path = path && p.eq_ignore_ascii_case(&q);
            }
            _ => return None,
        }
        i += 1;
    }
    let shape = a.group.len() == b.group.len() && a.key.len() == b.key.len();
    if exact && shape {
        Some(Conflict::Same)
    } else if path && shape {
        Some(Conflict::Case)
    } else if name || path {
        Some(Conflict::Name)
    } else {
        None
    }
}
