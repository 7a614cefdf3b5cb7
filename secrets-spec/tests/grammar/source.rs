use proptest::prelude::*;
use secrets_spec::{BackendType, BuiltIn, FlawKind, Source, check_alias, check_source, same_text};

use crate::support::{assert_points_into, pointed};

const PROD_DB: &str = "aws-secrets-manager.prod/db";
const _: () = assert!(check_source(PROD_DB).is_ok());
const _: () = assert!(check_source("aws-secret-manager.prod/db").is_err());
const _: () = assert!(same_text(PROD_DB, PROD_DB) && !same_text("a", "b"));

fn kind(text: &str) -> FlawKind {
    check_source(text).expect_err(text).kind
}

#[test]
fn a_built_in_type_before_the_first_dot_is_split_from_the_id() {
    for (text, backend, id) in [
        ("local.prod-db", BuiltIn::Local, "prod-db"),
        ("local.my secret", BuiltIn::Local, "my secret"),
        ("aws-secrets-manager.prod/db", BuiltIn::AwsSecretsManager, "prod/db"),
        ("aws-secrets-manager.plain.with.dots", BuiltIn::AwsSecretsManager, "plain.with.dots"),
        (
            "aws-secrets-manager.arn:aws:secretsmanager:us-west-2:001234556000:secret:x",
            BuiltIn::AwsSecretsManager,
            "arn:aws:secretsmanager:us-west-2:001234556000:secret:x",
        ),
        ("env.DB_PASSWORD", BuiltIn::Env, "DB_PASSWORD"),
        ("file.db/password", BuiltIn::File, "db/password"),
        ("flyte.db/password", BuiltIn::Flyte, "db/password"),
        ("prefect.API_TOKEN", BuiltIn::Prefect, "API_TOKEN"),
        ("zenml.aws", BuiltIn::Zenml, "aws"),
        ("az-key-vault.x", BuiltIn::AzKeyVault, "x"),
        ("gcp-secret-manager.x", BuiltIn::GcpSecretManager, "x"),
    ] {
        let source = Source::parse(text).unwrap();
        assert_eq!(source.backend().and_then(BackendType::built_in), Some(backend), "{text}");
        assert_eq!((source.id(), source.group(), source.origin()), (id, id, text));
        assert_eq!(source.to_string(), text);
        assert_eq!(source.alias(), None);
    }
}

#[test]
fn any_other_text_is_a_whole_id() {
    // D1: a text is not split at a dot if the part before it is not a built-in type.
    for text in [
        "prod-db",
        "my.dotted.name",
        "explicit-type.the_id",
        "my-vault.x",
        ".x",
        "locals",
        "1700000000.0",
        "envs.x",
        "fil.x",
    ] {
        let source = Source::parse(text).unwrap();
        assert_eq!((source.backend(), source.id()), (None, text));
        assert!(!source.is_arn());
    }
}

#[test]
fn a_prefix_close_to_a_type_is_a_typo() {
    for (text, prefix, meant) in [
        ("aws-secret-manager.x", "aws-secret-manager", "aws-secrets-manager.x"),
        ("AWS-Secrets-Manager.x", "AWS-Secrets-Manager", "aws-secrets-manager.x"),
        ("locl.x", "locl", "local.x"),
        ("Local.x.y", "Local", "local.x.y"),
        ("prefct.x", "prefct", "prefect.x"),
        ("az-keyvault.x", "az-keyvault", "az-key-vault.x"),
        // If the id is invalid too, only the type is suggested.
        ("inlin.x", "inlin", "inline"),
        ("locals.", "locals", "local"),
    ] {
        assert_eq!(kind(text), FlawKind::PrefixNearly, "{text}");
        let error = Source::parse(text).unwrap_err();
        assert_eq!(pointed(&error, text), prefix);
        let help = error.help().unwrap();
        assert!(help.starts_with(&format!("did you mean `{meant}`?")), "{help}");
        assert!(help.contains("{ id = \"..\" }"), "{help}");
        // The source that the help describes is valid.
        assert!(Source::from_json(&format!("{{\"id\": \"{text}\"}}")).is_ok(), "{text}");
    }
}

