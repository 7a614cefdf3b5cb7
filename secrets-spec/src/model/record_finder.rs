use alloc::vec::Vec;

use crate::{
    grammar::spec_error::SpecError,
    model::step_spec::{RECORD_END, RECORD_START, StepSpec},
    text::escape::is_printable,
};

/// The longest JSON text of a record that is read. A step with thousands of sources has less.
const MAX_RECORD_BYTES: usize = 1 << 20;

/// The most commas in a record. A short text can have many sources, each of which takes much more memory than its text.
const MAX_COMMAS: usize = 40_000;

/// The longest texts of the members that name a step, in bytes.
const MAX_STEP_BYTES: usize = 256;
const MAX_MODULE_BYTES: usize = 1024;
const MAX_FILE_BYTES: usize = 4096;

/// Finds the records of steps in the bytes of a program, of whatever format. The bytes are pushed piece by piece, and
/// at most one record is in memory.
///
/// ```
/// use secrets_spec::{RECORD_END, RECORD_START, RecordFinder};
///
/// let json = r#"{"step":"load","module":"app","file":"src/app.rs","line":12,"sources":["prod-db"]}"#;
/// let program = format!("\0\0{RECORD_START}{json}{RECORD_END}\0\0");
/// let mut names = Vec::new();
/// let mut finder = RecordFinder::default();
/// for piece in program.as_bytes().chunks(7) {
///     finder.push(piece, |record| names.extend(record.step.map(|step| step.name)));
/// }
/// finder.finish(|record| panic!("{record:?}"));
/// assert_eq!(names, ["load"]);
/// ```
#[derive(Debug, Default)]
pub struct RecordFinder {
    state: State,
    /// How many bytes were pushed before.
    offset: u64,
    /// Where the record begins that is being read.
    start: u64,
    /// The JSON text of the record, as far as it is read.
    json: Vec<u8>,
}

/// A record that was found.
#[derive(Debug)]
pub struct FoundRecord {
    /// The index of the record's first byte.
    pub offset: u64,
    /// The step, or why the record is not one that the macros write.
    pub step: Result<StepSpec, SpecError>,
    /// The bytes of its JSON text. Two records of a step have the same bytes.
    pub json: Vec<u8>,
    /// Whether a later release has written it, in a form that this one does not read.
    pub is_newer: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    #[default]
    Outside,
    /// After so many bytes of `RECORD_START`.
    Start(usize),
    /// In the number of a later version.
    Version(u32),
    /// After the start of a record of this version.
    Newer(u32),
    /// In the JSON text.
    Json,
}

/// The bytes of `RECORD_START`, inverted: a program that reads records does not have them.
const INVERTED_START: [u8; RECORD_START.len()] = {
    let (mut inverted, mut i) = ([0; RECORD_START.len()], 0);
    while i < inverted.len() {
        inverted[i] = !RECORD_START.as_bytes()[i];
        i += 1;
    }
    inverted
};

/// How many of them stand before the number of the version.
const BEFORE_VERSION: usize = RECORD_START.len() - "1:".len();

/// The highest version of a later release. What is larger is not a version.
const MAX_VERSION: u32 = 9999;

/// How many bytes are searched for the first byte of a record at once.
const BLOCK: usize = 4096;

