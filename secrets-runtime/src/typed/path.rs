use std::fmt::{self, Display};

/// Where a value is: `db.pool.hosts[2]`. A list through the callers' frames, written out only for a message.
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    part: Part<'p>,
}

enum Part<'p> {
    Root(&'p str),
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) fn root(name: &'p str) -> Self {
        Self { parent: None, part: Part::Root(name) }
    }

    pub(super) fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), part: Part::Name(name) }
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), part: Part::Index(index) }
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
