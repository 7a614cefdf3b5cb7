use crate::{model::request_view::RequestView, text::bytes::equal};

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
