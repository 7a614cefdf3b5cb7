use std::collections::BTreeMap;

use crate::commands::audit::{
    log_line::LogLine,
    written_source::{field_of, group_of},
};

/// Chooses the events about one source, in the order of the log.
pub struct SourceFilter {
    source: String,
    /// The group of a source that is written so.
    group: String,
    /// The field of a request that is written so.
    field: String,
    /// Whether what steps read of a group is of the source: by program, step and group.
    groups: BTreeMap<[String; 3], bool>,
}

impl SourceFilter {
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            group: group_of(source),
            field: field_of(source),
            groups: BTreeMap::new(),
        }
    }

    /// Whether the event is about the source: the one that is written so, with or without its type, what is read of its
    /// group, or the secret with that id. Each event must be passed, since an event about a source says to which source
    /// the group of later reads belongs.
    pub fn is_about(&mut self, event: &LogLine) -> bool {
        let text = |name: &str| event.text(name);
        let of_group = |group: &str| {
            [text("program").unwrap_or_default(), text("step").unwrap_or_default(), group]
                .map(str::to_owned)
        };
        let Some(source) = text("source") else {
            let group = text("group");
            let known = group.and_then(|group| self.groups.get(&of_group(group)).copied());
            let is_of_group = || group.is_some_and(|it| it == self.source || it == self.group);
            return self.is_id(event)
                || event.group_and_key().is_some_and(|field| field == self.field)
                || known.unwrap_or_else(is_of_group);
        };
        let is_about = self.is_id(event)
            || source == self.source
            || field_of(source) == self.field
            || self.is_typed(event, source)
            || text("group") == Some(&self.source);
        self.groups.insert(of_group(&event.group()), is_about);
        is_about
    }

    /// Whether the event has the source as the id of its secret, alone or behind the type of its backend.
    fn is_id(&self, event: &LogLine) -> bool {
        event.text("id").is_some_and(|id| id == self.source || self.is_typed(event, id))
    }

    /// Whether the source is this text behind the type of the event's backend.
    fn is_typed(&self, event: &LogLine, text: &str) -> bool {
        let kind = event.text("backend").unwrap_or_default();
        let rest = self.source.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.'));
        !kind.is_empty() && rest == Some(text)
    }
}
