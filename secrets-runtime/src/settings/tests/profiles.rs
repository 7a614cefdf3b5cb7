//! `secrets.toml`: the profiles.

use secrets_spec::SourcePatch;

use super::*;

#[test]
fn a_profile_overrides_the_rest() {
    let text = "
        default_backend = 'aws-secrets-manager'
        aws_role = 'arn:aws:iam::123456789012:role/R'
        timeout = 10
        [sources.db]
        type = 'aws-secrets-manager'
        id = 'prod/db'
        [sources.api]
        id = 'prod/api'
        [profile.laptop]
        default_backend = 'local'
        aws_role = ''
        [profile.laptop.sources.db]
        type = 'local'
        [profile.ci]
        default_backend = 'env'
    ";
    let place = Place::new().file(text);
    let plain = place.good();
    assert_eq!(show(&plain, &variables::DEFAULT_BACKEND), "aws-secrets-manager");
    assert_eq!(plain.mapped("db").and_then(SourcePatch::id), Some("prod/db"));

    let place = place.with("SECRETS_PROFILE", "laptop");
    let laptop = place.good();
    assert_eq!(show(&laptop, &variables::DEFAULT_BACKEND), "local");
    assert!(laptop.aws.role.is_none(), "an empty text lifts what the rest says");
    assert_eq!(laptop.timeout(), Duration::from_secs(10));
    let db = laptop.mapped("db").expect("it is mapped");
    assert_eq!((db.backend(), db.id()), (Some(&BuiltIn::Local.into()), None));
    assert_eq!(laptop.mapped("api").and_then(SourcePatch::id), Some("prod/api"));
    match origin(&laptop, &variables::DEFAULT_BACKEND) {
        SettingOrigin::File { key, profile, line, .. } => {
            assert_eq!(
                (key.as_str(), profile.as_deref()),
                ("profile.laptop.default_backend", Some("laptop"))
            );
            assert_eq!(*line, 11);
        }
        other => panic!("{other:?}"),
    }

    let own = place.with("SECRETS_DEFAULT_BACKEND", "file").good();
    assert_eq!(show(&own, &variables::DEFAULT_BACKEND), "file");
}

#[test]
fn a_profile_that_does_not_exist_is_a_problem() {
    let cases = [
        ("[profile.laptop]", "did you mean `laptop`?"),
        ("[profile.production]", "its profiles are production"),
        ("timeout = 3", "write [profile.latop] into it"),
    ];
    for (text, help) in cases {
        let problems = Place::new().file(text).with("SECRETS_PROFILE", "latop").bad();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("SECRETS_PROFILE: there is no profile \"latop\""),
            "{problems:?}"
        );
        assert!(problems[0].ends_with(help), "{problems:?}");
    }
    let without = Place::new().with("SECRETS_PROFILE", "latop");
    assert!(without.bad()[0].starts_with("SECRETS_PROFILE: there is no secrets.toml from "));
    assert!(without.without("SECRETS_PROFILE").settings().is_ok());
    let mut built =
        Place::new().file("[profile.a]\ntimeout = 1\n[profile.b]").with("SECRETS_PROFILE", "b");
    built.built.set(&variables::PROFILE, "a");
    assert_eq!(built.good().timeout(), Duration::from_secs(1));
    built.built.set(&variables::PROFILE, "c");
    assert!(
        built.bad()[0].starts_with("SECRETS_PROFILE (built in code): there is no profile \"c\"")
    );
}
