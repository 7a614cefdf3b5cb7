//! Sources and requests written as JSON that reads back as the same.

use alloc::string::ToString;
use core::fmt::{self, Write};

use crate::{MountType, Request, Source};

/// Writes a source as JSON; the values of `inline` are masked.
pub(crate) fn write_source(source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let options = source.options();
    f.write_str("{\"id\": ")?;
    write_text(source.id(), f)?;
    let backend = source.backend().map(crate::BackendType::as_str);
    for (name, value) in
        [("type", backend), ("group", source.alias()), ("role", source.role().as_str())]
    {
        if let Some(value) = value {
            write!(f, ", \"{name}\": ")?;
            write_text(value, f)?;
        }
    }
    let mut comma = "";
    if *options != crate::Options::default() {
        f.write_str(", \"options\": {")?;
        for (name, value) in [("json", options.json), ("required", options.required)] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": {value}")?;
                comma = ", ";
            }
        }
        for (name, value) in [
            ("env_var_name", &options.env_var_name),
            ("region", &options.region),
            ("version_id", &options.version_id),
            ("version_stage", &options.version_stage),
        ] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": ")?;
                write_text(value, f)?;
                comma = ", ";
            }
        }
        if let Some(vars) = &options.env_vars {
            write!(f, "{comma}\"env_vars\": {{")?;
            for (index, (name, _)) in vars.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                write_text(name, f)?;
                f.write_str(": \"***\"")?;
            }
            f.write_char('}')?;
        }
        f.write_char('}')?;
    }
    f.write_char('}')
}

/// Writes a source as an item of a JSON list: its text in quotes, or its object.
pub(crate) fn write_item(source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = source.to_string();
    if text.starts_with('{') { f.write_str(&text) } else { write_text(&text, f) }
}

/// Writes a request as JSON, with the fields that are given.
pub(crate) fn write_request(request: &Request, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let view = request.view();
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let mount = view.mount_requirement;
    let mut comma = "{";
    for (name, value) in [
        ("group", given(view.group)),
        ("key", given(view.key)),
        ("group_version", view.group_version),
        ("mount_requirement", Some(mount.as_str()).filter(|_| mount != MountType::ANY)),
        ("env_var", view.env_var),
    ] {
        if let Some(value) = value {
            write!(f, "{comma}\"{name}\": ")?;
            write_text(value, f)?;
            comma = ", ";
        }
    }
    f.write_char('}')
}

pub(crate) fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
