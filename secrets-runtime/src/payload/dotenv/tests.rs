use proptest::prelude::*;

use super::*;

/// Returns the names and values of a file, or the lines of its problems.
fn read_text(text: &str) -> Result<Vec<(String, String)>, Vec<usize>> {
    match read(&text.into()) {
        Ok(read) => {
            let plain = |value: SecretValue| value.expose_str().expect("it is text").to_owned();
            Ok(read.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
        Err(error) => Err(error.problems().iter().map(line).collect()),
    }
}

fn line(problem: &Problem) -> usize {
    assert_eq!(problem.kind(), ErrorKind::Undecodable);
    assert!(problem.help().is_some());
    let number = problem.message().strip_prefix("line ").and_then(|rest| rest.split(':').next());
    number.and_then(|number| number.parse().ok()).expect("a problem names its line")
}

#[track_caller]
fn assert_read(text: &str, expected: &[(&str, &str)]) {
    let read = read_text(text).unwrap_or_else(|lines| panic!("{text:?} fails in {lines:?}"));
    let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(read, expected, "{text:?}");
}

#[track_caller]
fn assert_fails(text: &str, lines: &[usize]) {
    assert_eq!(read_text(text).expect_err(text), lines, "{text:?}");
}

#[test]
fn a_comment_starts_after_a_blank() {
    for text in [
        "A=1\t# note",
        "A=1\t\t# note",
        "A=1 # note",
        "export A=1\t# note",
        "A=1\t# B=2",
        "A=\"1\"\t# n",
        "A='1' # it's",
        "A=\"1\"# n",
        "# it's\n\n  # \"\nA=1",
    ] {
        assert_read(text, &[("A", "1")]);
    }
    for text in ["A= # note", "A=\t# note", "A=", "A=''", "A=\"\"", "A=\t", "A= \n"] {
        assert_read(text, &[("A", "")]);
    }
    for (text, value) in [
        ("A=p#w", "p#w"),
        ("A=#FF0000", "#FF0000"),
        ("A=#FF0000 # red", "#FF0000"),
        ("A=\"a#b\"", "a#b"),
        ("A=' # z'", " # z"),
        ("A=a\tb", "a\tb"),
    ] {
        assert_read(text, &[("A", value)]);
    }
    assert_fails("A=# note", &[1]);
}

#[test]
fn a_line_ends_with_lf_crlf_or_cr() {
    let three = [("A", "1"), ("B", "2"), ("C", "3")];
    assert_read("A=1\r\nB=\"2\"\r\n# n\r\nC=3\t# n\r\n", &three);
    assert_read("A=1\rB='2'\rC=3", &three);
    assert_read("A=1\r\rB=2\nC=3\r", &three);
    assert_read("A=1\r", &[("A", "1")]);
    assert_fails("A=1\r\n\rB\nC", &[3, 4]);
}

#[test]
fn a_byte_order_mark_at_the_start_is_no_part_of_a_name() {
    assert_read("\u{FEFF}A=1", &[("A", "1")]);
    assert_read("\u{FEFF}A=\"x y\"", &[("A", "x y")]);
    assert_read("\u{FEFF}# n\r\nA=1\r\n", &[("A", "1")]);
    assert_fails("A=1\n\u{FEFF}B=2", &[2]);
}

#[test]
fn export_may_stand_before_a_name() {
    for text in
        ["export A=1", "export\tA=1", "export \t A=1", "\texport\tA=1", "  A = 1", "A\t=\t1"]
    {
        assert_read(text, &[("A", "1")]);
    }
    assert_read("exported=1\nexport=2", &[("exported", "1"), ("export", "2")]);
    assert_read("_a9=1\nSECRETS_X=2", &[("_a9", "1"), ("SECRETS_X", "2")]);
}

#[test]
fn a_name_that_no_variable_can_have_is_an_error() {
    for text in [
        "E F=5",
        "A[0]=1",
        "=1",
        " = 1",
        "1A=1",
        "A-B=1",
        "A.B=1",
        "é=1",
        "set A=1",
        "$env:A=\"1\"",
        "'A'=1",
        "\"A\"=1",
        "export 'A'=1",
        "export =1",
        "A #=1",
        "A",
        "export A",
        "A: 1",
    ] {
        assert_fails(text, &[1]);
    }
    assert_fails("A=1\n'A'=2", &[2]);
    assert_fails("A=1\n\nB=2\nexport A = 1\nA=3", &[4, 5]);
}

#[test]
fn quotes_keep_what_is_between_them() {
    for (text, value) in [
        ("A= \"B R\"", "B R"),
        ("A=\t'D'  ", "D"),
        (r"A='C:\new'", r"C:\new"),
        (r"A=C:\new", r"C:\new"),
        (r"A='a\\b'", r"a\\b"),
        (r"A='a\\'", r"a\\"),
        (r"A='a\'", r"a\"),
        (r"A='it\'s'", "it's"),
        (r"A='\'it\\s\' # x'", r"'it\s' # x"),
        (r"A='it'\''s'", "it's"),
        (r"A=''\'''", "'"),
        (r"A='a\'\''b'", r"a\'b"),
        ("A='a'\"b\"'c'", "abc"),
        ("A=`x y`", "x y"),
        ("A=`{\"a\": \"it's\"}` # n", "{\"a\": \"it's\"}"),
        ("A=`x\ny`", "x\ny"),
        ("A=\"x\ny\"", "x\ny"),
        ("A='u\nv'", "u\nv"),
        ("A=\"x # y\n# z\"", "x # y\n# z"),
        ("A=\"x\r\ny\"\n", "x\r\ny"),
        ("A=\"x\r\ny\"\r\n", "x\ny"),
        (r#"A="\n\r\t\"\\\$\`\'\d\é""#, "\n\r\t\"\\$`'\\d\\é"),
        ("A=a$b", "a$b"),
        ("A=\"a$b\"", "a$b"),
        ("A='a${b}'", "a${b}"),
        ("A=it's", "it's"),
        ("A=a\"b c\"d", "a\"b c\"d"),
        ("A=a=b=", "a=b="),
    ] {
        assert_read(text, &[("A", value)]);
        // A line break alone would make the line breaks of the file another kind.
        let line_break = if text.ends_with("\r\n") { "\r\n" } else { "\n" };
        assert_read(&format!("{text}{line_break}B=2{line_break}"), &[("A", value), ("B", "2")]);
    }
}

#[test]
fn a_quote_that_does_not_fit_is_an_error() {
    for text in ["A=\"x\" y", "A=\"x", "A='x", "A=`x", "A='x'y", "A=\"x\\", "A='it's'", "A=`x`y`"] {
        assert_fails(text, &[1]);
    }
    // A shell ends the value before the comment, python-dotenv after it.
    assert_fails(r"A='a\' # it\'s'", &[1]);
    // The lines of a value count.
    assert_fails("A='x\n\ny'\nB\nC=\"\n\"\nD", &[4, 7]);
    // This line ended an index of an earlier reader before it began.
    assert_fails("A=\\'\"SeNtInEl\nmore\"tail\n", &[2]);
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    assert!(read(&SecretValue::from(vec![b'A', b'=', 0xFF])).is_err());
}

#[test]
fn the_number_of_problems_has_an_end() {
    for text in ["SeNtInEl\n", "A='SeNtInEl\n", "A=\"x\" SeNtInEl\n", "A=SeNtInEl\n"] {
        let error = read(&text.repeat(1000).as_str().into()).expect_err("each line is wrong");
        assert_eq!(error.problems().len(), ProblemList::MAX + 1, "{text}");
        assert!(!format!("{error:?}").contains("SeNtInEl"));
    }
}

const FILE: &str = "\u{FEFF}# note\nexport A='SeNtInEl' # x\nB=\"SeNtInEl \\\" SeNtInEl\nSeNtInEl\"\r\nC=SeNtInEl\n\
    D='SeNtInEl'\\''SeNtInEl\\'SeNtInEl'\nE=`SeNtInEl=SeNtInEl`\n";

fn mutated() -> impl Strategy<Value = String> {
    let places = FILE.chars().count();
    let piece = prop_oneof![
        Just(String::new()),
        "[ \t\r\n#='\"`\\\\{}$A-C\u{FEFF}é]{1,3}",
        Just("SeNtInEl=SeNtInEl\n".to_owned()),
    ];
    proptest::collection::vec((0..places, 0..4_usize, piece), 1..6).prop_map(|changes| {
        let mut chars: Vec<char> = FILE.chars().collect();
        for (at, removed, piece) in changes {
            let at = at.min(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_problem_shows_what_is_in_the_file(text in mutated()) {
        let lines = text.split(['\n', '\r']).count();
        if let Err(error) = read(&text.as_str().into()) {
            prop_assert!(error.problems().iter().all(|problem| line(problem) <= lines));
            prop_assert!(!format!("{error:?}").contains("SeNtInEl"), "{:?}: {:?}", text, error);
        }
    }

    #[test]
    fn a_value_in_quotes_is_read_back(value in "(\\PC|['\\\\\n\r\" #a]){0,12}") {
        let single = format!("A='{}'\n", value.replace('\'', "'\\''"));
        let escaped: String = value.chars().flat_map(|c| {
            let backslash = "\"\\$`".contains(c).then_some('\\');
            backslash.into_iter().chain([c])
        }).collect();
        for text in [single, format!("A=\"{escaped}\"\n")] {
            // A shell's quotes that python-dotenv reads in another way are an error.
            let is_ambiguous = text.starts_with("A='") && text.contains(r"\'");
            match read_text(&text) {
                Ok(read) => prop_assert_eq!(&read[0].1, &value, "{}", text),
                Err(_) => prop_assert!(is_ambiguous, "{}", text),
            }
        }
    }
}