impl RecordFinder {
    /// Reads the next bytes, and passes each record that ends in them.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(FoundRecord)) {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Outside {
                let end = bytes.len().min(at + BLOCK);
                // Much faster than a loop in a build without optimizations.
                if !bytes[at..end].contains(&!INVERTED_START[0]) {
                    at = end;
                    continue;
                }
                at +=
                    bytes[at..end].iter().position(|byte| !byte == INVERTED_START[0]).unwrap_or(0);
            }
            self.next(bytes[at], self.offset + at as u64, &mut each);
            at += 1;
        }
        self.offset += bytes.len() as u64;
    }

    /// Ends the search. A record that is not closed is passed as a damaged one.
    pub fn finish(mut self, mut each: impl FnMut(FoundRecord)) {
        if self.state == State::Json {
            self.pass_damaged(&mut each, "the record of a step is cut");
        }
    }

    fn next(&mut self, byte: u8, offset: u64, each: &mut impl FnMut(FoundRecord)) {
        match self.state {
            State::Json if byte == RECORD_END.as_bytes()[0] => {
                self.state = State::Outside;
                let json = core::mem::take(&mut self.json);
                each(FoundRecord { offset: self.start, step: read(&json), json, is_newer: false });
                return;
            }
            // JSON that the macros write has no control characters.
            State::Json if byte < b' ' => {
                self.pass_damaged(each, "the record of a step is damaged")
            }
            State::Json if self.json.len() == MAX_RECORD_BYTES => {
                self.pass_damaged(each, "the record of a step is too long");
            }
            State::Json => return self.json.push(byte),
            State::Start(count) if count == INVERTED_START.len() && byte >= b' ' => {
                self.state = State::Json;
                self.json = Vec::from([byte]);
                return;
            }
            State::Start(count) if INVERTED_START.get(count) == Some(&!byte) => {
                self.state = State::Start(count + 1);
                return;
            }
            State::Start(BEFORE_VERSION) if matches!(byte, b'2'..=b'9') => {
                self.state = State::Version(u32::from(byte - b'0'));
                return;
            }
            // After the `1` of a version such as 12.
            State::Start(count) if count == BEFORE_VERSION + 1 && byte.is_ascii_digit() => {
                self.state = State::Version(10 + u32::from(byte - b'0'));
                return;
            }
            State::Version(version) if byte.is_ascii_digit() && version <= MAX_VERSION / 10 => {
                self.state = State::Version(version * 10 + u32::from(byte - b'0'));
                return;
            }
            State::Version(version) if byte == b':' => {
                self.state = State::Newer(version);
                return;
            }
            State::Newer(version) if byte == b'{' => {
                let message = alloc::format!(
                    "the record of a step has version {version}, and this release reads version 1"
                );
                let step = Err(SpecError::new(message, 0..0, None));
                each(FoundRecord { offset: self.start, step, json: Vec::new(), is_newer: true });
            }
            _ => {}
        }
        self.state = State::Outside;
        if !byte == INVERTED_START[0] {
            (self.state, self.start) = (State::Start(1), offset);
        }
    }

    /// Passes a record without an end as a damaged one. A text that merely has the marker is not one: a program that reads
    /// records may have it.
    fn pass_damaged(&mut self, each: &mut impl FnMut(FoundRecord), message: &str) {
        let json = core::mem::take(&mut self.json);
        if json.starts_with(b"{") {
            let step = Err(SpecError::new(message, 0..json.len(), None));
            each(FoundRecord { offset: self.start, step, json, is_newer: false });
        }
    }
}

