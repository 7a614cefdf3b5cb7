use secrets_spec::{FlawKind, Source, check_id};

const _: () = assert!(check_id(Some("file"), "db/password").is_none());
const _: () = assert!(check_id(Some("file"), "../password").is_some());

fn kind(backend: Option<&str>, id: &str) -> Option<FlawKind> {
    check_id(backend, id).map(|flaw| flaw.kind)
}

#[test]
fn an_untyped_id_is_a_name_or_an_arn_and_is_never_split() {
    for good in ["prod-db", "local.x", "locals.x", "inline.x", "a.b.c", ".."] {
        assert_eq!(kind(None, good), None, "{good}");
        assert_eq!(kind(Some("aws-secrets-manager"), good), None, "{good}");
    }
    for backend in [None, Some("aws-secrets-manager")] {
        assert_eq!(kind(backend, "arn:aws:s3:us-west-2:1:x"), Some(FlawKind::ArnService));
        assert_eq!(kind(backend, "my secret"), Some(FlawKind::NameCharacter));
        assert_eq!(kind(backend, ""), Some(FlawKind::NameEmpty));
    }
}

#[test]
fn a_path_cannot_escape_its_folder() {
    for backend in [Some("file"), Some("flyte")] {
        for good in ["password", "db/password", "a/b/c", ".hidden", "..data", "a..b/c", "x y"] {
            assert_eq!(kind(backend, good), None, "{good}");
        }
        for (bad, wanted) in [
            ("", FlawKind::PathEmpty),
            ("/etc/passwd", FlawKind::PathAbsolute),
            ("\\\\server\\share", FlawKind::PathAbsolute),
            ("C:\\x", FlawKind::PathAbsolute),
            ("c:x", FlawKind::PathAbsolute),
            ("..", FlawKind::PathParent),
            ("../x", FlawKind::PathParent),
            ("a/../b", FlawKind::PathParent),
            ("a\\..\\b", FlawKind::PathParent),
            ("a/..", FlawKind::PathParent),
            ("a//b", FlawKind::PathComponent),
            ("a/", FlawKind::PathComponent),
            ("./a", FlawKind::PathComponent),
            ("a/.", FlawKind::PathComponent),
            ("a\0b", FlawKind::TextControl),
            ("a\nb", FlawKind::TextControl),
        ] {
            assert_eq!(kind(backend, bad), Some(wanted), "{bad:?}");
        }
        assert_eq!(kind(backend, &"x".repeat(512)), None);
        assert_eq!(kind(backend, &"x".repeat(513)), Some(FlawKind::NameLong));
    }
}

#[test]
fn a_secret_of_kubernetes_has_a_dns_name_and_may_have_a_namespace() {
    let kubernetes = Some("kubernetes");
    for good in ["db", "prod/db", "db-1.example", "0", "a/0.b-c"] {
        assert_eq!(kind(kubernetes, good), None, "{good}");
    }
    let long = "x".repeat(254);
    for (bad, wanted) in [
        ("", FlawKind::KubernetesNameEmpty),
        ("prod/", FlawKind::KubernetesNameEmpty),
        ("/db", FlawKind::KubernetesNameEmpty),
        ("DB", FlawKind::KubernetesNameCharacter),
        ("db_1", FlawKind::KubernetesNameCharacter),
        ("-db", FlawKind::KubernetesNameCharacter),
        ("db-", FlawKind::KubernetesNameCharacter),
        ("a..b", FlawKind::KubernetesNameCharacter),
        ("a.-b", FlawKind::KubernetesNameCharacter),
        (".a", FlawKind::KubernetesNameCharacter),
        ("a.b/c", FlawKind::KubernetesNameCharacter),
        ("a/b/c", FlawKind::KubernetesNameCharacter),
        ("a/../b", FlawKind::KubernetesNameCharacter),
        ("d\u{fc}", FlawKind::KubernetesNameCharacter),
        (&long, FlawKind::KubernetesNameLong),
    ] {
        assert_eq!(kind(kubernetes, bad), Some(wanted), "{bad:?}");
    }
    assert_eq!(kind(kubernetes, &long[1..]), None);
    assert_eq!(kind(kubernetes, &format!("{}/a", &long[..64])), Some(FlawKind::KubernetesNameLong));
}

