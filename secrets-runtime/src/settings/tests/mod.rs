//! Long because: each setting has a line in each of two tables, which must not drift apart.

mod exec;
mod files;
mod profiles;
mod trust;

use std::{ffi::OsString, fs, path::PathBuf};

use secrets_spec::{RoleArn, Source};

use super::*;
use crate::{
    core::{
        credential::Credential,
        error::{Error, ErrorKind, Problem},
        secret_value::SecretValue,
    },
    settings::{
        load::LoadedSettings, precedence::CodeSettings, raw_value::SettingOrigin, setting::Setting,
        variables::Variable,
    },
};

/// An environment, and a working directory with a `.git`, so that no other `secrets.toml` of the machine is
/// found.
struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(String, OsString)>,
    built: CodeSettings,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(".git")).expect("a folder");
        Self { folder, environment: Vec::new(), built: CodeSettings::default() }
    }

    fn with(mut self, name: &str, text: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), text.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self
    }

    fn file(self, text: &str) -> Self {
        write(self.path("secrets.toml"), text);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("its path").join(name)
    }

    fn settings(&self) -> Result<Settings, Error> {
        let environment = |name: &str| {
            let given = self.environment.iter().rev().find(|(other, _)| other == name);
            given.map(|(_, text)| text.clone())
        };
        LoadedSettings::of(&self.built, &environment, Some(&self.path(""))).into_result()
    }

    fn good(&self) -> Settings {
        self.settings().expect("good settings")
    }

    /// Returns the problems, as `origin: message; help`.
    fn bad(&self) -> Vec<String> {
        let error = self.settings().expect_err("bad settings");
        assert!(!format!("{error} {error:?}").contains("SeNtInEl"), "a value is shown");
        let problem = |p: &Problem| {
            assert_eq!(p.kind(), ErrorKind::InvalidConfig, "{error}");
            format!("{}: {}; {}", p.origin(), p.message(), p.help().unwrap_or("NO HELP"))
        };
        error.problems().iter().map(problem).collect()
    }
}

/// Writes a file that others may not write, whatever the umask.
fn write(path: PathBuf, text: impl AsRef<[u8]>) {
    fs::write(&path, text).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("rights");
    }
}

/// Returns the origin of a setting.
fn origin<'a>(settings: &'a Settings, variable: &Variable) -> &'a SettingOrigin {
    let shown = settings.shown().iter().find(|shown| shown.variable == variable);
    &shown.expect("every variable is there").origin
}

