use proptest::prelude::*;
use secrets_spec::{Delimiters, Filter, Part, Template};

use crate::support::{assert_points_into, pointed};

fn parts(text: &str) -> Vec<Part> {
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).parts().to_vec()
}

fn literal(text: &str) -> Part {
    Part::Literal(text.to_owned())
}

fn reference(name: &str, key: &str, filter: Option<Filter>) -> Part {
    Part::Reference { name: name.to_owned(), key: key.to_owned(), filter }
}

#[test]
fn references_can_be_anywhere_in_a_text() {
    assert_eq!(parts(""), []);
    assert_eq!(parts("plain { text }"), [literal("plain { text }")]);
    assert_eq!(parts("{{db.user}}"), [reference("db", "user", None)]);
    assert_eq!(
        parts("postgres://{{db.user | url}}:{{ db.password|url }}@host"),
        [
            literal("postgres://"),
            reference("db", "user", Some(Filter::Url)),
            literal(":"),
            reference("db", "password", Some(Filter::Url)),
            literal("@host"),
        ]
    );
    assert_eq!(parts("{{a.b}}{{c.d}}"), [reference("a", "b", None), reference("c", "d", None)]);
    assert_eq!(parts("${{a.b}}}"), [literal("$"), reference("a", "b", None), literal("}")]);
    assert_eq!(parts("a\n{{a.b}}\nc"), [literal("a\n"), reference("a", "b", None), literal("\nc")]);
}

#[test]
fn the_name_ends_at_the_first_dot() {
    assert_eq!(parts("{{a.b.c}}"), [reference("a", "b.c", None)]);
    assert_eq!(parts("{{a..b}}"), [reference("a", ".b", None)]);
    assert_eq!(parts("{{ключ.é}}"), [reference("ключ", "é", None)]);
}

#[test]
fn filters_are_url_json_shell_and_base64() {
    for (text, filter) in [
        ("{{a.b|url}}", Filter::Url),
        ("{{ a.b | json }}", Filter::Json),
        ("{{a.b  |  shell}}", Filter::Shell),
        ("{{a.b |base64}}", Filter::Base64),
    ] {
        assert_eq!(parts(text), [reference("a", "b", Some(filter))]);
    }
    let names = [Filter::Url, Filter::Json, Filter::Shell, Filter::Base64].map(Filter::as_str);
    assert_eq!(names, ["url", "json", "shell", "base64"]);
}

#[test]
fn a_backslash_makes_braces_literal() {
    assert_eq!(parts(r"\{{"), [literal("{{")]);
    assert_eq!(parts(r"\{{a.b}}"), [literal("{{a.b}}")]);
    assert_eq!(parts(r"x\{{{{a.b}}"), [literal("x{{"), reference("a", "b", None)]);
    assert_eq!(parts(r"\\{{"), [literal(r"\{{")]);
    assert_eq!(parts(r"{\{{{{a.b}}"), [literal("{{{"), reference("a", "b", None)]);
    assert_eq!(parts(r"a\b"), [literal(r"a\b")]);
}

