//! The option `format`: how a payload is read, whichever backend it comes from.

use secrets_runtime::{
    Declaration, Error, ErrorKind, Resolver, Secrets,
    backend::{self, Fetched},
    backends::File,
};

const DOTENV: &str =
    "# app\nexport USER=\"app\"\nPASSWORD='SeNtInEl #1' # note\nPORT = 5432\nKEY=\"a\nb\"\n";

/// Resolves a source of a backend that answers by the id: `text-..`, `json-..` or `bytes-..` of the payload.
fn resolve(payload: &'static str, source: &str) -> Result<Secrets, Error> {
    let own = backend::from_fn("own", move |request| async move {
        Ok(match request.id() {
            "text" => Fetched::text(payload),
            "json" => Fetched::json(payload),
            _ => Fetched::binary(payload.as_bytes().to_vec()),
        })
    });
    let resolver = Resolver::builder().backend(own).default_backend("own").build()?;
    let declaration = Declaration::builder("step").source(source)?.build();
    Ok(resolver.resolve_blocking(&declaration)?.secrets)
}

fn source(id: &str, options: &str) -> String {
    format!(r#"{{"id": "{id}", "group": "app", "options": {options}}}"#)
}

fn expose(secrets: &Secrets, key: &str) -> String {
    let value = secrets.get("app", key).unwrap_or_else(|error| panic!("{error}"));
    value.expose_str().expect("it is text").to_owned()
}

fn assert_is_app(secrets: &Secrets) {
    for (key, value) in
        [("USER", "app"), ("PASSWORD", "SeNtInEl #1"), ("PORT", "5432"), ("KEY", "a\nb")]
    {
        assert_eq!(expose(secrets, key), value);
    }
    assert_eq!(secrets.vars().count(), 4);
}

#[test]
fn dotenv_is_read_from_every_kind_of_payload() {
    for id in ["text", "json", "bytes"] {
        assert_is_app(&resolve(DOTENV, &source(id, r#"{"format": "dotenv"}"#)).unwrap());
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct App {
        user: String,
        port: u16,
    }
    let secrets = resolve(DOTENV, &source("text", r#"{"format": "dotenv"}"#)).unwrap();
    let app: App = secrets.get_as("app").unwrap();
    assert_eq!((app.user.as_str(), app.port), ("app", 5432));
}

#[test]
fn json_and_text_are_the_two_values_of_the_option_json() {
    const JSON: &str = r#"{"a": "SeNtInEl"}"#;
    for (format, json) in [("json", "true"), ("text", "false")] {
        for id in ["text", "json"] {
            let by_format = resolve(JSON, &source(id, &format!(r#"{{"format": "{format}"}}"#)));
            let by_json = resolve(JSON, &source(id, &format!(r#"{{"json": {json}}}"#)));
            let names = |secrets: Secrets| {
                secrets.vars().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
            };
            let names = [names(by_format.unwrap()), names(by_json.unwrap())];
            assert_eq!(names[0], names[1]);
            assert_eq!(names[0], [if format == "json" { "a" } else { id }]);
        }
    }
}

#[test]
fn a_wrong_line_is_named_and_not_shown() {
    let wrong = "A=1\nSeNtInEl\nE F=SeNtInEl\nA=SeNtInEl\n";
    let Err(error) = resolve(wrong, &source("text", r#"{"format": "dotenv"}"#)) else {
        panic!("it is wrong")
    };
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Undecodable, 3));
    for (problem, line) in error.problems().iter().zip(["line 2: ", "line 3: ", "line 4: "]) {
        assert_eq!((problem.origin(), problem.backend()), ("text", Some("own")));
        assert!(problem.message().starts_with(line), "{problem:?}");
    }
    assert!(!format!("{error:?}").contains("SeNtInEl"), "{error}");
}

#[test]
fn a_mounted_file_is_dotenv() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.env"), DOTENV).unwrap();
    let resolver = Resolver::builder().backend(File::new(folder.path())).build().unwrap();
    let source =
        r#"{"id": "app.env", "type": "file", "group": "app", "options": {"format": "dotenv"}}"#;
    let declaration = Declaration::builder("step").source(source).unwrap().build();
    assert_is_app(&resolver.resolve_blocking(&declaration).unwrap().secrets);
}
