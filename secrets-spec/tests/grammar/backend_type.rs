use secrets_spec::{BackendType, BuiltIn, FlawKind, check_type};

const _: () = assert!(check_type("local").is_none());
const _: () = assert!(check_type("locale").is_some());

#[test]
fn built_in_types_are_parsed_and_displayed() {
    for built_in in BuiltIn::ALL {
        let name = built_in.name();
        assert_eq!(BuiltIn::parse(name), Some(*built_in));
        let parsed = BackendType::parse(name).unwrap();
        assert_eq!(parsed, BackendType::from(*built_in));
        assert_eq!((parsed.built_in(), parsed.to_string()), (Some(*built_in), name.to_owned()));
        assert!(parsed.is(*built_in));
    }
    assert_eq!(BuiltIn::ALL.len(), 13);
    assert_eq!(BuiltIn::parse("my-vault"), None);
    let reserved = BuiltIn::ALL.iter().filter(|it| it.is_reserved()).map(|it| it.name());
    assert_eq!(reserved.collect::<Vec<_>>(), ["az-key-vault", "gcp-secret-manager"]);
}

#[test]
fn any_lower_case_word_is_a_user_defined_type() {
    for good in
        ["consul", "my-vault", "v2", "x", "a--b", "lo", "en", "files", "envs", "explicit-type"]
    {
        let parsed = BackendType::parse(good).unwrap();
        assert_eq!((parsed.as_str(), parsed.built_in()), (good, None));
    }
    for (text, start, end) in
        [("Consul", 0, 1), ("2v", 0, 1), ("-v", 0, 1), ("a_b", 1, 2), ("a.b", 1, 2), ("vé", 1, 3)]
    {
        let flaw = check_type(text).unwrap();
        assert_eq!((flaw.kind, flaw.start, flaw.end), (FlawKind::TypeCharacter, start, end));
    }
    assert_eq!(check_type("").unwrap().kind, FlawKind::TypeEmpty);
    assert_eq!(check_type("1700000000.0").unwrap().kind, FlawKind::TypeCharacter);
}

#[test]
fn one_edit_from_a_built_in_type_of_five_letters_or_more_is_a_typo() {
    for (written, meant) in [
        ("aws-secret-manager", "aws-secrets-manager"),
        ("aws-secrets-managers", "aws-secrets-manager"),
        ("aws-secretsmanager", "aws-secrets-manager"),
        ("AWS-Secrets-Manager", "aws-secrets-manager"),
        ("lcoal", "local"),
        ("locl", "local"),
        ("Local", "local"),
        ("in-line", "inline"),
        ("flite", "flyte"),
        ("perfect", "prefect"),
        ("zenm", "zenml"),
        ("az-keyvault", "az-key-vault"),
        ("gcp-secrets-manager", "gcp-secret-manager"),
    ] {
        assert_eq!(BuiltIn::near(written).map(BuiltIn::name), Some(meant), "{written}");
        let error = BackendType::parse(written).unwrap_err();
        assert_eq!(check_type(written).unwrap().kind, FlawKind::TypeNearly);
        assert!(error.help().unwrap().starts_with(&format!("did you mean `{meant}`?")), "{error}");
    }
    for far in ["env2", "fil", "loc", "vocals", "ocale", "flytes2", "aws", "azure-key-vault"] {
        assert_eq!(BuiltIn::near(far), None, "{far}");
    }
}

#[test]
fn the_help_corrects_the_spelling_of_a_type() {
    for (written, meant) in
        [("aws_secrets_manager", "aws-secrets-manager"), ("ENV", "env"), ("My Vault", "my-vault")]
    {
        let error = BackendType::parse(written).unwrap_err();
        assert!(error.help().unwrap().starts_with(&format!("did you mean `{meant}`?")), "{error}");
    }
}
