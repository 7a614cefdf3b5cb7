//! Writes YAML: blocks for maps and lists, and one line for each text.

use std::fmt::Write;

use crate::manifest::node::ManifestNode;

/// Returns a document.
pub fn write(document: &ManifestNode) -> String {
    let mut text = String::new();
    block(document, 0, &mut text);
    text
}

/// Writes a map or a list that is not empty, from the start of a line.
fn block(node: &ManifestNode, indent: usize, out: &mut String) {
    match node {
        ManifestNode::Map(members) if !members.is_empty() => {
            for (key, value) in members {
                pad(indent, out);
                member(key, value, indent, out);
            }
        }
        ManifestNode::List(items) if !items.is_empty() => {
            for item in items {
                pad(indent, out);
                out.push_str("- ");
                item_of_list(item, indent, out);
            }
        }
        node => {
            pad(indent, out);
            out.push_str(&inline(node));
            out.push('\n');
        }
    }
}

fn member(key: &str, value: &ManifestNode, indent: usize, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{}:", scalar(key));
    if is_block(value) {
        out.push('\n');
        // A list stands at the indent of its key.
        let deeper = if matches!(value, ManifestNode::List(_)) { indent } else { indent + 2 };
        block(value, deeper, out);
    } else {
        let _ = writeln!(out, " {}", inline(value));
    }
}

/// Writes an item after its `- `.
fn item_of_list(item: &ManifestNode, indent: usize, out: &mut String) {
    match item {
        ManifestNode::Map(members) if !members.is_empty() => {
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    pad(indent + 2, out);
                }
                member(key, value, indent + 2, out);
            }
        }
        item if is_block(item) => {
            out.push('\n');
            block(item, indent + 2, out);
        }
        item => {
            out.push_str(&inline(item));
            out.push('\n');
        }
    }
}

fn is_block(node: &ManifestNode) -> bool {
    match node {
        ManifestNode::Map(members) => !members.is_empty(),
        ManifestNode::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn inline(node: &ManifestNode) -> String {
    match node {
        ManifestNode::Text(text) => scalar(text),
        ManifestNode::Number(number) => number.to_string(),
        ManifestNode::Flag(flag) => flag.to_string(),
        ManifestNode::List(_) => "[]".to_owned(),
        ManifestNode::Map(_) => "{}".to_owned(),
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Returns a text as it is, if every reader of YAML takes it for that text; else in quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        yaml_string(text)
    }
}

/// Whether a text is plain: printable ASCII, without what has a meaning in YAML 1.1 or 1.2.
fn is_plain(text: &str) -> bool {
    let is_sign =
        |c: char| c.is_ascii_alphanumeric() || " -_./:=,+@%()<>~^*?&|!;[]{}\"'$#\\`".contains(c);
    let starts_well = text
        .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '_'))
        || text.starts_with("--") && text.len() > 3;
    // No number has a blank or one of these letters, and no time is without a colon.
    let is_of_number = |c: char| c.is_ascii_digit() || "eExXoObB_.+-".contains(c);
    let is_schedule = text.contains(" * ");
    let starts_well = starts_well
        || text.starts_with(|c: char| c.is_ascii_digit())
            && (is_schedule || !text.contains([':', ' ', ',']) && !text.chars().all(is_of_number));
    let has_meaning = text.contains(": ")
        || text.contains(" #")
        || text.ends_with([':', ' '])
        || is_word_of_yaml(text)
        || has_base(text)
        || is_number_like(text);
    starts_well && text.chars().all(is_sign) && !has_meaning
}

fn is_word_of_yaml(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"];
    let lower = text.to_ascii_lowercase();
    words.contains(&lower.trim_start_matches('.'))
}

/// Whether a text begins as a number in another base than ten does, such as `0xFF` and `0o17`.
fn has_base(text: &str) -> bool {
    let base = text.strip_prefix('0').and_then(|rest| rest.chars().next());
    base.is_some_and(|base| "xXoObB".contains(base))
}

/// Whether a text could be a number, such as `.5`, `_1` and `e3`.
fn is_number_like(text: &str) -> bool {
    let rest = text.trim_start_matches(['.', '_']);
    rest.is_empty() || (text != rest && rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Returns a text in double quotes, in ASCII.
fn yaml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        let code = u32::from(c);
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            '\n' => write!(quoted, "\\n"),
            '\t' => write!(quoted, "\\t"),
            ' '..='~' => write!(quoted, "{c}"),
            _ if code <= 0xff => write!(quoted, "\\x{code:02x}"),
            _ if code <= 0xffff => write!(quoted, "\\u{code:04x}"),
            _ => write!(quoted, "\\U{code:08x}"),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use granit_parser::{Event, Parser};
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::node::{list, map};

    /// The scalars of a text, and whether each is plain.
    fn scalars(text: &str) -> Vec<(String, bool)> {
        let events = Parser::new_from_str(text).map(|event| event.expect("it is YAML").0);
        let scalars = events.filter_map(|event| match event {
            Event::Scalar(text, style, ..) => {
                Some((text.to_string(), format!("{style:?}") == "Plain"))
            }
            _ => None,
        });
        scalars.collect()
    }

    #[test]
    fn it_is_written_as_people_write_it() {
        let document = map([
            ("kind", "Job".into()),
            ("empty", map([])),
            ("items", list([map([("a", "1".into()), ("b", list(["x".into()]))]), "z".into()])),
            ("number", ManifestNode::Number(256)),
            ("schedules", list(["0 2 * * *".into()])),
        ]);
        let expected = "empty: {}\nitems:\n- a: '1'\n  b:\n  - x\n- z\nkind: Job\nnumber: 256\nschedules:\n- 0 2 * * *\n";
        assert_eq!(write(&document), expected);
    }

    #[test]
    fn what_has_a_meaning_is_quoted() {
        for text in [
            "",
            "true",
            "No",
            "~",
            "null",
            "1",
            "0x1",
            "0xFF",
            "0XfF",
            "0xcafe",
            "0o17",
            "0O17",
            "0b1",
            "0B_1",
            "017",
            ".5",
            "1e3",
            "2020-01-01",
            "a: b",
            "a #b",
            "- a",
            "? a",
            "*a",
            "&a",
            "!a",
            "{a",
            "[a",
            "a ",
            " a",
            "a:",
            "'a",
            "\"a",
            "#a",
            "%a",
            "@a",
            "`a",
            "12:30",
            "|",
            ">",
            "=",
            "<<",
            ".inf",
            "y",
            "N",
            "1_000",
            "._1",
        ] {
            assert!(!is_plain(text), "{text}");
        }
        for text in [
            "dbflow",
            "secrets:sources=[\"a\"]",
            "load && store",
            "/run/secrets/db",
            "--with",
            "1Gi",
            "500m",
            "0-a",
        ] {
            assert!(is_plain(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_back(text in any::<String>(), key in "[ -~]{1,20}") {
            let written = write(&map([("key", text.clone().into()), ("list", list([key.clone().into()]))]));
            let found = scalars(&written);
            prop_assert_eq!(&found[1].0, &text, "{}", written);
            prop_assert_eq!(&found[3].0, &key, "{}", written);
            prop_assert!(written.is_ascii());
        }
    }
}