/// Reads the JSON of a record, and checks what the macros always write.
fn read(json: &[u8]) -> Result<StepSpec, SpecError> {
    let damaged = |message: &str| SpecError::new(message, 0..json.len(), None);
    let text =
        core::str::from_utf8(json).map_err(|_| damaged("the record of a step is not UTF-8"))?;
    if json.iter().filter(|byte| **byte == b',').count() > MAX_COMMAS {
        return Err(damaged("the record of a step has too many members"));
    }
    let step = StepSpec::from_json(text)?;
    for (member, text, longest) in [
        ("step", &step.name, MAX_STEP_BYTES),
        ("module", &step.module, MAX_MODULE_BYTES),
        ("file", &step.file, MAX_FILE_BYTES),
    ] {
        let what = match text.len() {
            0 => "has no",
            length if length > longest => "has too long a text in",
            _ => "has characters that are not printed in",
        };
        if text.is_empty() || text.len() > longest || !is_printable(text) {
            return Err(damaged(&alloc::format!("the record of a step {what} `{member}`")));
        }
    }
    if step.line == 0 {
        return Err(damaged("the record of a step has no `line`"));
    }
    step.declared_sources()?;
    Ok(step)
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec};

    use super::*;

    const JSON: &str = r#"{"step":"load","module":"app","file":"src/app.rs","line":12}"#;

    fn record(json: &str) -> String {
        format!("{RECORD_START}{json}{RECORD_END}")
    }

    /// Returns the offsets and names of the records in these bytes, and the messages of damaged ones.
    fn find(bytes: &[u8], piece: usize) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        let mut each = |record: FoundRecord| {
            let text = match record.step {
                Ok(step) => step.name,
                Err(error) => format!("! {}", error.message()),
            };
            found.push((record.offset, text));
        };
        let mut finder = RecordFinder::default();
        bytes.chunks(piece).for_each(|piece| finder.push(piece, &mut each));
        finder.finish(&mut each);
        found
    }

    #[test]
    fn records_are_found_wherever_the_pieces_end() {
        let other = JSON.replace("load", "save");
        let bytes = format!("\u{7f}ELF\u{2}\u{2}{}ab{}", record(JSON), record(&other));
        let second = (bytes.len() - record(&other).len()) as u64;
        let expected = vec![(6, "load".into()), (second, "save".into())];
        // The first byte of a record may stand before it, and be no record.
        assert_eq!(bytes.as_bytes()[6], 2);
        for piece in 1..=bytes.len() {
            let found = find(bytes.as_bytes(), piece);
            assert_eq!(found, expected, "{piece}");
        }
    }

    #[test]
    fn the_marker_alone_is_no_record() {
        for bytes in [
            RECORD_START.into(),
            format!("{RECORD_START}{RECORD_END}"),
            format!("{RECORD_START}some words\u{2}"),
            format!("{RECORD_START}some words"),
            format!("{}{{}}", RECORD_START.strip_suffix(':').unwrap()),
        ] {
            assert_eq!(find(bytes.as_bytes(), 5), []);
        }
    }

    #[test]
    fn a_record_of_a_later_version_is_told_from_a_damaged_one() {
        for (version, is_newer) in [
            ("2", true),
            ("10", true),
            ("123", true),
            ("9999", true),
            ("10000", false),
            ("0", false),
            ("01", false),
            ("2x", false),
            ("", false),
        ] {
            let start = RECORD_START.replace("1:", version);
            let bytes = format!("{start}:{JSON}{RECORD_END}{start}:some words{}", record(JSON));
            let mut found = Vec::new();
            let mut each = |record: FoundRecord| found.push((record.is_newer, record.step.is_ok()));
            let mut finder = RecordFinder::default();
            bytes.as_bytes().chunks(3).for_each(|piece| finder.push(piece, &mut each));
            finder.finish(&mut each);
            let expected: &[(bool, bool)] =
                if is_newer { &[(true, false), (false, true)] } else { &[(false, true)] };
            assert_eq!(found, expected, "{version}");
        }
    }

    #[test]
    fn a_damaged_record_does_not_hide_the_next_one() {
        for damaged in [
            "{}".into(),
            "some words".into(),
            JSON.replace("load", "\\u001b[31m"),
            JSON.replace("load", "\\u202e"),
            JSON.replace("12", "0"),
            JSON.replace("app", ""),
            JSON.replace("load", &"x".repeat(257)),
            JSON.replace("app", &"x".repeat(1025)),
            JSON.replace("src/app.rs", &"x".repeat(4097)),
            JSON.replace('}', &format!(",\"sources\":[{}\"a\"]}}", "\"a\",".repeat(50_000))),
            JSON.replace("\"step\"", "\"stop\""),
            JSON.replace('}', ",\"sources\":[\"a b\"]}"),
            JSON.replace('}', ",\"parameters\":[{\"source\":\"a b\"}]}"),
            format!("{{{}", "[".repeat(5000)),
        ] {
            let bytes = format!("{}{}", record(&damaged), record(JSON));
            let found = find(bytes.as_bytes(), 100);
            assert_eq!(found.len(), 2, "{damaged}: {found:?}");
            assert!(found[0].1.starts_with("! ") && found[1].1 == "load", "{damaged}: {found:?}");
        }
    }

    #[test]
    fn a_record_ends_at_a_control_character_at_its_longest_and_with_the_bytes() {
        let whole = record(JSON);
        for cut in RECORD_START.len() + 1..whole.len() {
            assert_eq!(find(&whole.as_bytes()[..cut], 9)[0].1, "! the record of a step is cut");
            let bytes = format!("{}{whole}", &whole[..cut]);
            let found = find(bytes.as_bytes(), 9);
            assert_eq!(found[0], (0, "! the record of a step is damaged".into()));
            assert_eq!(found[1], (cut as u64, "load".into()));
        }
        let long = JSON.replace("load", &"x".repeat(MAX_RECORD_BYTES));
        let bytes = format!("{}{whole}", record(&long));
        let found = find(bytes.as_bytes(), 1000);
        assert_eq!(found[0].1, "! the record of a step is too long");
        assert_eq!(found[1].1, "load");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_a_damaged_record() {
        let mut bytes = record(JSON).into_bytes();
        let at = bytes.iter().position(|byte| *byte == b'l').unwrap();
        bytes[at + RECORD_START.len()] = 0xff;
        assert!(find(&bytes, 10)[0].1.starts_with("! "));
    }
}
