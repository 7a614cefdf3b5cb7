//! Settings that are built in code, over those of the environment and of `secrets.toml`.

use std::{env, ffi::OsStr, fs, path::Path};

use secrets_runtime::{Error, ErrorKind, Resolver, secrets, settings::variables::*};

use crate::child::{cases, child};

pub const CASES: &[(&str, fn())] = cases![
    code_counts_before_variables_and_the_file,
    a_wrong_text_is_told_as_built_in_code,
    a_method_of_the_builder_counts_before_a_setting,
    a_step_does_not_use_the_store_that_a_found_file_names,
];

/// Runs in an environment and a working directory that have other settings.
pub const HELPERS: &[(&str, fn())] =
    &[("build", build), ("build_from_variables", variables_count), ("run_a_step", the_step_fails)];

const FILE: &str = "timeout = 21\naws_region = 'eu-west-1'\nlocal_dir = '/file'\n\
                    [profile.file]\nlocal_key_file = '/file/key'\n\
                    [profile.variable]\nlocal_key_file = '/variable/key'\n\
                    [profile.code]\nlocal_key_file = '/code/key'\n";

fn code_counts_before_variables_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["secrets.toml", "variable.toml", "code.toml"] {
        write(&path(name), FILE);
    }
    for helper in ["build", "build_from_variables"] {
        let mut command = child(helper);
        command.current_dir(folder.path()).env("SECRETS_TIMEOUT", "22");
        command.env("SECRETS_AWS_REGION", "eu-west-2").env("SECRETS_LOCAL_DIR", "/variable");
        command.env("SECRETS_PROFILE", "variable").env("SECRETS_CONFIG", path("variable.toml"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

fn a_step_does_not_use_the_store_that_a_found_file_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    write(&folder.path().join("secrets.toml"), "local_dir = 'store'\nlocal_key_file = 'key.jwk'\n");
    let mut command = child("run_a_step");
    command.current_dir(folder.path()).env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME");
    command.env_remove("SECRETS_LOCAL_DIR").env_remove("SECRETS_LOCAL_KEY_FILE");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[secrets(sources = ["prod"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn the_step_fails() {
    let error = step().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    assert_eq!(error.problems().len(), 2, "{error}");
    for problem in error.problems() {
        assert!(problem.help().is_some_and(|help| help.contains("`secrets trust ")), "{error}");
    }
}

fn build() {
    let config = env::current_dir().unwrap().join("code.toml");
    let resolver = Resolver::builder()
        .setting(&TIMEOUT, "23")
        .setting(&AWS_REGION, "eu-west-3")
        .setting(&LOCAL_DIR, "/code")
        .setting(&PROFILE, "code")
        .setting(&CONFIG, config.as_os_str())
        .build()
        .unwrap();
    assert_eq!(resolver.config_file(), Some(config.as_path()));
    assert_eq!(resolver.backend("local").unwrap().to_string(), "the local store in /code");
    for (name, text, origin) in [
        ("SECRETS_TIMEOUT", "23", "built in code"),
        ("SECRETS_AWS_REGION", "eu-west-3", "built in code"),
        ("SECRETS_LOCAL_DIR", "/code", "built in code"),
        ("SECRETS_PROFILE", "code", "built in code"),
        ("SECRETS_LOCAL_KEY_FILE", "/code/key", "code.toml, line 9, profile code"),
    ] {
        assert_setting(&resolver, name, text, origin);
    }
    assert_eq!(show(&resolver, "SECRETS_CONFIG").0.as_deref(), config.to_str());
}

fn variables_count() {
    let resolver = Resolver::builder().build().unwrap();
    assert_eq!(resolver.config_file().and_then(Path::file_name), Some(OsStr::new("variable.toml")));
    for (name, text, origin) in [
        ("SECRETS_TIMEOUT", "22", "SECRETS_TIMEOUT"),
        ("SECRETS_AWS_REGION", "eu-west-2", "SECRETS_AWS_REGION"),
        ("SECRETS_LOCAL_DIR", "/variable", "SECRETS_LOCAL_DIR"),
        ("SECRETS_LOCAL_KEY_FILE", "/variable/key", "variable.toml, line 7, profile variable"),
    ] {
        assert_setting(&resolver, name, text, origin);
    }
}

fn a_wrong_text_is_told_as_built_in_code() {
    let builder = Resolver::builder()
        .setting(&TIMEOUT, "SeNtInEl")
        .setting(&CACHE_TTL, "-1")
        .setting(&DEFAULT_BACKEND, "locl")
        .setting(&PROFILE, "laptop")
        .setting(&CONFIG, "/no/such/file");
    assert!(!format!("{builder:?}").contains("SeNtInEl"), "a text is shown");
    let error = builder.build().unwrap_err();
    assert!(error.problems().iter().all(|problem| problem.kind() == ErrorKind::InvalidConfig));
    let origins: Vec<_> = error.problems().iter().map(|problem| problem.origin()).collect();
    let wanted = ["CONFIG", "DEFAULT_BACKEND", "CACHE_TTL", "TIMEOUT"];
    assert_eq!(origins, wanted.map(|name| format!("SECRETS_{name} (built in code)")), "{error}");
    assert!(!format!("{error} {error:?}").contains("SeNtInEl"), "a text is shown");
}

fn a_method_of_the_builder_counts_before_a_setting() {
    let resolver = Resolver::builder()
        .default_backend("env")
        .setting(&DEFAULT_BACKEND, "file")
        .setting(&TIMEOUT, "1")
        .setting(&TIMEOUT, "2")
        .build()
        .unwrap();
    assert_eq!(resolver.default_backends().collect::<Vec<_>>(), ["env"]);
    assert_setting(&resolver, "SECRETS_TIMEOUT", "2", "built in code");
}

fn assert_setting(resolver: &Resolver, name: &str, text: &str, origin: &str) {
    let (shown, from) = show(resolver, name);
    assert_eq!(shown.as_deref(), Some(text), "{name}");
    assert!(from.ends_with(origin), "{name}: {from}");
}

/// The text of a setting, and where it comes from.
fn show(resolver: &Resolver, name: &str) -> (Option<String>, String) {
    let setting = resolver.settings().find(|setting| setting.variable().name() == name).unwrap();
    (setting.text().map(str::to_owned), setting.origin().to_owned())
}

/// Writes a file that others may not write, whatever the umask.
fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