#[test]
fn a_path_in_vault_is_a_mount_and_a_path_without_what_the_api_adds() {
    let vault = Some("vault");
    for good in [
        "secret/db",
        "secret/a/b",
        "team/kv/data/x",
        "database/creds/app",
        "kv/a b%2F",
        "kv/data.x",
    ] {
        assert_eq!(kind(vault, good), None, "{good}");
    }
    for (bad, wanted) in [
        ("", FlawKind::VaultPathEmpty),
        ("secret", FlawKind::VaultPathMount),
        ("/secret/db", FlawKind::VaultPathSlash),
        ("v1/secret/db", FlawKind::VaultPathApi),
        ("secret/data/db", FlawKind::VaultPathData),
        ("secret/data", FlawKind::VaultPathData),
        ("secret//db", FlawKind::VaultPathSegment),
        ("secret/", FlawKind::VaultPathSegment),
        ("secret/./db", FlawKind::VaultPathSegment),
        ("secret/../db", FlawKind::VaultPathSegment),
        ("secret/db?version=1", FlawKind::VaultPathCharacter),
        ("secret/db#password", FlawKind::VaultPathCharacter),
        ("secret/d\nb", FlawKind::TextControl),
    ] {
        assert_eq!(kind(vault, bad), Some(wanted), "{bad:?}");
    }
    assert_eq!(kind(vault, &format!("s/{}", "x".repeat(511))), Some(FlawKind::NameLong));
    for (written, better) in [
        ("vault./secret/db", "vault.secret/db"),
        ("vault.v1/secret/data/db", "vault.secret/db"),
        ("vault.secret/data/db", "vault.secret/db"),
    ] {
        let error = Source::parse(written).unwrap_err();
        assert!(error.help().unwrap_or_default().contains(better), "{error}");
    }
}

#[test]
fn a_parameter_is_a_name_an_arn_or_what_is_below_a_path() {
    let ssm = Some("ssm");
    let arn = "arn:aws:ssm:us-west-2:001234556000:parameter/";
    let (deep, long) = ("/a".repeat(15), "x".repeat(1011));
    for good in [
        "db",
        "db:1",
        "db:live_2.x-y",
        "/db",
        "/prod/db/password",
        "/prod/db/password:12",
        "/aws/service/global-infrastructure/regions",
        "/prod/db/*",
        "/*",
        "a.b-c_D",
        &deep,
        &long,
        &format!("{arn}db"),
        &format!("{arn}prod/db:3"),
        "arn:aws-cn:ssm:cn-north-1:001234556000:parameter/db",
    ] {
        assert_eq!(kind(ssm, good), None, "{good}");
        assert!(Source::parse(&format!("ssm.{good}")).is_ok(), "{good}");
    }
    for (bad, wanted) in [
        ("", FlawKind::ParameterEmpty),
        (":1", FlawKind::ParameterEmpty),
        ("prod/db", FlawKind::ParameterPath),
        ("prod/*", FlawKind::ParameterPath),
        ("db*", FlawKind::ParameterStar),
        ("*", FlawKind::ParameterStar),
        ("/prod/*/db", FlawKind::ParameterStar),
        ("/prod/d*", FlawKind::ParameterStar),
        ("/prod/*:1", FlawKind::ParameterStar),
        ("/", FlawKind::ParameterPart),
        ("/prod/", FlawKind::ParameterPart),
        ("//db", FlawKind::ParameterPart),
        ("/prod//*", FlawKind::ParameterPart),
        ("a b", FlawKind::ParameterCharacter),
        ("/prod/d\u{e9}", FlawKind::ParameterCharacter),
        ("/a\nb", FlawKind::ParameterCharacter),
        ("db?", FlawKind::ParameterCharacter),
        ("db:", FlawKind::ParameterSelector),
        ("db:0", FlawKind::ParameterSelector),
        ("db:01", FlawKind::ParameterSelector),
        ("db:1a", FlawKind::ParameterSelector),
        ("db:1:2", FlawKind::ParameterSelector),
        ("db:AWSCURRENT", FlawKind::ParameterSelector),
        ("db:ssm-x", FlawKind::ParameterSelector),
        ("db:a b", FlawKind::ParameterSelector),
        (&format!("db:{}", "x".repeat(101)), FlawKind::ParameterSelector),
        (&format!("{deep}/x"), FlawKind::ParameterLevels),
        (&format!("{long}x"), FlawKind::ParameterLong),
        (arn, FlawKind::ParameterEmpty),
        (&format!("{arn}/db"), FlawKind::ParameterPart),
        (&format!("{arn}prod/*"), FlawKind::ParameterSetArn),
        ("arn:aws:ssm:us-west-2:1:parameter/x", FlawKind::ArnAccount),
        ("arn:aws:ssm:west:001234556000:parameter/x", FlawKind::ArnRegion),
        ("arn:aws:ssm:us-west-2:001234556000:document/x", FlawKind::ParameterArn),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:x", FlawKind::ParameterArn),
        ("arn:aws:ssm:us-west-2", FlawKind::ParameterArn),
    ] {
        assert_eq!(kind(ssm, bad), Some(wanted), "{bad:?}");
    }
    for (written, better) in [
        ("ssm.prod/db", "`ssm./prod/db`"),
        ("arn:aws:ssm:us-west-2:001234556000:parameter/db", "`ssm.arn:aws:ssm:"),
    ] {
        let error = Source::parse(written).unwrap_err();
        assert!(error.help().unwrap_or_default().contains(better), "{error}");
    }
    for backend in [None, Some("aws-secrets-manager")] {
        assert_eq!(kind(backend, &format!("{arn}db")), Some(FlawKind::ParameterUntyped));
    }
}

