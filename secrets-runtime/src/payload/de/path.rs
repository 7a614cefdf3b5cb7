use std::fmt::{self, Display};

/// The path of a value in messages: `db.pool.hosts[2]`, or `db.tokens[..]` for a key inside a value.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root(&'p str),
    Name(&'p Path<'p>, &'p str),
    /// A key inside a value, which no message shows.
    HiddenKey(&'p Path<'p>),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(super) fn is_root(&self) -> bool {
        matches!(self, Self::Root(_))
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Name(parent, name) => write!(f, "{parent}.{}", name.escape_debug()),
            Self::HiddenKey(parent) => write!(f, "{parent}[..]"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
