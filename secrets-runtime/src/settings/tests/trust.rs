//! What a `secrets.toml` that is merely found may not decide.

use super::*;
use crate::settings::{folders::Folders, trust::trusted_config::TrustedConfig};

const URL: &str = "zenml_url = 'http://SeNtInEl.example'";
const INLINE: &str =
    "[sources.db]\ntype = 'inline'\nid = 'x'\noptions = { env_vars = { host = 'SeNtInEl' } }";
const EXEC: &str = "[backends.op]\nexec = ['/usr/bin/op', 'read', '{id}']";
const WITH: &str = r#"with = 'secrets:sources=[{"id": "x", "type": "inline", "options": {"env_vars": {"A": "SeNtInEl"}}}]'"#;

impl Place {
    /// A place with a configuration folder of its own.
    fn with_config(self) -> Self {
        let folder = self.path("config");
        self.with("XDG_CONFIG_HOME", folder)
    }

    fn folders(&self) -> Folders {
        let folder = self.path("config");
        Folders::of(&|name| (name == "XDG_CONFIG_HOME").then(|| folder.clone().into()))
    }

    fn trust(&self) -> TrustedConfig {
        TrustedConfig::trust_in(&self.folders(), Some(&self.path(""))).expect("it is trusted")
    }

    /// Checks that the only problem is that this key needs trust.
    #[track_caller]
    fn needs_trust(&self, key: &str) {
        let problems = self.bad();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].starts_with(&format!("secrets.toml: {key}: ")), "{}", problems[0]);
        let command = format!("secrets trust {}", self.path("secrets.toml").display());
        assert!(problems[0].contains(&command), "{}", problems[0]);
    }
}

#[test]
fn a_found_file_decides_no_address_store_key_and_value() {
    for (text, key) in [
        (URL, "zenml_url"),
        ("vault_namespace = 'team-a'", "vault_namespace"),
        ("vault_auth = 'jwt'", "vault_auth"),
        ("vault_auth_mount = 'cluster-a'", "vault_auth_mount"),
        ("vault_role = 'app'", "vault_role"),
        ("local_dir = 'store'", "local_dir"),
        ("local_key_file = 'key.jwk'", "local_key_file"),
        (INLINE, "sources.db"),
        (EXEC, "backends.op"),
        (WITH, "with"),
    ] {
        let place = Place::new().with("HOME", "/srv/me").file(text).with_config();
        place.needs_trust(key);
        // The one who names a file vouches for it.
        let named = place.path("secrets.toml");
        let place = place.with("SECRETS_CONFIG", named);
        place.good();
        // So does the user who trusts it, until it changes.
        let place = place.without("SECRETS_CONFIG");
        assert_eq!(place.trust().decides(), [key]);
        place.good();
        let place = place.file(&format!("{text}\n# another text"));
        place.needs_trust(key);
        place.trust();
        place.good();
        let forget = || TrustedConfig::forget_in(&place.folders(), Some(&place.path(""))).unwrap();
        assert!(forget().is_some());
        assert!(forget().is_none(), "it was forgotten already");
        place.needs_trust(key);
    }
}

#[test]
fn profiles_need_trust_where_they_are_chosen() {
    let inline = INLINE.replace("[sources", "[profile.a.sources");
    let text = format!("[profile.a]\n{URL}\n{inline}\n[profile.b]");
    let place = Place::new().file(&text).with_config();
    place.good();
    let place = place.with("SECRETS_PROFILE", "b");
    place.good();
    let place = place.with("SECRETS_PROFILE", "a");
    let problems = place.bad();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("secrets.toml: profile.a.sources.db: "), "{problems:#?}");
    assert!(problems[1].starts_with("secrets.toml: profile.a.zenml_url: "), "{problems:#?}");
    assert_eq!(place.trust().decides(), ["profile.a.sources.db", "profile.a.zenml_url"]);
    place.good();
}

#[test]
fn what_another_place_sets_needs_no_trust_in_the_file() {
    let text = format!("{URL}\nlocal_dir = 'store'\nlocal_key_file = 'key.jwk'\n{WITH}");
    let mut place = Place::new()
        .file(&text)
        .with_config()
        .with("SECRETS_ZENML_URL", "https://host")
        .with("SECRETS_LOCAL_DIR", "/p/store")
        .with("SECRETS_LOCAL_KEY_FILE", "/p/key")
        .with("SECRETS_WITH", "secrets:sources=['db']".replace('\'', "\""));
    assert_eq!(show(&place.good(), &variables::ZENML_URL), "https://host");
    place = place.without("SECRETS_ZENML_URL");
    place.needs_trust("zenml_url");
    place.built.set(&variables::ZENML_URL, "https://host");
    place.good();
    place.built.set(&variables::ZENML_URL, "");
    place.good();
}

#[test]
fn other_settings_need_no_trust() {
    let text = "default_backend = 'env'\ntimeout = 3\nwith = 'secrets:sources=[\"db\"]'\n\
                [sources.db]\ntype = 'env'\nid = 'DB'";
    Place::new().file(text).with_config().good();
}

#[test]
fn several_files_are_trusted_side_by_side() {
    let (one, other) = (Place::new().file(URL).with_config(), Place::new().file(URL));
    one.trust();
    TrustedConfig::trust_in(&one.folders(), Some(&other.path("secrets.toml")))
        .expect("it is trusted");
    let other = other.with("XDG_CONFIG_HOME", one.path("config"));
    one.good();
    other.good();
    // The other text at this path, and this text at the other path, are not trusted.
    fs::rename(one.path("secrets.toml"), one.path("moved.toml")).expect("it is moved");
    fs::create_dir(one.path("sub")).expect("a folder");
    fs::rename(one.path("moved.toml"), one.path("sub/secrets.toml")).expect("it is moved");
    let problems = LoadedSettings::of(
        &CodeSettings::default(),
        &|name| (name == "XDG_CONFIG_HOME").then(|| one.path("config").into()),
        Some(&one.path("sub")),
    );
    assert!(problems.into_result().is_err());
}

#[test]
fn a_file_with_mistakes_or_none_is_not_trusted() {
    let place = Place::new().with_config();
    let trust = |place: &Place| TrustedConfig::trust_in(&place.folders(), Some(&place.path("")));
    assert_eq!(trust(&place).unwrap_err().kind(), ErrorKind::InvalidConfig);
    let place = place.file("zenml_url = SeNtInEl");
    let error = trust(&place).unwrap_err();
    assert!(!error.to_string().contains("SeNtInEl"), "{error}");
    assert!(!place.path("config").exists(), "nothing was written");
}

#[cfg(unix)]
#[test]
fn the_list_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new().file(URL).with_config();
    place.trust();
    let list = place.path("config/secrets/trusted.json");
    let mode = |path: &PathBuf| fs::metadata(path).expect("it is there").permissions().mode();
    assert_eq!(mode(&list) & 0o777, 0o600);
    assert_eq!(mode(&place.path("config/secrets")) & 0o777, 0o700);
    place.good();
    fs::set_permissions(&list, fs::Permissions::from_mode(0o666)).expect("rights");
    place.needs_trust("zenml_url");
    let error = TrustedConfig::trust_in(&place.folders(), Some(&place.path(""))).unwrap_err();
    assert!(error.to_string().contains("everybody may write"), "{error}");
    fs::set_permissions(&list, fs::Permissions::from_mode(0o600)).expect("rights");
    fs::write(&list, "no JSON").expect("it is written");
    place.needs_trust("zenml_url");
}