#[test]
fn an_env_id_may_be_any_variable_of_the_system() {
    for good in ["DB_PASSWORD", "lower", "with space", "ÜNICODE", "1", "METAFLOW_X", "a.b"] {
        assert_eq!(kind(Some("env"), good), None, "{good}");
    }
    assert_eq!(kind(Some("env"), ""), Some(FlawKind::EnvNameEmpty));
    assert_eq!(kind(Some("env"), "A=B"), Some(FlawKind::EnvNameCharacter));
    assert_eq!(kind(Some("env"), "A\0"), Some(FlawKind::TextControl));
}

#[test]
fn an_id_of_another_type_is_any_text_without_control_characters() {
    for backend in ["local", "prefect", "zenml", "my-vault", "inline", "az-key-vault"] {
        let backend = Some(backend);
        for good in ["my secret", "pässwörd", "🔑", "../x", "a=b", "\u{A0}", "arn:x"] {
            assert_eq!(kind(backend, good), None, "{good}");
        }
        for bad in ["a\0", "\t", "a\u{7F}", "a\u{85}b", "\u{9F}"] {
            assert_eq!(kind(backend, bad), Some(FlawKind::TextControl), "{bad:?}");
        }
        assert_eq!(kind(backend, ""), Some(FlawKind::NameEmpty));
        assert_eq!(kind(backend, &"é".repeat(256)), None);
        assert_eq!(kind(backend, &"é".repeat(257)), Some(FlawKind::NameLong));
    }
}

#[test]
fn a_flaw_of_a_long_text_starts_at_a_character_boundary() {
    // Byte 512 is inside a character.
    let id = format!("x{}", "é".repeat(300));
    let flaw = check_id(Some("local"), &id).unwrap();
    assert!(id.is_char_boundary(flaw.start), "{flaw:?}");
    assert_eq!(flaw.end, id.len());
}

#[test]
fn an_escaping_path_is_an_invalid_name_and_other_flaws_an_invalid_source() {
    assert!(FlawKind::PathParent.is_name() && FlawKind::PathAbsolute.is_name());
    assert!(!FlawKind::PathComponent.is_name() && !FlawKind::NameCharacter.is_name());
}

#[test]
fn a_star_ends_what_the_variables_of_a_set_begin_with() {
    for id in ["DB_*", "A*", "prod-db_*"] {
        assert_eq!(check_id(Some("env"), id), None, "{id}");
        assert!(Source::parse(&format!("env.{id}")).is_ok(), "{id}");
    }
    for (id, at) in [("*", 0), ("*DB", 0), ("D*B", 1), ("D**", 1)] {
        let flaw = check_id(Some("env"), id).unwrap();
        assert_eq!((flaw.kind, flaw.start, flaw.end), (FlawKind::EnvNameStar, at, at + 1), "{id}");
    }
}

#[test]
fn an_id_for_a_program_is_neither_an_option_nor_leads_out() {
    let kind = |id: &str| secrets_spec::check_exec_id(id).map(|flaw| flaw.kind);
    for good in ["db", "vault/item", "Private/My item", "a-b", "a/-b", "..a", "a..b", "$(id)", "/x"]
    {
        assert_eq!(kind(good), None, "{good}");
    }
    let long = "x".repeat(513);
    for (bad, wanted) in [
        ("", FlawKind::NameEmpty),
        (&long, FlawKind::NameLong),
        ("-", FlawKind::ExecIdHyphen),
        ("--help", FlawKind::ExecIdHyphen),
        ("..", FlawKind::ExecIdParent),
        ("a/..", FlawKind::ExecIdParent),
        ("../a", FlawKind::ExecIdParent),
        ("a/../b", FlawKind::ExecIdParent),
        ("a\\..\\b", FlawKind::ExecIdParent),
        ("a\nb", FlawKind::TextControl),
        ("a\0", FlawKind::TextControl),
        ("a\u{85}", FlawKind::TextControl),
    ] {
        assert_eq!(kind(bad), Some(wanted), "{bad:?}");
    }
}
