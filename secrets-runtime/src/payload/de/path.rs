use std::{
    cell::Cell,
    fmt::{self, Display},
};

/// Where a value is: `db.pool.hosts[2]`. A list through the callers' frames, written out only for a message.
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    part: Part<'p>,
    /// Whether the type takes anything there, so that another reading may do what one has not.
    pub(super) open: Cell<bool>,
}

enum Part<'p> {
    Root(&'p str),
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) fn root(name: &'p str) -> Self {
        Self { parent: None, part: Part::Root(name), open: Cell::default() }
    }

    pub(super) fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), part: Part::Name(name), open: Cell::default() }
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), part: Part::Index(index), open: Cell::default() }
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
            Part::Index(index) => write!(f, "[{index}]"),
        }
    }
}