#[test]
fn the_id_follows_the_grammar_of_its_type() {
    for (text, wanted, at) in [
        ("local.", FlawKind::NameEmpty, ""),
        ("aws-secrets-manager.", FlawKind::NameEmpty, ""),
        ("aws-secrets-manager.my secret", FlawKind::NameCharacter, " "),
        ("aws-secrets-manager.arn:aws:s3:::b", FlawKind::ArnService, "s3"),
        ("file./etc/passwd", FlawKind::PathAbsolute, "/"),
        ("file.a/../../b", FlawKind::PathParent, ".."),
        ("flyte.a//b", FlawKind::PathComponent, ""),
        ("env.", FlawKind::EnvNameEmpty, ""),
        ("env.A=B", FlawKind::EnvNameCharacter, "="),
        ("local.é\0", FlawKind::TextControl, "\0"),
        ("inline.x", FlawKind::InlineText, "inline.x"),
    ] {
        assert_eq!(kind(text), wanted, "{text:?}");
        let error = Source::parse(text).unwrap_err();
        assert_points_into(&error, text);
        assert_eq!(pointed(&error, text), at, "{text:?}");
    }
}

#[test]
fn errors_distinguish_names_from_sources() {
    assert!(Source::parse("file.../x").unwrap_err().is_name());
    assert!(!Source::parse("prod db").unwrap_err().is_name());
}

#[test]
fn a_group_is_any_text_without_control_characters() {
    assert_eq!(check_alias("the database"), None);
    assert_eq!(check_alias("").unwrap().kind, FlawKind::AliasEmpty);
    assert_eq!(check_alias("a\n").unwrap().kind, FlawKind::TextControl);
    assert_eq!(check_alias(&"x".repeat(513)).unwrap().kind, FlawKind::GroupLong);
}

/// Valid ids of every type.
fn typed() -> impl Strategy<Value = (Option<&'static str>, String)> {
    prop_oneof![
        "[A-Za-z0-9/_+=.@-]{1,40}".prop_map(|id| (None, id)),
        "[a-zé\" \\\\{}.]{1,20}".prop_map(|id| (Some("local"), id)),
        "[A-Za-z0-9/_+=.@-]{1,40}".prop_map(|id| (Some("aws-secrets-manager"), id)),
        "[a-z]{1,9}(/[a-z.]{3,9}x){0,2}".prop_map(|id| (Some("file"), id)),
        "[A-Z_]{1,20}".prop_map(|id| (Some("env"), id)),
        "[a-z./ ]{1,20}".prop_map(|id| (Some("my-vault"), id)),
    ]
}

fn option<T: std::fmt::Debug + Clone>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(strategy)
}

fn read(text: &str) -> Source {
    let parsed = if text.starts_with('{') { Source::from_json(text) } else { Source::parse(text) };
    parsed.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn field(name: &str, value: Option<String>) -> Option<String> {
    value.map(|value| format!("\"{name}\": {}", serde_json::Value::from(value)))
}

proptest! {
    #[test]
    fn a_displayed_source_with_fields_parses_back(
        (backend, id) in typed(),
        group in option("[a-z\\\\\"é]{1,9}"),
        role in prop_oneof![
            Just(None),
            Just(Some(String::new())),
            Just(Some("arn:aws:iam::123456789012:role/a\"b\\/c".to_owned())),
        ],
        json in option(any::<bool>()),
        required in option(any::<bool>()),
        variable in option("[A-RT-Z][a-z]{1,9}"),
        region in option(Just("us-west-2".to_owned())),
        version in option("[a-z0-9\"-]{1,9}"),
    ) {
        let options: Vec<_> = [
            json.map(|json| format!("\"json\": {json}")),
            required.map(|required| format!("\"required\": {required}")),
            field("env_var_name", variable),
            field("region", region),
            field("version_stage", version),
        ].into_iter().flatten().collect();
        let fields: Vec<_> = [
            field("id", Some(id)),
            field("type", backend.map(str::to_owned)),
            field("group", group),
            field("role", role),
            Some(format!("\"options\": {{{}}}", options.join(", "))),
        ].into_iter().flatten().collect();
        let text = format!("{{{}}}", fields.join(", "));
        let source = read(&text);
        let again = read(&source.to_string());
        prop_assert!(source.same_as(&again), "{source} is not {again}");
        prop_assert_eq!(source.group(), again.group());
        prop_assert_eq!(source.to_string(), again.to_string());
        // A plain source is displayed as its text, which parses back unchanged.
        let written = source.to_string();
        if !written.starts_with('{') {
            prop_assert_eq!(read(&written).to_string(), written);
        }
    }

    #[test]
    fn a_displayed_plain_source_parses_back(text in "((local|env|file|aws-secrets-manager|my)\\.)?[a-z/._-]{1,20}") {
        if let Ok(source) = Source::parse(&text) {
            prop_assert_eq!(source.to_string(), text.as_str());
            prop_assert_eq!(Source::parse(&text).unwrap(), source);
        }
    }
}
