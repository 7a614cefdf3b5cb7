use proptest::prelude::*;
use secrets_spec::{FlawKind, SecretArn, Source, check_secret_arn};

use crate::support::pointed;

const _: () =
    assert!(check_secret_arn("arn:aws:secretsmanager:us-west-2:001234556000:secret:a").is_none());
const _: () = assert!(check_secret_arn("arn:aws:s3:::bucket").is_some());

const GOOD: &str = "arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret";

fn kind(text: &str) -> FlawKind {
    check_secret_arn(text).unwrap_or_else(|| panic!("{text} is an ARN")).kind
}

#[test]
fn every_partition_is_accepted() {
    for (partition, region) in [
        ("aws", "us-west-2"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-iso-b", "us-isob-east-1"),
        ("aws-iso-e", "eu-isoe-west-1"),
        ("aws-iso-f", "us-isof-south-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        let text = format!("arn:{partition}:secretsmanager:{region}:001234556000:secret:db-AbCdEf");
        let arn = SecretArn::parse(&text).unwrap();
        assert_eq!(
            (arn.partition(), arn.region(), arn.account()),
            (partition, region, "001234556000")
        );
        assert_eq!((arn.resource_name(), arn.name()), ("db-AbCdEf", "db"));
        assert_eq!(arn.to_string(), text);
        assert!(Source::parse(&text).unwrap().is_arn());
    }
}

#[test]
fn full_and_partial_arns_differ_in_their_ending() {
    for (name, short, full) in [
        ("db", "db", false),
        ("db-AbCdEf", "db", true),
        ("db-AbCdE", "db-AbCdE", false),
        ("db-AbCdEfg", "db-AbCdEfg", false),
        ("db-AbCd_f", "db-AbCd_f", false),
        ("prod/db-x1-000000", "prod/db-x1", true),
        ("-AbCdEf", "-AbCdEf", false),
        // This is a whole name, but it looks like the end of a full ARN.
        ("db-backup", "db", true),
    ] {
        let text = format!("arn:aws:secretsmanager:us-west-2:001234556000:secret:{name}");
        let arn = SecretArn::parse(&text).unwrap();
        assert_eq!((arn.name(), arn.looks_full()), (short, full), "{name}");
    }
}

#[test]
fn an_error_has_the_range_of_the_invalid_part() {
    for (text, wanted, at) in [
        ("arn:", FlawKind::ArnParts, ""),
        ("arn:aws:secretsmanager:us-west-2:001234556000", FlawKind::ArnParts, ""),
        ("arn:awz:secretsmanager:us-west-2:001234556000:secret:x", FlawKind::ArnPartition, "awz"),
        ("arn:aws-:secretsmanager:us-west-2:001234556000:secret:x", FlawKind::ArnPartition, "aws-"),
        (
            "arn:awscn:secretsmanager:us-west-2:001234556000:secret:x",
            FlawKind::ArnPartition,
            "awscn",
        ),
        (
            "arn:aws--b:secretsmanager:us-west-2:001234556000:secret:x",
            FlawKind::ArnPartition,
            "aws--b",
        ),
        ("arn:AWS:secretsmanager:us-west-2:001234556000:secret:x", FlawKind::ArnPartition, "AWS"),
        (
            "arn:aws-é:secretsmanager:us-west-2:001234556000:secret:x",
            FlawKind::ArnPartition,
            "aws-é",
        ),
        ("arn::secretsmanager:us-west-2:001234556000:secret:x", FlawKind::ArnPartition, ""),
        ("arn:aws:ssm:us-west-2:001234556000:parameter/x", FlawKind::ArnService, "ssm"),
        ("arn:aws:s3:::bucket", FlawKind::ArnService, "s3"),
        (
            "arn:aws:secretsmanager2:us-west-2:001234556000:secret:x",
            FlawKind::ArnService,
            "secretsmanager2",
        ),
        ("arn:aws:secretsmanager::001234556000:secret:x", FlawKind::ArnRegion, ""),
        ("arn:aws:secretsmanager:uswest2:001234556000:secret:x", FlawKind::ArnRegion, "uswest2"),
        ("arn:aws:secretsmanager:us-west:001234556000:secret:x", FlawKind::ArnRegion, "us-west"),
        (
            "arn:aws:secretsmanager:US-WEST-2:001234556000:secret:x",
            FlawKind::ArnRegion,
            "US-WEST-2",
        ),
        ("arn:aws:secretsmanager:us--2:001234556000:secret:x", FlawKind::ArnRegion, "us--2"),
        ("arn:aws:secretsmanager:us-west-:001234556000:secret:x", FlawKind::ArnRegion, "us-west-"),
        ("arn:aws:secretsmanager:us-west-2::secret:x", FlawKind::ArnAccount, ""),
        ("arn:aws:secretsmanager:us-west-2:1:secret:x", FlawKind::ArnAccount, "1"),
        (
            "arn:aws:secretsmanager:us-west-2:0012345560001:secret:x",
            FlawKind::ArnAccount,
            "0012345560001",
        ),
        (
            "arn:aws:secretsmanager:us-west-2:00123455600a:secret:x",
            FlawKind::ArnAccount,
            "00123455600a",
        ),
        (
            "arn:aws:secretsmanager:us-west-2:001234556000:sekret:x",
            FlawKind::ArnResource,
            "sekret:x",
        ),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret", FlawKind::ArnResource, "secret"),
        (
            "arn:aws:secretsmanager:us-west-2:001234556000:secret/x",
            FlawKind::ArnResource,
            "secret/x",
        ),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:", FlawKind::ArnNameEmpty, ""),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:a b", FlawKind::ArnName, " "),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:a:b", FlawKind::ArnName, ":"),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:aé", FlawKind::ArnName, "é"),
        ("arn:aws:secretsmanager:us-west-2:001234556000:secret:a\0", FlawKind::ArnName, "\0"),
    ] {
        assert_eq!(kind(text), wanted, "{text}");
        let error = Source::parse(text).unwrap_err();
        assert_eq!(pointed(&error, text), at, "{text}");
        assert!(error.message().len() > 10 && error.help().is_some());
    }
    // Only a text that starts with `arn:` is treated as an ARN.
    assert_eq!(kind("prod-db"), FlawKind::ArnParts);
}