/// Returns the value of a setting as a text.
fn show(settings: &Settings, variable: &Variable) -> String {
    let path = |path: PathBuf| path.display().to_string();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let seconds = |duration: Duration| duration.as_secs().to_string();
    let secret = |value: Option<&SecretValue>| {
        value.map(|v| v.expose_str().expect("a text").to_owned()).unwrap_or_default()
    };
    let files = |p: &Option<PathBuf>| p.clone().map(path).unwrap_or_default();
    match variable.name() {
        "SECRETS_DEFAULT_BACKEND" => settings
            .default_backends()
            .iter()
            .map(BackendType::as_str)
            .collect::<Vec<_>>()
            .join(","),
        "SECRETS_DEFAULT_ROLE" => text(settings.default_role().as_str()),
        "SECRETS_AWS_ROLE" => text(settings.aws.role.as_ref().map(RoleArn::as_str)),
        "SECRETS_AWS_REGION" => text(settings.aws.region.as_deref()),
        "SECRETS_AWS_EXTERNAL_ID" => text(settings.aws.external_id.as_deref()),
        "SECRETS_AWS_SESSION_NAME" => text(settings.aws.session_name.as_deref()),
        "SECRETS_AWS_CREDENTIALS_FROM" => {
            settings.aws.credentials_from.as_ref().map(Source::to_string).unwrap_or_default()
        }
        "SECRETS_AWS_TRANSPORT" => settings.aws.transport.as_str().to_owned(),
        "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" => {
            settings.aws.agent_port.map(|port| port.to_string()).unwrap_or_default()
        }
        "AWS_TOKEN" => secret(settings.aws.agent_token.as_ref().map(Credential::value)),
        "SECRETS_VALIDATION_LEVEL" => settings.validation_level().to_string(),
        "SECRETS_WITH" => {
            let source = settings.with().and_then(|with| with.sources().first());
            source.map(|s| format!("secrets:sources=[\"{s}\"]")).unwrap_or_default()
        }
        "SECRETS_SOURCES" => {
            let source = settings.all_mapped().next();
            source.map(|(name, _)| format!("{{\"{name}\":\"b\"}}")).unwrap_or_default()
        }
        "SECRETS_CONFIG" | "SECRETS_PROFILE" => String::new(),
        "SECRETS_LOCAL_DIR" => path(settings.local.dir.clone().expect("a home")),
        "SECRETS_LOCAL_KEY_FILE" => path(settings.local.key_file.clone().expect("a home")),
        "SECRETS_FILE_DIR" => path(settings.file.dir.clone()),
        "SECRETS_RUN_DIR" => settings.run_dir().map(|p| path(p.into())).unwrap_or_default(),
        #[cfg(feature = "guard")]
        "SECRETS_GUARD" => settings.guard.to_string(),
        "SECRETS_AUDIT" => files(&settings.audit.file),
        "SECRETS_AUDIT_REQUIRED" => settings.audit.is_required.to_string(),
        "SECRETS_CACHE_TTL" => seconds(settings.cache_ttl()),
        "SECRETS_CACHE_STALE" => seconds(settings.cache_stale()),
        "SECRETS_TIMEOUT" => seconds(settings.timeout()),
        "SECRETS_ATTEMPT_TIMEOUT" => seconds(settings.attempt_timeout()),
        "SECRETS_ZENML_URL" => secret(settings.zenml.url.as_ref()),
        "SECRETS_ZENML_USERNAME" => text(settings.zenml.username.as_deref()),
        "SECRETS_ZENML_PASSWORD" => secret(settings.zenml.password.as_ref().map(Credential::value)),
        "SECRETS_VAULT_ADDR" => secret(settings.vault.addresses.as_ref()),
        "SECRETS_VAULT_NAMESPACE" => text(settings.vault.namespace.as_deref()),
        "SECRETS_VAULT_AUTH" => text(settings.vault.auth.map(|auth| auth.as_str())),
        "SECRETS_VAULT_AUTH_MOUNT" => text(settings.vault.auth_mount.as_deref()),
        "SECRETS_VAULT_ROLE" => text(settings.vault.role.as_deref()),
        "SECRETS_VAULT_CACERT" => files(&settings.vault.cacert),
        "SECRETS_VAULT_JWT_FILE" => files(&settings.vault.jwt_file),
        "BAO_TOKEN" => secret(settings.vault.token.as_ref().map(Credential::value)),
        "SECRETS_VAULT_ROLE_ID" => secret(settings.vault.role_id.as_ref().map(Credential::value)),
        "SECRETS_VAULT_SECRET_ID" => {
            secret(settings.vault.secret_id.as_ref().map(Credential::value))
        }
        "SECRETS_VAULT_SECRET_ID_FILE" => files(&settings.vault.secret_id_file),
        "SECRETS_VAULT_SECRET_ID_WRAPPING_PATH" => text(settings.vault.wrapping_path.as_deref()),
        "VAULT_SKIP_VERIFY" => text(settings.vault.skip_verify.as_deref()),
        "SECRETS_KUBERNETES_URL" => secret(settings.kubernetes.url.as_ref()),
        "SECRETS_KUBERNETES_DIR" => files(&settings.kubernetes.dir),
        "KUBERNETES_SERVICE_HOST" => text(settings.kubernetes.host.as_deref()),
        "KUBERNETES_SERVICE_PORT" => text(settings.kubernetes.port.as_deref()),
        "PREFECT_API_URL" => secret(settings.prefect.api_url.as_ref()),
        "PREFECT_API_KEY" => secret(settings.prefect.api_key.as_ref().map(Credential::value)),
        "PREFECT__USER_CONFIG_PATH" => text(settings.prefect.config_path.as_deref()),
        "PREFECT__BACKEND" => text(settings.prefect.backend.as_deref()),
        "PREFECT__CLOUD__USE_LOCAL_SECRETS" => text(settings.prefect.use_local_secrets.as_deref()),
        "PREFECT__CLOUD__API" => secret(settings.prefect.cloud_api.as_ref()),
        "PREFECT__CLOUD__API_KEY" => {
            secret(settings.prefect.cloud_key.as_ref().map(Credential::value))
        }
        "PREFECT__CLOUD__TENANT_ID" => text(settings.prefect.cloud_tenant.as_deref()),
        "FLYTE_SECRETS_ENV_PREFIX" => settings.flyte.env_prefix.clone(),
        "FLYTE_SECRETS_DEFAULT_DIR" => path(settings.flyte.dir.clone()),
        "FLYTE_SECRETS_FILE_PREFIX" => settings.flyte.file_prefix.clone(),
        other => panic!("{other} is in no test"),
    }
}

