//! Help, completions, the manual, colour, and `doctor`.

use crate::bench::{Bench, Ran};

#[test]
fn help_and_version_are_data() {
    let bench = Bench::new();
    for arguments in [&["--help"][..], &["--version"], &["register", "--help"], &["help", "run"]] {
        let ran = bench.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
        assert!(ran.text().contains("secrets"), "{ran:?}");
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(bench.ok(["completions", shell]).contains("register"), "{shell}");
    }
    assert!(bench.ok(["man"]).contains(".TH secrets 1"));
    assert!(bench.ok(["man", "register"]).contains("from\\-json"));
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let bench = Bench::new();
    let ran = bench.run(["get", "none"]);
    ran.fails(3);
    assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
}

#[test]
fn doctor_says_where_every_setting_comes_from_and_shows_no_credential() {
    let bench = Bench::new();
    let mut command = bench.command(["doctor"]);
    command
        .env("SECRETS_ZENML_PASSWORD", "SeNtInEl")
        .env("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "env,local");
    let ran = Ran::of(command.output().unwrap());
    let text = ran.text();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(text.contains("env,local  (METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE)"), "{text}");
    assert!(text.contains("set, and not shown  (SECRETS_ZENML_PASSWORD)"), "{text}");
    assert!(text.contains("* local: reachable") && text.contains("  file: "), "{text}");
    assert!(!text.contains("SeNtInEl"));
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok(["doctor", "--format=json"])).unwrap();
    assert_eq!(json["settings"][0]["name"], "SECRETS_DEFAULT_BACKEND");
}

#[test]
fn doctor_tells_a_variable_that_is_nearly_a_setting() {
    let bench = Bench::new();
    let mut command = bench.command(["doctor"]);
    command.env("SECRETS_CACHE_TTTL", "5").env("SECRETS_OF_SOMEBODY_ELSE", "x");
    let text = Ran::of(command.output().unwrap()).text().to_owned();
    assert!(
        text.contains("SECRETS_CACHE_TTTL is no setting: did you mean SECRETS_CACHE_TTL?"),
        "{text}"
    );
    assert!(!text.contains("SOMEBODY"), "{text}");
}

#[test]
fn doctor_fails_where_a_default_backend_does_not_answer() {
    let bench = Bench::new();
    let ran = bench.run(["doctor", "--backend", "gcp-secret-manager"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.text().contains("* gcp-secret-manager: not reachable"), "{ran:?}");
}

#[test]
fn doctor_fails_where_nothing_can_be_read() {
    let bench = Bench::new();
    assert!(bench.ok(["doctor"]).contains("* local: reachable"));
    bench.ok(["register", "db", "--a=SeNtInEl"]);
    bench.ok(["doctor"]);
    std::fs::remove_file(bench.path().join("keys/key.jwk")).unwrap();
    let keyless = bench.run(["doctor"]);
    assert_eq!(keyless.code, Some(5), "{keyless:?}");
    assert!(keyless.text().contains("* local: not reachable: the key file"), "{keyless:?}");

    let mut command = bench.command(["doctor", "--backend=file"]);
    let folderless = Ran::of(command.env("SECRETS_FILE_DIR", "/nope").output().unwrap());
    assert_eq!(folderless.code, Some(6), "{folderless:?}");
    let text = folderless.text();
    assert!(text.contains("* file: not reachable: there is no folder /nope"), "{text}");
    assert!(text.contains("file  (--backend)"), "{text}");
}

#[test]
fn doctor_shows_the_folders_that_hold_and_the_settings_that_are_wrong() {
    let bench = Bench::new();
    let mut command = bench.command(["doctor"]);
    command.env_remove("SECRETS_LOCAL_DIR").env("SECRETS_TIMEOUT", "x");
    let ran = Ran::of(command.env("SECRETS_WITH", "SeNtInEl").output().unwrap());
    assert_eq!(ran.code, Some(5), "{ran:?}");
    let text = ran.text();
    let store = bench.path().join(".local/share/secrets/store");
    assert!(text.contains(&format!("  {}\n", store.display())), "{text}");
    assert!(text.contains("x  (SECRETS_TIMEOUT)  WRONG: it is not a number of seconds"), "{text}");
    assert!(text.contains("set, and not shown  (SECRETS_WITH)  WRONG: "), "{text}");
    assert!(text.contains("not asked, since a setting is wrong"), "{text}");
    assert!(!text.contains("SeNtInEl") && ran.stderr.contains("error: SECRETS_TIMEOUT"), "{ran:?}");
}
