//! ZenML's references: each recorded text has the same result as in ZenML, or is listed as an intended change.

use Outcome::{Error, Literal, NoText, Same, Split};
use secrets_spec::{Part, Template};
use serde_json::Value;

use crate::support::{assert_all_listed, recorded};

enum Outcome {
    /// As in ZenML: one reference with the recorded name and key.
    Same,
    /// Z1: these references, whereas ZenML finds one reference with braces in its name, or none.
    Split(&'static [(&'static str, &'static str)]),
    /// Z1: an error with this message for a malformed reference, which ZenML takes as text or as a reference with
    /// an odd name.
    Error(&'static str),
    /// As in ZenML, a text without references.
    Literal,
    /// A value that is not a text, so that no template is parsed.
    NoText,
}

const DOT: &str = "a reference has no dot";
const NAME: &str = "a reference has no name before its dot";
const KEY: &str = "a reference has no key after its dot";
const SPACE: &str = "a reference holds white space where none belongs";
const BRACE: &str = "a reference holds a brace";
const OPEN: &str = "a reference is not closed";

const OUTCOMES: &[(&str, Outcome)] = &[
    (r#""{{ name.key }}""#, Same),
    (r#""{{\tname.key\n}}""#, Error(SPACE)), // Z1: spaces only
    (r#""{{name . key}}""#, Error(SPACE)),
    (r#""{{na me.key}}""#, Error(SPACE)),
    (r#"" {{name.key}}""#, Split(&[("name", "key")])),
    (r#""{{a.b}}{{c.d}}""#, Split(&[("a", "b"), ("c", "d")])),
    (r#""{{a.b}}/{{c.d}}""#, Split(&[("a", "b"), ("c", "d")])),
    (r#""{{a}}.{{b}}""#, Error(DOT)),
    (r#""{{name}}""#, Error(DOT)),
    (r#""{{name.}}""#, Error(KEY)),
    (r#""{{.key}}""#, Error(NAME)),
    (r#""{{...}}""#, Error(NAME)), // Z1: an empty name names nothing
    (r#""{{ }}""#, Error("a reference is empty")),
    (r#""{{a..b}}""#, Same),
    (r#""{{a.b.}}""#, Same),
    (r#""{{{a.b}}}""#, Error(BRACE)),
    (r#""{{{{a.b}}}}""#, Error(BRACE)),
    (r#""{{a.b}""#, Error(OPEN)),
    (r#""{a.b}}""#, Literal),
    (r#""{{a.b}}}""#, Split(&[("a", "b")])), // Z1: the third brace is text, as in JSON around a reference
    (r#""{{{a.b}}""#, Error(BRACE)),
    (r#""""#, Literal),
    (r#""{{aws-secret.aws_access_key_id}}""#, Same),
    (r#""{{arn:aws:secretsmanager:us-west-2:1:secret:x.key}}""#, Same),
    ("\"{{a.b\u{A0}}}\"", Error(SPACE)), // Z1: spaces only, and this is a no-break space
    (r#""{{1.2}}""#, Same),
    (r#""{{a.b}}\\n""#, Split(&[("a", "b")])),
    (r#""{{'a'.'b'}}""#, Same),
    (r#""{{\"a\".\"b\"}}""#, Same),
    (r#""{{a.b|upper}}""#, Error("a reference has an unknown filter")), // Z1: `|` starts a filter
    (r#""{{a.b, c.d}}""#, Error(SPACE)),
    (r#""{{ a.b.c }}""#, Same),
    (r#""{{  a.b  }}""#, Same),
    (r#""{{ . }}""#, Error(NAME)),
    (r#""{{ x. }}""#, Error(KEY)),
    (r#""{{ ..x }}""#, Error(NAME)),
    (r#""{{ a .b }}""#, Error(SPACE)),
    (r#""${{a.b}}""#, Split(&[("a", "b")])),
    (r#""{{a.b}}{""#, Split(&[("a", "b")])),
    (r#""{{a.}} }}""#, Error(KEY)),
    (r#""{{\r\na.b\r\n}}""#, Error(SPACE)),
    (r#""{{a.b\u0000}}""#, Error("a reference holds a control character")),
    (r#""{{x}}.y}}""#, Error(DOT)),
    ("null", NoText),
    ("1", NoText),
];

#[test]
fn recorded_references_are_equal_or_listed_as_changes() {
    let cases = recorded("zenml.json", "zenml_refs", |case| case["value"].to_string());
    assert_all_listed(&cases, OUTCOMES.iter().map(|(id, _)| *id));
    for (id, outcome) in OUTCOMES {
        let modern = &cases[*id]["modern"];
        let is_reference = modern["is"] == Value::Bool(true);
        let Some(text) = cases[*id]["value"].as_str() else {
            assert!(matches!(outcome, NoText) && !is_reference, "{id}");
            continue;
        };
        let parsed = Template::parse(text);
        let of = |template: &Template| {
            let found = template.references().map(|(a, b)| (a.to_owned(), b.to_owned()));
            found.collect::<Vec<_>>()
        };
        match outcome {
            Same => {
                assert!(is_reference, "{id}");
                let wanted = [(modern["name"].as_str().unwrap(), modern["key"].as_str().unwrap())];
                let template = parsed.unwrap();
                assert_eq!(template.references().collect::<Vec<_>>(), wanted, "{id}");
                assert_eq!(template.parts().len(), 1, "{id}");
            }
            Literal => {
                assert!(!is_reference, "{id}");
                let template = parsed.unwrap();
                let literal = |part: &Part| matches!(part, Part::Literal(whole) if whole == text);
                assert!(template.parts().iter().all(literal), "{id}");
                assert_eq!(template.to_string(), text);
            }
            Split(wanted) => {
                let template = parsed.unwrap();
                let wanted: Vec<_> =
                    wanted.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
                assert_eq!(of(&template), wanted, "{id}");
                // It is a change: ZenML sees another reference, or none.
                let recorded = (modern["name"].as_str(), modern["key"].as_str());
                let ours = (Some(wanted[0].0.as_str()), Some(wanted[0].1.as_str()));
                assert!(recorded != ours || wanted.len() > 1, "{id} is the same");
            }
            Error(message) => {
                let error = parsed.expect_err(id);
                assert!(error.message().starts_with(message), "{id}: {error}");
            }
            NoText => panic!("{id} is a text"),
        }
    }
}