/// Returns the default and four valid texts.
fn texts(variable: &Variable) -> (&'static str, [String; 4]) {
    let numbered = |form: &str| [1, 2, 3, 4].map(|n| form.replace('#', &n.to_string()));
    match variable.name() {
        "SECRETS_DEFAULT_BACKEND" => {
            ("local", ["env,file", "inline", "flyte,local", "zenml"].map(String::from))
        }
        "SECRETS_DEFAULT_ROLE" | "SECRETS_AWS_ROLE" => {
            ("", numbered("arn:aws:iam::12345678901#:role/R"))
        }
        "SECRETS_AWS_REGION" => ("", numbered("eu-west-#")),
        "SECRETS_AWS_CREDENTIALS_FROM" => ("", numbered("prefect.AWS_#")),
        "SECRETS_AWS_TRANSPORT" => ("sdk", ["agent"; 4].map(String::from)),
        "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" => ("", numbered("277#")),
        "SECRETS_VALIDATION_LEVEL" => (
            "SECRET_AND_KEY_EXISTS",
            ["NONE", "SECRET_EXISTS", "SECRET_AND_KEY_EXISTS", "NONE"].map(String::from),
        ),
        "SECRETS_WITH" => ("", numbered("secrets:sources=[\"a#\"]")),
        "SECRETS_SOURCES" => ("", numbered("{\"a#\":\"b\"}")),
        "SECRETS_LOCAL_DIR" => ("/srv/me/.local/share/secrets/store", numbered("/p/#")),
        "SECRETS_LOCAL_KEY_FILE" => ("/srv/me/.config/secrets/key.jwk", numbered("/p/#")),
        "SECRETS_FILE_DIR" => ("/run/secrets", numbered("/p/#")),
        "SECRETS_RUN_DIR" | "SECRETS_AUDIT" | "SECRETS_KUBERNETES_DIR" => ("", numbered("/p/#")),
        "SECRETS_GUARD" => ("off", ["warn", "deny", "errors", "warn"].map(String::from)),
        "SECRETS_AUDIT_REQUIRED" => ("false", ["true"; 4].map(String::from)),
        "SECRETS_CACHE_TTL" => ("300", numbered("1#")),
        "SECRETS_CACHE_STALE" => ("3600", numbered("1#")),
        "SECRETS_TIMEOUT" => ("30", numbered("1#")),
        "SECRETS_ATTEMPT_TIMEOUT" => ("5", numbered("1#")),
        "SECRETS_ZENML_URL" | "SECRETS_VAULT_ADDR" => ("", numbered("https://host#")),
        "SECRETS_VAULT_AUTH" => ("", ["token", "approle", "kubernetes", "jwt"].map(String::from)),
        "SECRETS_VAULT_CACERT" | "SECRETS_VAULT_JWT_FILE" | "SECRETS_VAULT_SECRET_ID_FILE" => {
            ("", numbered("/p/#"))
        }
        "FLYTE_SECRETS_ENV_PREFIX" => ("_FSEC_", numbered("P#_")),
        "FLYTE_SECRETS_DEFAULT_DIR" => ("/etc/secrets", numbered("/p/#")),
        _ => ("", numbered("some#")),
    }
}

