use std::{
    cell::Cell,
    fmt::{self, Display, Write as _},
};

/// The path of a value: `db.pool.hosts[2]`, or `db.tokens[..]` for a key inside a value. It is a linked list through the callers' stack frames, and is
/// written out only for a message or for a look-up.
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    part: Part<'p>,
    /// See [`Path::mark_ambiguous`].
    is_ambiguous: Cell<bool>,
}

#[derive(Clone, Copy)]
enum Part<'p> {
    Root(&'p str),
    Name(&'p str),
    /// The name of a key inside a value, which no message shows.
    Hidden(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) fn root(name: &'p str) -> Self {
        Self { parent: None, part: Part::Root(name), is_ambiguous: Cell::default() }
    }

    pub(super) fn name(&'p self, name: &'p str) -> Self {
        self.part(Part::Name(name))
    }

    /// Returns the path of a key inside a value.
    pub(super) fn hidden(&'p self, name: &'p str) -> Self {
        self.part(Part::Hidden(name))
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        self.part(Part::Index(index))
    }

    fn part(&'p self, part: Part<'p>) -> Self {
        Self { parent: Some(self), part, is_ambiguous: Cell::default() }
    }

    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// Records that a type which accepts anything got one of several possible readings: a text, or the number
    /// that it looks like. If the type then fails, another reading may fit.
    ///
    /// serde buffers the fields of a `flatten` and of some enums, and reports their problems at the enclosing
    /// value, so that value is marked too.
    pub(super) fn mark_ambiguous(&self) {
        self.is_ambiguous.set(true);
        if let (Some(parent), Part::Name(_) | Part::Hidden(_)) = (self.parent, self.part) {
            parent.is_ambiguous.set(true);
        }
    }

    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous.get()
    }

    /// Returns the path as a key for look-ups. No two paths have the same key.
    pub(super) fn key(&self) -> String {
        self.write_key(true)
    }

    /// Returns the key that all items of one list share.
    pub(super) fn pattern(&self) -> String {
        self.write_key(false)
    }

    fn write_key(&self, with_index: bool) -> String {
        let mut key = self.parent.map(|parent| parent.write_key(with_index)).unwrap_or_default();
        // A NUL in a name is escaped, so one name never looks like two parts.
        let _ = match self.part {
            Part::Root(_) => Ok(()),
            Part::Name(name) | Part::Hidden(name) => write!(key, "\0.{}", name.escape_debug()),
            Part::Index(index) if with_index => write!(key, "\0[{index}"),
            Part::Index(_) => write!(key, "\0["),
        };
        key
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.part {
            Part::Root(name) => f.write_str(name),
            Part::Name(name) => write!(f, ".{}", name.escape_debug()),
            Part::Hidden(_) => f.write_str("[..]"),
            Part::Index(index) => write!(f, "[{index}]"),
        }
    }
}
