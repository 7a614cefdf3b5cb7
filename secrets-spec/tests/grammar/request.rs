use proptest::prelude::*;
use secrets_spec::{
    Conflict, ConflictText, FlawKind, MountType, REQUEST_FIELDS, Request, RequestIndex,
    RequestView, Secret, check_group_and_key, check_version, conflict, read_requests,
};

use crate::support::{assert_points_into, diagnostics};

const SECRET: Secret = Secret::new("db", "password")
    .group_version("v2")
    .env_var("DB_PASSWORD")
    .mount_requirement(MountType::FILE);
const _: () = assert!(SECRET.view().check().is_none());
const _: () = assert!(check_group_and_key("db", "a/b").is_some());
const _: () = assert!(conflict(SECRET.view(), SECRET.view()).is_some());

const ARN: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret";

fn kind(group: &str, key: &str) -> Option<FlawKind> {
    check_group_and_key(group, key).map(|flaw| flaw.kind)
}

#[test]
fn a_constant_becomes_a_request() {
    let request = Request::try_from(SECRET).unwrap();
    assert_eq!(request.view(), SECRET.view());
    assert_eq!(request.to_string(), "db/password (version v2)");
    assert!(Request::try_from(Secret::new("db", "password").env_var("no")).is_err());
}

#[test]
fn one_of_group_and_key_is_enough() {
    assert_eq!((kind("db", ""), kind("", "password")), (None, None));
    assert_eq!(kind("", ""), Some(FlawKind::RequestEmpty));
}

#[test]
fn only_a_group_has_separators_and_no_path_escapes() {
    for (group, key) in [
        ("secret/data/db", "password"),
        ("a.b", "c-d:e"),
        ("db", "pässwörd"),
        ("a..b", "..c"),
        (".hidden", "k"),
        ("a\\b", "k"),
    ] {
        assert_eq!(kind(group, key), None, "{group} {key}");
    }
    for (group, key, wanted, is_name) in [
        ("db", "a/b", FlawKind::KeySeparator, false),
        ("db", "a\\b", FlawKind::KeySeparator, false),
        ("db", "..", FlawKind::KeyPath, true),
        ("db", ".", FlawKind::KeyPath, true),
        ("..", "k", FlawKind::GroupPath, true),
        ("a/../b", "k", FlawKind::GroupPath, true),
        ("/etc", "k", FlawKind::GroupPath, true),
        ("\\etc", "k", FlawKind::GroupPath, true),
        ("a\0", "k", FlawKind::TextControl, false),
        ("g", "k\n", FlawKind::TextControl, false),
    ] {
        assert_eq!(kind(group, key), Some(wanted), "{group:?} {key:?}");
        assert_eq!(Request::new(group, key).unwrap_err().is_name(), is_name, "{group:?} {key:?}");
    }
    assert_eq!(kind(&"g".repeat(512), &"k".repeat(512)), None);
    assert_eq!(kind(&"g".repeat(513), "k"), Some(FlawKind::GroupLong));
    assert_eq!(kind("g", &"k".repeat(513)), Some(FlawKind::KeyLong));
}

#[test]
fn an_arn_may_be_split_between_group_and_key() {
    let joined = |group: &str, key: &str| Request::new(group, key).unwrap().joined_arn();
    let whole = format!("{ARN}:MySecret-AbCdEf");
    for (group, key) in [
        (format!("{ARN}:"), "MySecret-AbCdEf"),
        (ARN.to_owned(), "MySecret-AbCdEf"),
        (ARN.to_owned(), ":MySecret-AbCdEf"),
        (format!("{ARN}:"), ":MySecret-AbCdEf"),
        (whole.clone(), ""),
    ] {
        assert_eq!(joined(&group, key).as_deref(), Some(whole.as_str()), "{group} {key}");
    }
    assert_eq!(joined(&format!("{ARN}:"), "prod/db-AbCdEf"), Some(format!("{ARN}:prod/db-AbCdEf")));
    assert_eq!(joined("db", "password"), None);
}