/// For each variable: without any, the default is in effect. Then each place wins over the places before it,
/// and an empty variable changes nothing.
#[test]
fn precedence_of_every_setting() {
    for variable in variables::ALL {
        let is_guard = variable.name() == "SECRETS_GUARD";
        if matches!(variable.name(), "SECRETS_CONFIG" | "SECRETS_PROFILE")
            || is_guard && !cfg!(feature = "guard")
        {
            continue;
        }
        let (default, [mirrored, file, own, code]) = texts(variable);
        let check = |place: &Place, wanted: &str, is_right: &dyn Fn(&SettingOrigin) -> bool| {
            let settings = place.good();
            assert_eq!(show(&settings, variable), wanted, "{}", variable.name());
            let found = origin(&settings, variable);
            assert!(is_right(found), "{}: {found:?}", variable.name());
        };
        let mut place = Place::new().with("HOME", "/srv/me");
        check(&place, default, &|origin| *origin == SettingOrigin::Default);

        let name = if variable.is_own() {
            variable.mirrored().first().copied()
        } else {
            Some(variable.name())
        };
        if let Some(name) = name {
            place = place.with(name, "");
            check(&place, default, &|origin| *origin == SettingOrigin::Default);
            place = place.with(name, &mirrored);
            check(&place, &mirrored, &|origin| *origin == SettingOrigin::Variable(name));
        }
        if let Some(key) = variable.key() {
            let before = show(&place.good(), variable);
            place = place.file(&format!("{key} = ''"));
            // One that is merely found may not set everything.
            let path = place.path("secrets.toml");
            place = place.with("SECRETS_CONFIG", path);
            assert_eq!(show(&place.good(), variable), before, "an empty {key} counts");
            place = place.file(&format!("# a comment\n{key} = '{file}'\n"));
            check(&place, &file, &|origin| {
                matches!(origin, SettingOrigin::File { line: 2, profile: None, .. })
            });
        }
        if variable.is_own() {
            let name = variable.name();
            let before = show(&place.good(), variable);
            place = place.with(name, "");
            assert_eq!(show(&place.good(), variable), before, "an empty {name} counts");
            place = place.with(name, &own);
            check(&place, &own, &|origin| *origin == SettingOrigin::Variable(name));
        }
        place.built.set(variable, &code);
        check(&place, &code, &|origin| *origin == SettingOrigin::Code);
        place.built.set(variable, "");
        check(&place, default, &|origin| *origin == SettingOrigin::Code);
    }
}

#[test]
fn a_setting_that_loses_is_not_read() {
    let mut place = Place::new().with("SECRETS_DEFAULT_ROLE", "nonsense");
    assert_eq!(place.bad().len(), 1);
    place.built.set(&variables::DEFAULT_ROLE, "");
    assert!(*place.good().default_role() == SourceRole::Inherit);
}

