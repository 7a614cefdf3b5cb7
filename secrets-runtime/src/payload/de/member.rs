use secrets_spec::closest;

use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::abort::ticked,
        json::{Json, form::Form},
    },
};

/// A field of a set.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a SecretValue,
    pub(super) form: Option<Form>,
}

impl<'a> Member<'a> {
    /// The members of a JSON object; those that are `null` are absent.
    pub(super) fn of_object(members: &'a [(String, Json)]) -> Vec<Self> {
        let there = members.iter().filter(|(_, json)| json.form != Form::Null);
        let member = |(name, json): &'a (String, Json)| Self {
            name,
            value: &json.value,
            form: Some(json.form),
        };
        there.map(member).collect()
    }

    /// Their names, for a help line.
    pub(super) fn names(members: &[Self]) -> String {
        match members.len() {
            0 => "it has no fields".to_owned(),
            _ => format!("its fields are {}", ticked(members.iter().map(|member| member.name))),
        }
    }

    /// What helps whoever wants a field of this name, which is none of theirs.
    pub(super) fn help(members: &[Self], wanted: &str) -> String {
        match closest(wanted, members.iter().map(|member| member.name)) {
            Some(near) => {
                format!("did you mean `{}`? {}", near.escape_debug(), Self::names(members))
            }
            None => Self::names(members),
        }
    }
}