#[test]
fn an_invalid_split_arn_is_an_error() {
    for (group, key, wanted) in [
        (format!("{ARN}:"), "", FlawKind::ArnNameEmpty),
        (ARN.to_owned(), ":", FlawKind::ArnNameEmpty),
        (ARN.to_owned(), "a b", FlawKind::ArnName),
        (ARN.to_owned(), "a:b", FlawKind::ArnName),
        (format!("{ARN}:"), "../x", FlawKind::KeyPath),
        (format!("{ARN}::"), "x", FlawKind::ArnName),
        (format!("{ARN}:db-AbCdEf"), "password", FlawKind::ArnComplete),
        (format!("{ARN}:db:"), "x", FlawKind::ArnName),
        ("arn:aws:ssm:us-west-2:123456789012:parameter".to_owned(), "x", FlawKind::ArnService),
        ("arn:aws:secretsmanager:us-west-2:12:secret:".to_owned(), "x", FlawKind::ArnAccount),
        ("arn:aws:secretsmanager::123456789012:secret:".to_owned(), "x", FlawKind::ArnRegion),
        (
            "arn:aws:secretsmanager:us-west-2:123456789012:sec".to_owned(),
            "x",
            FlawKind::ArnResource,
        ),
    ] {
        assert_eq!(kind(&group, key), Some(wanted), "{group} {key}");
    }
    // The parts of a valid split join to a valid ARN.
    let long = "x".repeat(520);
    assert_eq!(kind(ARN, &long), Some(FlawKind::ArnNameLong));
    assert_eq!(kind(ARN, &long[..519]), None);
}

#[test]
fn an_error_is_about_the_part_with_the_flaw() {
    let view = Secret::new("db", "password").view();
    for (view, part) in [
        (RequestView { group: "..", ..view }, ".."),
        (RequestView { key: "a/b", ..view }, "a/b"),
        (RequestView { key: "k\0", ..view }, "k\0"),
        (RequestView { group: "g\0", key: "k\0", ..view }, "g\0"),
        (RequestView { group: ARN, key: "a b", ..view }, "a b"),
        (RequestView { group_version: Some("a/b"), ..view }, "a/b"),
        (RequestView { env_var: Some("x"), ..view }, "x"),
        (RequestView { env_var: Some("METAFLOW_X"), ..view }, "METAFLOW_X"),
    ] {
        let flaw = view.check().unwrap();
        assert_eq!(view.part(flaw.kind), part);
        assert_points_into(&Request::from_view(view).unwrap_err(), part);
    }
}

#[test]
fn a_version_has_no_separators_or_control_characters() {
    for good in ["v2", "AWSCURRENT", "c4a1a3f5-0000-4000-8000-000000000000", "1", "a b", "..a"] {
        assert_eq!(check_version(good), None, "{good}");
    }
    for bad in ["", ".", "..", "a/b", "a\\b", "a\0", &"v".repeat(257)] {
        assert_eq!(check_version(bad).unwrap().kind, FlawKind::VersionText, "{bad:?}");
    }
}

#[test]
fn requests_that_share_a_variable_or_a_path_are_in_conflict() {
    let of = |group, key| Secret::new(group, key);
    for (a, b, wanted) in [
        (of("db", "password"), of("db", "password"), Some(Conflict::Same)),
        (
            of("db", "password"),
            of("db", "password").mount_requirement(MountType::FILE),
            Some(Conflict::Same),
        ),
        (of("db", "password"), of("DB", "Password"), Some(Conflict::Case)),
        (of("a_b", "c"), of("a", "b_c"), Some(Conflict::Name)),
        (of("a/b", "c"), of("a", "c").group_version("b"), Some(Conflict::Name)),
        (of("", "k"), of("k", ""), Some(Conflict::Name)),
        (of("g", "k").env_var("X"), of("h", "l").env_var("X"), Some(Conflict::EnvVar)),
        (of("g", "k").env_var("X"), of("h", "l").env_var("Y"), None),
        (of("g", "k"), of("g", "l"), None),
        (of("g", "k"), of("g", "k").group_version("1"), None),
        (of("g", "k").group_version("1"), of("g", "k").group_version("2"), None),
        (of("g", "kk"), of("g", "k"), None),
    ] {
        assert_eq!(conflict(a.view(), b.view()), wanted, "{a:?} {b:?}");
        assert_eq!(conflict(b.view(), a.view()), wanted, "{b:?} {a:?}");
    }
    for conflict in [Conflict::Same, Conflict::Case, Conflict::Name, Conflict::EnvVar] {
        let (message, help) = (conflict.message(), conflict.help());
        assert_eq!(conflict.sentence(), format!("{message}: {help}"));
        assert!(!message.is_empty() && !help.is_empty());
    }
}