#[test]
fn malformed_references_are_errors_with_their_range() {
    for (text, at, message) in [
        ("x {{}} y", "{{}}", "a reference is empty"),
        ("x {{  }} y", "{{  }}", "a reference is empty"),
        ("x-{{db}}", "{{db}}", "a reference has no dot"),
        ("x {{.b}} y", "{{.b}}", "a reference has no name before its dot"),
        ("x {{a.}} y", "{{a.}}", "a reference has no key after its dot"),
        ("é {{a .b}}", "{{a .b}}", "a reference holds white space where none belongs"),
        ("{{\ta.b}}", "{{\ta.b}}", "a reference holds white space where none belongs"),
        ("{{a.b\u{A0}}}", "{{a.b\u{A0}}}", "a reference holds white space where none belongs"),
        (
            "{{a.b | url json}}",
            "{{a.b | url json}}",
            "a reference holds white space where none belongs",
        ),
        ("{{a.b | }}", "{{a.b | }}", "a reference has an unknown filter"),
        ("{{a.b | URL}}", "{{a.b | URL}}", "a reference has an unknown filter"),
        (
            "{{a.b | url | json}}",
            "{{a.b | url | json}}",
            "a reference holds white space where none belongs",
        ),
        ("{{a.b\0}}", "{{a.b\0}}", "a reference holds a control character"),
        ("{{{a.b}}}", "{{{a.b}}", "a reference holds a brace"),
        ("x {{a.b", "{{", "a reference is not closed"),
        ("x {{a.b}", "{{", "a reference is not closed"),
        ("x {{a.b} {{c.d}}", "{{", "a reference is not closed"),
        ("x {{a.b\n y: z}}", "{{", "a reference is not closed"),
        ("{{", "{{", "a reference is not closed"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert_points_into(&error, text);
        assert_eq!(pointed(&error, text), at, "{text:?}");
        assert!(error.message().starts_with(message), "{text:?}: {error}");
    }
}

#[test]
fn an_error_shows_nothing_beyond_the_reference() {
    for text in
        ["{{db.user:SeNtInEl@host", "{{db.user}:SeNtInEl@{{h.x}}", "{{a.b\npassword: SeNtInEl\n}}"]
    {
        let error = Template::parse(text).unwrap_err();
        assert!(!error.to_string().contains("SeNtInEl"), "{error}");
    }
}

#[test]
fn typos_are_corrected_in_the_help() {
    for (written, meant) in [
        ("{{ a . b }}", "{{a.b}}"),
        ("{{\ta.b\n}}", "{{a.b}}"),
        ("{{a.b | ulr}}", "{{a.b | url}}"),
        ("{{a.b|JSON}}", "{{a.b | json}}"),
    ] {
        let error = Template::parse(&format!("x {written}")).unwrap_err();
        let help = error.help().unwrap();
        assert!(help.starts_with(&format!("did you mean `{meant}`?")), "{written}: {help}");
    }
    for written in ["{{na me.key}}", "{{a.b | upper}}", "{{a.b | }}"] {
        let error = Template::parse(written).unwrap_err();
        assert!(!error.help().unwrap().contains("did you mean"), "{error}");
    }
}

#[test]
fn references_are_listed_with_repetitions() {
    let template = Template::parse("{{a.b}} {{c.d}} {{a.b}} x").unwrap();
    assert_eq!(template.references().collect::<Vec<_>>(), [("a", "b"), ("c", "d"), ("a", "b")]);
}

proptest! {
    #[test]
    fn a_displayed_template_parses_back(text in r"(\{\{|\}\}|\\|[a-c. {}|]|\{\{a\.b\}\}|\{\{c\.d \| url\}\}){0,12}") {
        if let Ok(template) = Template::parse(&text) {
            let written = template.to_string();
            prop_assert_eq!(Template::parse(&written), Ok(template), "{} became {}", text, written);
        }
    }

    #[test]
    fn any_literal_can_be_escaped(text in r"[a\\{} é]{0,12}") {
        let escaped = text.replace("{{", r"\{{");
        prop_assert_eq!(
            Template::parse(&escaped).unwrap().parts().to_vec(),
            if text.is_empty() { vec![] } else { vec![literal(&text)] }
        );
    }
}

#[test]
fn an_error_quotes_the_reference_and_what_to_write() {
    for (text, quoted, help) in [
        (
            "{{db}}",
            "{{db}}",
            "the value of a plain secret is {{db.db}}; otherwise write {{name.key}}",
        ),
        ("x: {{my-token}}", "{{my-token}}", "a plain secret is {{my-token.my_token}}"),
        ("{{db.}}", "{{db.}}", "write {{name.key}}"),
        ("{{db.password | bse64}}", "{{db.password | bse64}}", "`{{db.password | base64}}`"),
        ("url = {{db.password", "{{db.password", "close it with }}"),
        ("url = {{db.password}:SeNtInEl@h\n", "{{db.password", "close it with }}"),
        ("{{ .Values.x }}", "{{ .Values.x }}", "write {{name.key}}"),
        ("{{#each x}}", "{{#each", "only spaces"),
        ("{{db.user SeNtInEl}}", "{{db.user", "only spaces"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert!(error.message().ends_with(&format!(": {quoted:?}")), "{text}: {error}");
        assert!(error.help().unwrap().contains(help), "{text}: {error}");
        assert!(
            error.help().unwrap().contains(r"a literal `{{` is written \{{"),
            "{text}: {error}"
        );
        assert!(!error.to_string().contains("SeNtInEl"), "{error}");
    }
}

#[test]
fn delimiters_are_two_texts_of_signs() {
    for text in ["<% %>", "[[ ]]", "${ }", "<<\t>>", " @@ @@ ", "<%= %>"] {
        let delimiters = Delimiters::parse(text).expect(text);
        let (open, close) = (delimiters.open(), delimiters.close());
        let written = format!("{{{{ .V }}}} {open} a.b | url {close} \\{open} ${{{{ s.X }}}}");
        let template = Template::parse_with(&written, &delimiters).expect(text);
        let expected = [
            literal("{{ .V }} "),
            reference("a", "b", Some(Filter::Url)),
            literal(&format!(" {open} ${{{{ s.X }}}}")),
        ];
        assert_eq!(template.parts(), expected, "{text}");
        let wrong = format!("{open}a{close}");
        let error = Template::parse_with(&wrong, &delimiters).expect_err(text);
        assert!(error.message().contains(&format!("{wrong:?}")), "{error}");
        assert!(error.help().unwrap().contains(&format!("{open}a.a{close}")), "{error}");
        assert!(!error.help().unwrap().contains("{{"), "{error}");
    }
    for text in ["", "<%", "a b c", "<% % >", "x y", "<. .>", "| |", r"\ \", "<<<<<<<<< >", "{{}}"]
    {
        assert!(Delimiters::parse(text).is_err(), "{text:?}");
    }
    let default = Delimiters::default();
    assert_eq!(default.applied_to("{{a}} }}{{"), "{{a}} }}{{");
    assert_eq!(Delimiters::parse("}} {{").unwrap().applied_to("{{a}}"), "}}a{{");
}

#[test]
fn parts_know_their_places() {
    let template = Template::parse(r"é {{a.b}}\{{ {{ c.d | url }}").unwrap();
    let places: Vec<_> = template.placed_parts().map(|(place, _)| place).collect();
    assert_eq!((&places[1], &places[3]), (&(3..10), &(14..29)));
}
