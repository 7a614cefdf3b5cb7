//! `doctor`.

use crate::support::{CliOutput, Sandbox};

#[test]
fn doctor_says_where_every_setting_comes_from_and_shows_no_credential() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["doctor"]);
    command
        .env("SECRETS_ZENML_PASSWORD", "SeNtInEl")
        .env("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "env,local");
    let result = CliOutput::new(command.output().unwrap());
    let text = result.text();
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(text.contains("env,local  (METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE)"), "{text}");
    assert!(text.contains("set, not shown  (SECRETS_ZENML_PASSWORD)"), "{text}");
    assert!(text.contains("* local: reachable") && text.contains("  file: "), "{text}");
    assert!(!text.contains("SeNtInEl"));
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.ok(["doctor", "--format=json"])).unwrap();
    assert_eq!(json["settings"][0]["name"], "SECRETS_DEFAULT_BACKEND");
}

#[test]
fn characters_that_a_terminal_acts_on_are_escaped() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["doctor"]);
    command.env("SECRETS_FILE_DIR", "/x\u{1b}[31m").env("SECRETS_TIMEOUT", "y\u{9b}31m");
    let result = CliOutput::new(command.output().unwrap());
    assert_eq!(result.code, Some(5));
    let text = result.text();
    assert!(text.contains("/x\\u{1b}[31m  (") && text.contains("y\\u{9b}31m  ("), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text}");
}

#[test]
fn doctor_names_the_proxies_without_their_passwords() {
    let sandbox = Sandbox::new();
    let doctor = |format: &str| {
        let mut command = sandbox.command(["doctor", format]);
        command.env("HTTPS_PROXY", "http://user:SeNtInEl@proxy.example:3128");
        command.env("no_proxy", "10.0.0.0/8,example.org");
        let result = CliOutput::new(command.output().unwrap());
        assert!(!result.text().contains("SeNtInEl") && !result.stderr.contains("SeNtInEl"));
        result.text()
    };
    let text = doctor("--format=text");
    assert!(text.contains("HTTPS_PROXY  http://proxy.example:3128"), "{text}");
    assert!(text.contains("no_proxy  10.0.0.0/8,example.org"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&doctor("--format=json")).unwrap();
    assert_eq!(json["proxies"][0]["name"], "HTTPS_PROXY");
    assert_eq!(json["proxies"][0]["address"], "http://proxy.example:3128");
    assert!(!sandbox.ok(["doctor"]).contains("proxies"));
}

#[test]
fn doctor_warns_of_a_misspelt_setting() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["doctor"]);
    command.env("SECRETS_CACHE_TTTL", "5").env("SECRETS_OF_SOMEBODY_ELSE", "x");
    let text = CliOutput::new(command.output().unwrap()).text().to_owned();
    assert!(
        text.contains("SECRETS_CACHE_TTTL is not a setting: did you mean SECRETS_CACHE_TTL?"),
        "{text}"
    );
    assert!(!text.contains("SOMEBODY"), "{text}");
}

#[test]
fn doctor_fails_if_a_default_backend_does_not_answer() {
    let sandbox = Sandbox::new();
    let result = sandbox.run(["doctor", "--backend", "gcp-secret-manager"]);
    assert_eq!(result.code, Some(1), "{result:?}");
    assert!(result.text().contains("* gcp-secret-manager: not reachable"), "{result:?}");
}

#[test]
fn doctor_fails_if_nothing_can_be_read() {
    let sandbox = Sandbox::new();
    assert!(sandbox.ok(["doctor"]).contains("* local: reachable"));
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    sandbox.ok(["doctor"]);
    std::fs::remove_file(sandbox.path().join("keys/key.jwk")).unwrap();
    let keyless = sandbox.run(["doctor"]);
    assert_eq!(keyless.code, Some(5), "{keyless:?}");
    assert!(keyless.text().contains("* local: not reachable: the key file"), "{keyless:?}");

    let mut command = sandbox.command(["doctor", "--backend=file"]);
    let folderless = CliOutput::new(command.env("SECRETS_FILE_DIR", "/nope").output().unwrap());
    assert_eq!(folderless.code, Some(6), "{folderless:?}");
    let text = folderless.text();
    assert!(text.contains("* file: not reachable: there is no folder /nope"), "{text}");
    assert!(text.contains("file  (--backend)"), "{text}");
}

#[test]
fn doctor_shows_the_effective_folders_and_the_wrong_settings() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["doctor"]);
    command.env_remove("SECRETS_LOCAL_DIR").env("SECRETS_TIMEOUT", "x");
    let result = CliOutput::new(command.env("SECRETS_WITH", "SeNtInEl").output().unwrap());
    assert_eq!(result.code, Some(5), "{result:?}");
    let text = result.text();
    let store = sandbox.path().join(".local/share/secrets/store");
    assert!(text.contains(&format!("  {}\n", store.display())), "{text}");
    assert!(
        text.contains("x  (SECRETS_TIMEOUT)  WRONG: it is not a number of seconds: `x`"),
        "{text}"
    );
    assert!(text.contains("set, not shown  (SECRETS_WITH)  WRONG: "), "{text}");
    assert!(text.contains("not asked, because a setting is wrong"), "{text}");
    assert!(
        !text.contains("SeNtInEl") && result.stderr.contains("error: SECRETS_TIMEOUT"),
        "{result:?}"
    );
}

#[test]
fn doctor_warns_of_a_store_that_is_lost_with_its_host() {
    let sandbox = Sandbox::new();
    let doctor = |arguments: &[&str], ci: &str| {
        let mut command = sandbox.command(arguments);
        String::from_utf8(command.env("CI", ci).output().unwrap().stdout).unwrap()
    };
    let warning = "the default backend is the local store, and this is a CI job";
    assert!(doctor(&["doctor"], "true").contains(warning));
    assert!(!doctor(&["doctor"], "false").contains(warning));
    assert!(!doctor(&["doctor", "--backend=env"], "true").contains(warning));
    assert!(doctor(&["doctor", "--format=json"], "1").contains("\"warnings\":[\"the default"));
}