#[test]
fn a_name_in_an_arn_has_at_most_512_bytes_and_a_suffix() {
    let head = "arn:aws:secretsmanager:us-west-2:001234556000:secret:";
    assert_eq!(check_secret_arn(&format!("{head}{}-AbCdEf", "x".repeat(512))), None);
    let flaw = check_secret_arn(&format!("{head}{}", "x".repeat(520))).unwrap();
    assert_eq!((flaw.kind, flaw.end - flaw.start), (FlawKind::ArnNameLong, 1));
}

#[test]
fn typos_are_corrected_in_the_help() {
    for written in [
        "ARN:aws:secretsmanager:us-west-2:001234556000:secret:some-secret",
        " arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret ",
        "arn:aws:secretsmanager:us–west–2:001234556000:secret:some-secret",
        "arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret\n",
    ] {
        let error = Source::parse(written).unwrap_err();
        let help = error.help().unwrap();
        assert!(help.starts_with(&format!("did you mean `{GOOD}`?")), "{written}: {help}");
    }
}

#[test]
fn an_arn_is_not_split_at_a_dot() {
    // A dot in an ARN does not separate a type from an id.
    let text = "arn:aws:secretsmanager:us-west-2:001234556000:secret:local.x";
    let source = Source::parse(text).unwrap();
    assert_eq!((source.backend(), source.id()), (None, text));
}

proptest! {
    #[test]
    fn parsed_arns_are_displayed_unchanged(
        partition in "aws(-[a-z]{2,4}){0,2}",
        region in "[a-z]{2,4}(-[a-z]{3,9}){1,2}-[1-9]",
        account in "[0-9]{12}",
        name in "[A-Za-z0-9/_+=.@-]{1,64}",
    ) {
        let text = format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}");
        let arn = SecretArn::parse(&text).unwrap();
        prop_assert_eq!(arn.to_string(), text.as_str());
        prop_assert_eq!(SecretArn::parse(&arn.to_string()).unwrap(), arn.clone());
        prop_assert_eq!(arn.partition(), partition);
        prop_assert_eq!(arn.region(), region);
        prop_assert_eq!(arn.account(), account);
        prop_assert_eq!(arn.resource_name(), name);
        prop_assert!(arn.resource_name().starts_with(arn.name()));
    }
}

#[test]
fn what_ecs_adds_is_said() {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds-AbCdEf";
    for suffix in [":password::", ":password:AWSCURRENT:", "::AWSPREVIOUS:", ":::v1"] {
        let error = SecretArn::parse(&format!("{arn}{suffix}")).unwrap_err();
        assert!(error.message().contains("as ECS writes it"), "{error}");
        assert!(error.message().ends_with(&format!("\"{suffix}\"")), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("version_stage")), "{error}");
    }
}