proptest! {
    #[test]
    fn the_index_finds_what_a_comparison_of_all_finds(
        requests in proptest::collection::vec(("[abAB/_]{0,3}", "[abAB_]{0,3}", proptest::option::of("[ab]"), proptest::option::of("[XY]")), 0..12),
    ) {
        let views: Vec<RequestView<'_>> = requests.iter().map(|(group, key, version, env_var)| RequestView {
            group,
            key,
            group_version: version.as_deref(),
            mount_requirement: MountType::ANY,
            env_var: env_var.as_deref(),
        }).collect();
        let mut index = RequestIndex::default();
        for (place, view) in views.iter().enumerate() {
            let first = views[..place].iter().position(|other| conflict(*other, *view).is_some());
            prop_assert_eq!(index.conflicting(*view), first);
            index.add(*view, place);
        }
    }
}

#[test]
fn a_conflict_names_the_variable_or_the_file() {
    const TEXT: Option<ConflictText> = ConflictText::sentence(
        Secret::new("fine", "fine_key").view(),
        Secret::new("fine_fine", "key").view(),
    );
    let sentence = TEXT.expect("they are in conflict");
    assert_eq!(
        sentence.as_str(),
        "two requests have the same variable or file in Flyte (`FINE_FINE_KEY`): choose another group or key for one of them"
    );
    let of = Secret::new;
    let long: &'static str = "l".repeat(510).leak();
    let longer: &'static str = format!("{long}_k").leak();
    for (a, b, named) in [
        (of("fine", "fine_key"), of("fine_fine", "key"), "(`FINE_FINE_KEY`)"),
        (of("a/b", "c"), of("a", "c").group_version("b"), "(`a/b/c`)"),
        (of("db", "password"), of("DB", "Password"), "(`DB_PASSWORD`)"),
        (of("", "k"), of("k", ""), "(`K`)"),
        (of("g", "k").env_var("X"), of("h", "l").env_var("X"), "share an `env_var`"),
        (of("g", "k"), of("g", "k"), "requested twice"),
        (of(long, "k_k"), of(longer, "k"), "L_K_K`)"),
        (of("g", "k"), of("g", "l"), ""),
    ] {
        let text = ConflictText::message(a.view(), b.view());
        match conflict(a.view(), b.view()) {
            Some(conflict) => {
                let text = text.expect("they are in conflict");
                assert_eq!(text.conflict(), conflict);
                assert!(text.as_str().contains(named), "{}", text.as_str());
                assert!(text.as_str().starts_with(conflict.message()), "{}", text.as_str());
            }
            None => assert!(text.is_none()),
        }
    }
}

