use crate::{RequestView, bytes::same};

/// What two requests of one step must not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clash {
    /// Group, version and key.
    Same,
    /// Group, version and key, but for their case.
    Case,
    /// The variable or the file that Flyte would mount them as.
    Name,
    /// `env_var`.
    EnvVar,
}

impl Clash {
    /// What they share, and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Same => "this secret is requested twice: remove one of the two",
            Self::Case => {
                "two requests differ only by case, and Flyte's variable and file are the same for both: remove one of the two"
            }
            Self::Name => {
                "two requests have the same variable or file in Flyte: choose another group or key for one of them"
            }
            Self::EnvVar => "two requests share an `env_var`: give each a name of its own",
        }
    }
}

/// What two requests share that they must not, if anything.
#[must_use]
pub const fn clash(a: RequestView<'_>, b: RequestView<'_>) -> Option<Clash> {
    if let (Some(one), Some(other)) = (a.env_var, b.env_var)
        && same(one.as_bytes(), other.as_bytes())
    {
        return Some(Clash::EnvVar);
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
        Some(Clash::Same)
    } else if path && shape {
        Some(Clash::Case)
    } else if name || path {
        Some(Clash::Name)
    } else {
        None
    }
}
