use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::{
    args::since::parse_time,
    commands::audit::written_source::{field_of_read, group_of},
    output::escape::escape_controls,
};

/// The version of the events that this command reads.
const VERSION: u64 = 1;

/// One event of an audit log.
pub struct LogLine(Map<String, Value>);

impl LogLine {
    /// Parses a line. Returns `None` if it is not an event, one of another version, or one without a time.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = match serde_json::from_slice(line).ok()? {
            Value::Object(fields) => Self(fields),
            _ => return None,
        };
        let is_event = line.number("v") == Some(VERSION)
            && line.text("event").is_some()
            && line.time().is_some();
        is_event.then_some(line)
    }

    /// Returns a field that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns a field that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub fn event(&self) -> &str {
        self.text("event").unwrap_or_default()
    }

    pub fn time(&self) -> Option<SystemTime> {
        parse_time(self.text("time")?)
    }

    /// Returns the group under which the source of this event is read.
    pub fn group(&self) -> String {
        match (self.text("group"), self.text("source")) {
            (Some(group), _) => group.to_owned(),
            (None, Some(source)) => group_of(source),
            (None, None) => String::new(),
        }
    }

    /// Returns a field that was read, written as a request for it is.
    pub fn group_and_key(&self) -> Option<String> {
        let (group, key) = (self.text("group")?, self.text("key")?);
        Some(field_of_read(group, key))
    }

    /// Returns the event as one line for a person.
    pub fn describe(&self) -> String {
        let text = |name| self.text(name).unwrap_or_default();
        let pid = self.number("pid").unwrap_or_default();
        let step = self.text("step").unwrap_or("-");
        let (time, event, program) = (text("time"), self.event(), text("program"));
        let line = format!("{time}  {program}[{pid}]  {step}  {event}  {}", self.details());
        escape_controls(line.trim_end()).into_owned()
    }

    fn details(&self) -> String {
        let text = |name| self.text(name);
        let secret =
            [text("backend"), text("id")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let Some(source) = text("source") else {
            return self.group_and_key().or(text("group").map(str::to_owned)).unwrap_or(secret);
        };
        let mut parts = vec![secret];
        parts.extend(text("version").map(|version| format!("version {version}")));
        parts.extend(text("role").map(|role| format!("role {role}")));
        parts.extend(text("origin").map(|origin| format!("from {origin}")));
        parts.extend(self.number("ms").map(|ms| format!("{ms} ms")));
        parts.extend(text("kind").map(str::to_owned));
        parts.retain(|part| !part.is_empty());
        format!("{source} ({})", parts.join(", "))
    }
}