#[test]
fn requests_are_read_from_fields() {
    let json = r#"[{"group": "db", "key": "p", "group_version": "v2", "mount_requirement": "MountType::FILE", "env_var": "P"},
        {"group": "g", "key": null, "env_var": null}]"#;
    let (drafts, said) = diagnostics(json, read_requests);
    assert_eq!(said, []);
    let requests: Vec<_> = drafts.into_iter().map(|draft| draft.into_request().unwrap()).collect();
    assert_eq!(requests[0].view().mount_requirement, MountType::FILE);
    assert_eq!(requests[1], Request::new("g", "").unwrap());
    assert_eq!(REQUEST_FIELDS.len(), 5);
    for (json, at, message, help) in [
        (
            r#""x""#,
            "\"x\"",
            "requests are a list, not a text",
            "write [Secret(group = \"db\", key = \"password\")]",
        ),
        (
            r#"["x"]"#,
            "\"x\"",
            "a request is a group and a key, not a text",
            "write Secret(group = \"db\", key = \"password\")",
        ),
        ("[{}]", "{}", "a request has neither a group nor a key", "write one of them at least"),
        (r#"[{"group": 5}]"#, "5", "`group` is a text, not a number", "write it in double quotes"),
        (r#"[{"group": "g", "ky": "k"}]"#, "\"ky\"", "unknown field \"ky\"", "did you mean `key`?"),
        (
            r#"[{"group": "g", "key": "a/b"}]"#,
            "\"a/b\"",
            "a key holds a path separator: \"/\"",
            "put the path into the group: group = \"a/b\", key = \"c\"",
        ),
        (
            r#"[{"key": "k", "mount_requirement": "FLE"}]"#,
            "\"FLE\"",
            "there is no mount requirement \"FLE\"",
            "did you mean `FILE`?",
        ),
        (
            r#"[{"key": "k", "mount_requirement": "disk"}]"#,
            "\"disk\"",
            "there is no mount requirement \"disk\"",
            "write ANY, ENV_VAR or FILE",
        ),
        (
            r#"[{"key": "k", "mount_requirement": 1}]"#,
            "1",
            "`mount_requirement` is ANY, ENV_VAR or FILE, not a number",
            "write FILE",
        ),
        (
            r#"[{"key": "k", "env_var": "DB-PASSWORD"}]"#,
            "\"DB-PASSWORD\"",
            "`env_var` holds `-`, but its form is `^[A-Z_][A-Z0-9_]*$`",
            "did you mean `DB_PASSWORD`? (use upper-case letters, digits and underscores, such as \"DB_PASSWORD\")",
        ),
        (
            r#"[{"id": "db", "type": "local"}]"#,
            r#"{"id": "db", "type": "local"}"#,
            "this is a source, not a request",
            "a source goes into `sources`; a request is a group and a key: Secret(group = \"db\", key = \"password\")",
        ),
        (
            r#"[{"key": "k", "env_var": "Y", "env_var": "X"}]"#,
            "\"env_var\"",
            "the field `env_var` is given twice",
            "remove one of the two",
        ),
    ] {
        let (_, said) = diagnostics(json, read_requests);
        assert_eq!(said, [(at.to_owned(), message.to_owned(), help.to_owned())], "{json}");
    }
    let (_, said) = diagnostics(
        r#"[{"key": "k", "env_var": "X"}, {"key": "l", "env_var": "X"}]"#,
        read_requests,
    );
    assert_eq!(
        (said.len(), said[0].0.as_str(), said[0].1.as_str()),
        (1, "\"X\"", "two requests share an `env_var` (`X`)")
    );
}

#[test]
fn a_request_is_displayed_as_plain_text_or_json() {
    for (request, text) in [
        (Request::new("db", "password"), "db/password"),
        (Request::new("kv/prod/db", "password"), "kv/prod/db/password"),
        (Request::new("", "password"), "password"),
        (
            Request::new(ARN, "db-AbCdEf"),
            "arn:aws:secretsmanager:us-west-2:123456789012:secret/db-AbCdEf",
        ),
        (Request::new("db", ""), r#"{"group": "db"}"#),
        (Request::new("a/b", ""), r#"{"group": "a/b"}"#),
        (Request::new("", "k (version 1)"), r#"{"key": "k (version 1)"}"#),
    ] {
        let request = request.unwrap();
        assert_eq!(request.to_string(), text);
        assert!(Request::parse(text).unwrap().same_as(&request), "{text}");
    }
    let error = Request::parse("a/b/..").unwrap_err();
    assert_eq!((error.range(), error.is_name()), (4..6, true));
    assert!(Request::from_json(r#"{"group": 1}"#).is_err());
    assert!(Request::from_json("[]").is_err());
}

proptest! {
    #[test]
    fn a_displayed_request_parses_back_as_the_same_secret(
        group in "(arn:aws:secretsmanager:us-west-2:123456789012:secret:?)?[a-z/() \"\\\\é]{0,12}",
        key in "[a-z() \"é]{0,12}( \\(version [a-z]\\))?",
        version in proptest::option::of("[a-z() \"]{1,9}"),
        mount in prop_oneof![Just(MountType::ANY), Just(MountType::ENV_VAR), Just(MountType::FILE)],
        env_var in proptest::option::of("[A-RT-Z]{1,9}"),
    ) {
        let view = RequestView {
            group: &group,
            key: &key,
            group_version: version.as_deref(),
            mount_requirement: mount,
            env_var: env_var.as_deref(),
        };
        if let Ok(request) = Request::from_view(view) {
            let text = request.to_string();
            let again = Request::parse(&text).unwrap();
            prop_assert!(again.same_as(&request), "{text}");
            if text.starts_with('{') {
                prop_assert_eq!(again, request, "{}", text);
            }
        }
    }

    #[test]
    fn a_valid_split_joins_to_a_valid_arn(colon in "(:|)", key in "[:a-z/. -]{0,12}") {
        let group = format!("{ARN}{colon}");
        if let Ok(request) = Request::new(&group, &key) {
            let arn = request.joined_arn().unwrap();
            prop_assert_eq!(secrets_spec::check_secret_arn(&arn), None, "{}", arn);
        }
    }
}