#[test]
fn setters_override_the_environment() {
    let role = "arn:aws:iam::123456789012:role/R";
    let mut settings = Place::new().with("SECRETS_DEFAULT_ROLE", role).good();
    settings.set_default_role(SourceRole::Inherit);
    assert_eq!(settings.default_role().as_str(), Some(role));
    settings.set_default_role(SourceRole::OptOut);
    assert_eq!(settings.default_role(), &SourceRole::OptOut);
    settings.set_default_backends(vec![BuiltIn::Env.into(), BuiltIn::File.into()]);
    assert_eq!(show(&settings, &variables::DEFAULT_BACKEND), "env,file");
    for variable in [&variables::DEFAULT_ROLE, &variables::DEFAULT_BACKEND] {
        assert_eq!(origin(&settings, variable), &SettingOrigin::Code);
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_variable() {
    let place = Place::new()
        .with("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "locl")
        .with("SECRETS_DEFAULT_ROLE", "Access")
        .with("SECRETS_AWS_REGION", "Oregon")
        .with("ZENML_SECRET_VALIDATION_LEVEL", "SECRET_EXIST")
        .with("SECRETS_WITH", r#"secrets:sources=[x],sorces=1"#)
        .with("SECRETS_LOCAL_DIR", "~/store")
        .with("SECRETS_CACHE_TTL", "five")
        .with("SECRETS_TIMEOUT", "0")
        .with("SECRETS_AWS_SESSION_NAME", "a b")
        .with("SECRETS_AWS_CREDENTIALS_FROM", "a b")
        .with("SECRETS_PROFILE", "laptop")
        .file("cache_stale = 'soon'\ntimeot = 3\n[profile.lapto]\n");
    let problems = place.bad();
    let starts = [
        "secrets.toml: timeot: there is no setting `timeot` (",
        "SECRETS_PROFILE: there is no profile \"laptop\" in ",
        "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE: this is not a backend type, but nearly one: `locl`; did you mean `local`?",
        "SECRETS_DEFAULT_ROLE: a role is not the ARN of a role: `Access`; write arn:aws:iam::",
        "SECRETS_AWS_REGION: a region is malformed: `Oregon`; ",
        "SECRETS_AWS_SESSION_NAME: it is not a session name: `a b`; ",
        "SECRETS_AWS_CREDENTIALS_FROM: a secret's name holds a character that it cannot have: \" \", in `a b`; ",
        "ZENML_SECRET_VALIDATION_LEVEL: there is no such validation level: `SECRET_EXIST`; did you mean SECRET_EXISTS?",
        "SECRETS_WITH: a text is not quoted: \"x\", in `[x]`, at byte 17; write \"x\"",
        "SECRETS_LOCAL_DIR: it starts with `~`, which is not expanded: `~/store`; write the absolute path",
        "SECRETS_CACHE_TTL: it is not a number of seconds: `five`; write digits",
        "secrets.toml: cache_stale: it is not a number of seconds: `soon` (",
        "SECRETS_TIMEOUT: a time limit of 0 seconds is too short: `0`",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}\n{start}");
    }
    assert!(
        problems[0].ends_with("secrets.toml, line 2); did you mean `timeout`?"),
        "{}",
        problems[0]
    );
    assert!(problems[1].ends_with("did you mean `lapto`?"), "{}", problems[1]);
}

#[cfg(unix)]
#[test]
fn text_that_is_not_utf_8_is_a_problem_unless_it_is_a_path() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(b"/SeNtInEl\xff".to_vec());
    let place =
        Place::new().with("SECRETS_LOCAL_DIR", bytes()).with("SECRETS_ZENML_PASSWORD", bytes());
    let settings = place.good();
    assert_eq!(settings.local.dir.clone().expect("a path"), PathBuf::from(bytes()));
    assert_eq!(
        settings.zenml.password.as_ref().map(|it| it.value().expose_bytes()),
        Some(&b"/SeNtInEl\xff"[..])
    );
    let problems = place.with("SECRETS_AWS_REGION", bytes()).bad();
    assert_eq!(problems, ["SECRETS_AWS_REGION: it is not UTF-8; write it in UTF-8"]);
}

#[test]
fn credentials_are_not_shown() {
    let inline =
        r#"secrets:sources=[{"id":"a","type":"inline","options":{"env_vars":{"A":"SeNtInEl"}}}]"#;
    let settings = Place::new()
        .with("SECRETS_ZENML_PASSWORD", "SeNtInEl")
        .with("SECRETS_ZENML_URL", "https://user:SeNtInEl@host")
        .with("SECRETS_ZENML_USERNAME", "ada")
        .with("SECRETS_WITH", inline)
        .good();
    assert_eq!(show(&settings, &variables::ZENML_PASSWORD), "SeNtInEl");
    assert!(!format!("{settings:?}").contains("SeNtInEl"));
    let shown = |variable: &Variable| {
        let shown = settings.shown().iter().find(|shown| shown.variable == variable);
        shown.expect("every variable is there").clone()
    };
    assert_eq!(settings.shown().len(), variables::ALL.len());
    assert_eq!(shown(&variables::ZENML_USERNAME).text.as_deref(), Some("ada"));
    let json: Vec<_> = settings.shown().iter().map(Setting::of).collect();
    let json = serde_json::to_string(&json).expect("JSON");
    assert!(json.contains(
        r#"{"name":"SECRETS_ZENML_USERNAME","value":"ada","default":"","origin":"SECRETS_ZENML_USERNAME","is_set":true,"problem":null}"#
    ));
    assert!(!json.contains("SeNtInEl"));
    assert_eq!(shown(&variables::ZENML_URL).text.as_deref(), Some("https://host"));
    let elsewhere =
        shown(&variables::ZENML_URL).elsewhere().is_some_and(|url| url.contains("@host"));
    assert!(elsewhere, "the one who writes it down sees the password");
    for variable in [&variables::ZENML_PASSWORD, &variables::WITH] {
        assert_eq!(shown(variable).text, None);
        assert_eq!(shown(variable).origin, SettingOrigin::Variable(variable.name()));
    }
}

#[test]
fn addresses_are_shown_without_their_credentials() {
    for (text, shown) in [
        ("https://a:8200", Some("https://a:8200")),
        ("https://u:SeNtInEl@a:8200/v,http://b", Some("https://a:8200/v, http://b")),
        ("https://a/?token=SeNtInEl", Some("https://a/")),
        ("https://u:SeNt,InEl@a", None),
        ("https://u:1,SeNtInEl@a", None),
        ("SeNtInEl", None),
    ] {
        for variable in [&variables::VAULT_ADDR, &variables::KUBERNETES_URL] {
            let settings = Place::new().with(variable.name(), text).good();
            let found = settings.shown().iter().find(|it| it.variable == variable).cloned();
            assert_eq!(found.expect("it is there").text.as_deref(), shown);
        }
    }
}

#[test]
fn relative_paths_are_those_of_the_working_directory() {
    let place = Place::new().with("SECRETS_LOCAL_DIR", "store");
    assert_eq!(place.good().local.dir.clone().expect("a path"), place.path("store"));
    let gone = LoadedSettings::of(
        &CodeSettings::default(),
        &|name| (name == "SECRETS_RUN_DIR").then(|| "run".into()),
        None,
    );
    assert_eq!(
        gone.into_result().expect_err("there is no directory").problems()[0].origin(),
        "SECRETS_RUN_DIR"
    );
}

#[test]
fn an_audit_log_is_a_path_or_off_and_its_switch_is_1_or_0() {
    assert_eq!(Place::new().with("SECRETS_AUDIT", "off").good().audit.file, None);
    assert_eq!(Place::new().good().audit.file, None);
    let settings = Place::new().with("SECRETS_AUDIT", "audit.log");
    assert_eq!(settings.good().audit.file, Some(settings.path("audit.log")));
    for (text, is_required) in [("1", true), ("true", true), ("0", false), (" false ", false)] {
        let settings = Place::new().with("SECRETS_AUDIT_REQUIRED", text).good();
        assert_eq!(settings.audit.is_required, is_required, "{text}");
    }
    let wrong = Place::new().with("SECRETS_AUDIT_REQUIRED", "yes").bad();
    assert!(wrong[0].contains("it is neither 1 nor 0"), "{wrong:?}");
}

#[test]
fn a_secrets_toml_switches_no_audit_log_off() {
    for text in ["audit = 'off'", "SECRETS_AUDIT = ''", "audit_required = '0'"] {
        for text in [text.to_owned(), format!("[profile.laptop]\n{text}")] {
            let place = Place::new().file(&text).with("SECRETS_AUDIT", "/p/log");
            let found = place.bad();
            let named = place.path("secrets.toml");
            assert_eq!(found, Place::new().file(&text).with("SECRETS_CONFIG", named).bad());
            assert!(found[0].contains("cannot be set here"), "{found:?}");
        }
    }
}

#[test]
fn the_process_has_settings() {
    // Whatever its environment contains, it is read, or the error says why not.
    match Settings::load() {
        Ok(settings) => assert!(!settings.default_backends().is_empty()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidConfig),
    }
}
