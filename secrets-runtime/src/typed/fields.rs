use std::borrow::Cow;

use secrets_spec::closest;
use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};

use super::{
    field::{Field, Reading},
    findings::{Node, StandIn},
    key::Key,
    stop::{Stop, of_the_type, ticked},
    variant::Variant,
};
use crate::{
    ErrorKind, SecretValue,
    payload_json::{Form, Json},
};

/// A set of fields.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    node: Node<'a>,
    members: Cow<'a, [Member<'a>]>,
    reading: Reading,
}

/// A field of a set.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a SecretValue,
    pub(super) form: Option<Form>,
}

impl<'a> Fields<'a> {
    /// The fields of a whole attempt.
    pub(super) fn root(node: Node<'a>, members: &'a [Member<'a>]) -> Self {
        let reading = match node.plan().readings {
            1 => Reading::Scalar,
            _ => Reading::Plain,
        };
        Self { node, members: Cow::Borrowed(members), reading }
    }

    /// The members of a JSON object; those that are `null` are absent.
    pub(super) fn nested(node: Node<'a>, members: &'a [(String, Json)], reading: Reading) -> Self {
        let there = members.iter().filter(|(_, json)| json.form != Form::Null);
        let member = |(name, json): &'a (String, Json)| Member {
            name,
            value: &json.value,
            form: Some(json.form),
        };
        Self { node, members: there.map(member).collect(), reading }
    }

    /// Hands out the fields by name.
    pub(super) fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        let mut entries = self.entries();
        visitor.visit_map(&mut entries).map_err(|stop| match stop {
            Stop::Missing(name) => self.node.lack(name, Some(self.help(name))),
            Stop::Duplicate(name) => entries.refuse_last(name),
            other => other,
        })
    }

    /// The fields that fit first, so that a run that stops at a stand-in has seen all of them.
    fn entries(&self) -> Entries<'_> {
        let stand_in = |name: &str| self.node.at(&self.node.path().name(name)).plan().stand_in;
        let (mut first, mut last) = (Vec::with_capacity(self.members.len()), Vec::new());
        for member in self.members.iter() {
            match stand_in(member.name) {
                None => first.push((member.name, Some(member))),
                Some(StandIn::Dummy(_)) => last.push((member.name, None)),
                Some(StandIn::Nothing) => {}
            }
        }
        for name in self.node.missing() {
            if stand_in(name) != Some(StandIn::Nothing) {
                last.push((name, None));
            }
        }
        first.append(&mut last);
        first.reverse();
        Entries { node: self.node, reading: self.reading, left: first, key: "" }
    }

    fn names(&self) -> String {
        match self.members.len() {
            0 => "it has no fields".to_owned(),
            _ => {
                format!("its fields are {}", ticked(self.members.iter().map(|member| member.name)))
            }
        }
    }

    fn help(&self, wanted: &str) -> String {
        match closest(wanted, self.members.iter().map(|member| member.name)) {
            Some(near) => format!("did you mean `{}`? {}", near.escape_debug(), self.names()),
            None => self.names(),
        }
    }

    /// The value of a set that has but one.
    fn only(&self, expected: &str) -> Result<Field<'a>, Stop> {
        match *self.members {
            [member] => Ok(Field::root(self.node, member.value)),
            ref members => {
                let what =
                    format!("expected {expected}, and it is a set of {} fields", members.len());
                let help = format!("name one of them as the `key`: {}", self.names());
                self.node.note(ErrorKind::Undecodable, &what, Some(help));
                Err(Stop::Stuck)
            }
        }
    }
}

macro_rules! only {
    ($($method:ident $expected:literal;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.only($expected)?.$method(visitor)
        }
    )* };
}

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Stop;

    /// One field is a value to a type that takes anything, and a set at the second attempt.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        match *self.members {
            [member] if self.node.plan().readings != 1 => {
                Field::root(self.node, member.value).deserialize_any(visitor)
            }
            _ => self.visit(visitor),
        }
    }

    only! {
        deserialize_bool "bool";
        deserialize_i8 "i8";
        deserialize_i16 "i16";
        deserialize_i32 "i32";
        deserialize_i64 "i64";
        deserialize_i128 "i128";
        deserialize_u8 "u8";
        deserialize_u16 "u16";
        deserialize_u32 "u32";
        deserialize_u64 "u64";
        deserialize_u128 "u128";
        deserialize_f32 "f32";
        deserialize_f64 "f64";
        deserialize_char "one character";
        deserialize_str "text";
        deserialize_string "text";
        deserialize_identifier "text";
        deserialize_bytes "bytes";
        deserialize_byte_buf "bytes";
        deserialize_seq "a list";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.only("a list")?.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.visit(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.visit(visitor)
    }

    /// One field is the name of a variant, or named after one that it is the content of.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match *self.members {
            [Member { name, value, form }]
                if variants.contains(&name) && !is_one_of(value, variants) =>
            {
                visitor.visit_enum(Variant::with(self.node, name, value, form, self.reading))
            }
            _ => self.only("a variant")?.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }
}

/// Whether the value is one of these public words.
fn is_one_of(value: &SecretValue, words: &[&str]) -> bool {
    words.iter().any(|word| value.expose_bytes() == word.as_bytes())
}

/// The fields that are still to be handed out, the next one last.
struct Entries<'a> {
    node: Node<'a>,
    reading: Reading,
    left: Vec<(&'a str, Option<&'a Member<'a>>)>,
    /// The one whose name was given last.
    key: &'a str,
}

impl Entries<'_> {
    /// Two names of one field are there: the second one is left out from now on.
    fn refuse_last(&self, name: &str) -> Stop {
        let path = self.node.path().name(self.key);
        let node = self.node.at(&path);
        let what = format!("another field is `{name}` already");
        node.note(ErrorKind::Ambiguous, &what, Some("keep one of the two".to_owned()));
        node.leave_out()
    }

    /// The name given last is none that the type knows.
    fn refuse_name(&self, stop: Stop) -> Stop {
        let path = self.node.path().name(self.key);
        let node = self.node.at(&path);
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

impl<'de> MapAccess<'de> for Entries<'_> {
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
        let path = self.node.path().name(name);
        let node = self.node.at(&path);
        match member {
            Some(member) => Field::read(seed, node, member.value, member.form, self.reading),
            None => Field::stand_in(seed, node),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}
