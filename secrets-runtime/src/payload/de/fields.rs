use serde::de::{DeserializeSeed, MapAccess, Visitor};

use crate::{
    core::error::ErrorKind,
    payload::de::{
        abort::{Stop, of_the_type},
        container::Whole,
        diagnostics::StandIn,
        key::Key,
        member::Member,
    },
};

/// The fields of a set or an object, which hands them out by name.
pub(super) struct Fields<'a, W> {
    whole: W,
    members: &'a [Member<'a>],
}

impl<'a, W: Whole> Fields<'a, W> {
    pub(super) fn new(whole: W, members: &'a [Member<'a>]) -> Self {
        Self { whole, members }
    }

    /// Hands out the fields by name.
    pub(super) fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Stop> {
        let node = self.whole.node();
        node.path().open.set(true);
        let mut entries = self.entries();
        visitor.visit_map(&mut entries).map_err(|stop| match stop {
            Stop::Missing(name) => node.lack(name, Some(Member::help(self.members, name))),
            Stop::Duplicate(name) => entries.refuse_last(name),
            other => other,
        })
    }

    /// The fields that fit first, so that a run that stops at a stand-in has seen all of them.
    fn entries(&self) -> Entries<'_, W> {
        let node = self.whole.node();
        let stand_in = |name: &str| node.at(&node.path().name(name)).plan().stand_in;
        let (mut first, mut last) = (Vec::with_capacity(self.members.len()), Vec::new());
        for member in self.members {
            match stand_in(member.name) {
                None => first.push((member.name, Some(member))),
                Some(StandIn::Dummy(_)) => last.push((member.name, None)),
                Some(StandIn::Nothing) => {}
            }
        }
        for name in node.missing() {
            if stand_in(name) != Some(StandIn::Nothing) {
                last.push((name, None));
            }
        }
        first.append(&mut last);
        first.reverse();
        Entries { whole: &self.whole, left: first, key: "" }
    }
}

/// The fields that are still to be handed out, the next one last.
struct Entries<'a, W> {
    whole: &'a W,
    left: Vec<(&'a str, Option<&'a Member<'a>>)>,
    /// The one whose name was given last.
    key: &'a str,
}

impl<W: Whole> Entries<'_, W> {
    /// Two names of one field are there: the second one is left out from now on.
    fn refuse_last(&self, name: &str) -> Stop {
        let whole = self.whole.node();
        let path = whole.path().name(self.key);
        let node = whole.at(&path);
        let what = format!("another field is `{name}` already");
        node.note(ErrorKind::Ambiguous, &what, Some("keep one of the two".to_owned()));
        node.leave_out()
    }

    /// The name given last is none that the type knows.
    fn refuse_name(&self, stop: Stop) -> Stop {
        let whole = self.whole.node();
        let path = whole.path().name(self.key);
        let node = whole.at(&path);
        match stop {
            Stop::Again | Stop::Stuck => return stop,
            Stop::Unknown(known) => {
                node.note(
                    ErrorKind::Undecodable,
                    "the type has no such field",
                    Some(of_the_type(known)),
                );
            }
            Stop::Misfit(misfit) => node.note_misfit(&misfit.into_message([self.key.as_bytes()])),
            Stop::Missing(_) | Stop::Duplicate(_) => node.note_misfit("the type refuses the name"),
        }
        node.leave_out()
    }
}

impl<'de, W: Whole> MapAccess<'de> for Entries<'_, W> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some((name, _)) = self.left.last() else { return Ok(None) };
        self.key = name;
        seed.deserialize(Key(name)).map(Some).map_err(|stop| self.refuse_name(stop))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let Some((name, member)) = self.left.pop() else { return Err(Stop::Stuck) };
        let whole = self.whole.node();
        let path = whole.path().name(name);
        let node = whole.at(&path);
        match member {
            Some(member) => self.whole.read_part(seed, node, member.value, member.form),
            None => node.stand_in(seed),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}
