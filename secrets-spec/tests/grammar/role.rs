use proptest::prelude::*;
use secrets_spec::{FlawKind, RoleArn, SourceRole, check_role, check_role_arn};

use crate::support::pointed;

const _: () = assert!(check_role_arn("arn:aws:iam::123456789012:role/SecretsAccess").is_none());
const _: () = assert!(check_role("").is_none());
const _: () = assert!(check_role("SecretsAccess").is_some());

#[test]
fn roles_of_every_partition_are_accepted_with_and_without_a_path() {
    for good in [
        "arn:aws:iam::123456789012:role/SecretsAccess",
        "arn:aws-cn:iam::123456789012:role/a/b/c",
        "arn:aws-us-gov:iam::123456789012:role/service-role/x+=,.@-_1",
        "arn:aws:iam::123456789012:role/a!path/with#marks/name",
    ] {
        let role = RoleArn::parse(good).unwrap();
        assert_eq!((role.as_str(), role.to_string()), (good, good.to_owned()));
    }
}

#[test]
fn an_error_has_the_range_of_the_invalid_part() {
    for (text, wanted, at) in [
        ("SecretsAccess", FlawKind::RoleArn, "SecretsAccess"),
        ("", FlawKind::RoleArn, ""),
        ("123456789012", FlawKind::RoleArn, "123456789012"),
        ("source-level-role", FlawKind::RoleArn, "source-level-role"),
        ("ARN:aws:iam::123456789012:role/x", FlawKind::RoleArn, "ARN"),
        ("arn:aws:iam::123456789012", FlawKind::RoleArn, ""),
        ("arn:gcp:iam::123456789012:role/x", FlawKind::ArnPartition, "gcp"),
        ("arn:aws:sts::123456789012:assumed-role/x/s", FlawKind::RoleService, "sts"),
        (
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:x",
            FlawKind::RoleService,
            "secretsmanager",
        ),
        ("arn:aws:iam:us-west-2:123456789012:role/x", FlawKind::RoleRegion, "us-west-2"),
        ("arn:aws:iam::12345678901:role/x", FlawKind::RoleAccount, "12345678901"),
        ("arn:aws:iam::aws:role/x", FlawKind::RoleAccount, "aws"),
        ("arn:aws:iam::123456789012:user/x", FlawKind::RoleResource, "user/x"),
        ("arn:aws:iam::123456789012:role:x", FlawKind::RoleResource, "role:x"),
        ("arn:aws:iam::123456789012:role/", FlawKind::RoleName, ""),
        ("arn:aws:iam::123456789012:role/a/", FlawKind::RoleName, "a/"),
        ("arn:aws:iam::123456789012:role/a b", FlawKind::RoleName, " "),
        ("arn:aws:iam::123456789012:role/a!b", FlawKind::RoleName, "!"),
        ("arn:aws:iam::123456789012:role/pa th/x", FlawKind::RoleName, " "),
        ("arn:aws:iam::123456789012:role/é", FlawKind::RoleName, "é"),
        ("arn:aws:iam::123456789012:role/*", FlawKind::RoleName, "*"),
        ("arn:aws:iam::123456789012:role/team*/x", FlawKind::RoleName, "*"),
        ("arn:aws:iam::123456789012:role/team?/x", FlawKind::RoleName, "?"),
    ] {
        assert_eq!(check_role_arn(text).unwrap().kind, wanted, "{text}");
        let error = RoleArn::parse(text).unwrap_err();
        assert_eq!(pointed(&error, text), at, "{text}");
    }
}

#[test]
fn a_name_has_at_most_64_characters_and_a_path_512() {
    let head = "arn:aws:iam::123456789012:role/";
    assert_eq!(check_role_arn(&format!("{head}{}", "x".repeat(64))), None);
    let flaw = check_role_arn(&format!("{head}{}", "x".repeat(65))).unwrap();
    assert_eq!((flaw.kind, flaw.end - flaw.start), (FlawKind::RoleNameLong, 1));
    assert_eq!(check_role_arn(&format!("{head}{}/x", "p".repeat(510))), None);
    assert!(check_role_arn(&format!("{head}{}/x", "p".repeat(511))).is_some());
}

#[test]
fn the_help_is_about_roles() {
    let error = RoleArn::parse("ARN:aws:iam::123456789012:role/x").unwrap_err();
    let help = error.help().unwrap();
    assert!(help.starts_with("did you mean `arn:aws:iam::123456789012:role/x`?"), "{help}");
    let error = RoleArn::parse("ARN:x").unwrap_err();
    assert!(error.help().unwrap().contains("role/NAME"), "{error}");
    let error = RoleArn::parse("'arn:aws:iam::123456789012:role/x'").unwrap_err();
    assert!(error.help().unwrap().contains("`arn:aws:iam::123456789012:role/x`"), "{error}");
}

#[test]
fn an_empty_role_opts_out() {
    assert_eq!(SourceRole::parse("").unwrap(), SourceRole::OptOut);
    assert_eq!(SourceRole::default(), SourceRole::Inherit);
    let arn = "arn:aws:iam::123456789012:role/x";
    assert_eq!(SourceRole::parse(arn).unwrap().as_str(), Some(arn));
    assert_eq!((SourceRole::OptOut.as_str(), SourceRole::Inherit.as_str()), (Some(""), None));
    assert!(SourceRole::parse(" ").is_err());
}

proptest! {
    #[test]
    fn parsed_roles_are_displayed_unchanged(
        path in "([!-)+-.0->@-~]{1,9}/){0,3}",
        name in "[A-Za-z0-9_+=,.@-]{1,64}",
    ) {
        let text = format!("arn:aws:iam::123456789012:role/{path}{name}");
        prop_assert_eq!(RoleArn::parse(&text).unwrap().to_string(), text);
    }
}
