use std::collections::BTreeSet;

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
    /// The groups of its own under which steps read the source: program, step and group.
    aliases: BTreeSet<[String; 3]>,
}

impl SourceFilter {
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            group: group_of(source),
            field: field_of(source),
            aliases: BTreeSet::new(),
        }
    }

    /// Whether the event is about the source: the one that is written so, what is read of its group, or the secret with
    /// that id. Each event must be passed, since an event that tells of a source has the group of its reads.
    pub fn is_about(&mut self, event: &LogLine) -> bool {
        let text = |name: &str| event.text(name);
        let is_named = text("id") == Some(&self.source)
            || text("source").is_some_and(|it| it == self.source || field_of(it) == self.field);
        let alias = ["program", "step", "group"].map(|it| text(it).unwrap_or_default().to_owned());
        if text("source").is_some() && text("group").is_some() {
            match is_named {
                true => self.aliases.insert(alias.clone()),
                false => self.aliases.remove(&alias),
            };
        }
        is_named
            || text("group").is_some_and(|group| group == self.source || group == self.group)
            || event.group_and_key().is_some_and(|field| field == self.field)
            || self.aliases.contains(&alias)
    }
}
